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
        "profile",
        "consent",
        "withdraw",
        "erase",
        "narrow",
        "distrust",
        "state",
    ]
    step = st.builds(Step, st.sampled_from(kinds), st.integers(1, LONGEST), st.integers(0, 2))
    return st.lists(step, max_size=LONGEST)


def tell(story: list[Step], hidden: str = "quiet") -> MemoryLog:
    """Turn a story into a log; `hidden` is what stands wherever only the publisher may look."""
    log = MemoryLog()
    for step in story:
        tell_on(log, step, hidden)
    return log


def tell_on(log: MemoryLog, step: Step, hidden: str = "quiet") -> None:
    """Add one event to a log."""
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
        case "state":
            text = {"statement": "statement:open-docket.1", "kind": "letter", "title": {"en": "Free them"}}
            rests = {"about": ["lawyer:harbour-bar-watch.1"], "facts_from": [about, f"e{step.about % 5}"]}
            log.add("statement.issued", {**text, **rests}, "open-docket", tlp=tlp, subject=text["statement"])
        case "profile" | "consent" | "withdraw" | "erase":
            _protect(log, step, tlp)
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
        case "narrow":
            tlp = ("amber", "amber+strict", "red")[step.choice]
            log.add("record.corrected", {"about_event": about, "tlp": tlp}, tlp="red")
        case "distrust":
            since = f"2026-11-05T00:00:{step.about:02}Z"
            data = {"partner": "partner:harbour-bar-watch", "distrust_events_after": since}
            log.add("partner.suspended", data, "stewards", tlp="red")
        case "retract":
            log.retract(about)
        case _:
            log.retract(about, "unsafe", "stewards", about_source="urn:hub:partner:harbour-bar-watch")


def _protect(log: MemoryLog, step: Step, tlp: str) -> None:
    coming = f"e{len(log.events) + 1}"
    match step.kind:
        case "profile":
            consent = {"consent_level": ("C1", "C2", "C5")[step.choice], "scopes": ["media"]}
            log.profile(tlp=tlp, audience=("", "open-docket")[step.about % 2], protection=consent)
        case "consent":
            log.consent(("C1", "C2", "C5")[step.choice])
        case "withdraw":
            # A partner who is suspended can record nothing; what was retracted before it came does nothing.
            is_void = any(
                one.stem.startswith("partner.suspended.")
                or (one.stem.startswith("record.retracted.") and one.data["about_event"] == coming)
                for one in log.events
            )
            is_to_erase = step.choice == 2 and not is_void
            log.withdraw("erase" if is_to_erase else "restrict_to_pseudonym")
        case _:
            log.erase("lawyer:harbour-bar-watch.1")
