"""Short random logs: reports with labels, embargoes, hidden fields; amendments; in any order."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.logs import THREAT, MemoryLog

LONGEST = 12
UNTIL = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z")


@dataclass(frozen=True)
class Step:
    """One event: what it does, to which (perhaps not there yet), and with which of its choices."""

    kind: str
    about: int
    choice: int


def stories() -> st.SearchStrategy[list[Step]]:
    """Generate stories of up to twelve steps."""
    kinds = [
        "report",
        "report",
        "embargoed",
        "secret",
        "correct",
        "correct field",
        "retract",
        "unsafe",
        "release",
        "assess",
    ]
    step = st.builds(Step, st.sampled_from(kinds), st.integers(1, LONGEST), st.integers(0, 2))
    return st.lists(step, max_size=LONGEST)


def tell(story: list[Step], hidden: str = "quiet") -> MemoryLog:
    """Turn a story into a log; `hidden` is what stands wherever only the publisher may look."""
    log = MemoryLog()
    for step in story:
        _add(log, step, hidden)
    return log


def _add(log: MemoryLog, step: Step, hidden: str) -> None:
    tlp = ("clear", "green", "amber")[step.choice]
    about = f"e{step.about}"
    data = {
        **THREAT,
        "threat": f"threat:harbour-bar-watch.{step.about}",
        "targets": ["lawyer:harbour-bar-watch.1"],
    }
    private = {**data, "narrative": f"It was {hidden}."}
    match step.kind:
        case "report":
            log.add("threat.reported", private, tlp=tlp, subject=data["threat"])
        case "embargoed":
            log.add("threat.reported", private, tlp=tlp, subject=data["threat"], notbefore=UNTIL[step.choice])
        case "secret":
            log.add("threat.reported", {**data, "title": f"Most {hidden}"}, tlp="red")
        case "release":
            log.release(UNTIL[step.choice])
        case "assess":
            naming = {"about_event": about, "about_source": "urn:hub:partner:harbour-bar-watch"}
            log.add("claim.assessed", {**naming, "verdict": "corroborates"}, "open-docket", tlp=tlp)
        case _:
            _amend(log, step, about, hidden)


def _amend(log: MemoryLog, step: Step, about: str, hidden: str) -> None:
    day = f"2026-10-0{step.about % 9 + 1}"
    changes = (("/occurred", day), ("/place/country", "QN"), ("/title", "New"))
    match step.kind:
        case "correct":
            log.correct(about, changes[step.choice], tlp=("clear", "green", "amber")[step.choice])
        case "correct field":
            log.correct(about, ("/narrative", f"It is {hidden} now."), tlp="red")
        case "retract":
            log.retract(about)
        case _:
            log.retract(about, "unsafe", "stewards", about_source="urn:hub:partner:harbour-bar-watch")
