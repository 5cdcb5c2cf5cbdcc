"""What is decided is the same one by one, in one batch, all or none, after a restart, and from a copy of the log."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.group_commit import GroupCommit, Job
from events.submission import Checked, Outcome
from tests.archive_fixtures import Archive, sqlite_url

Json = Any
Said = tuple[str, tuple[tuple[str, str], ...]]

SLUGS = ("lanterns-for-counsel", "harbour-bar-watch", "meridian-fund")
ROLES = {slug: ["monitor"] for slug in SLUGS}
LAWYER = f"lawyer:{SLUGS[0]}.1"
STEPS = 70


class Chance:
    """What partners send by chance, so that much of it is refused."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def event(self, number: int) -> tuple[str, str, Json, Json]:
        """Return who says what: slug, type, payload and attributes."""
        slug = self._one(SLUGS)
        made = self._one((self._need, self._offer, self._match, self._match, self._delivery, self._delivery,
                          self._assessment, self._action, self._joining, self._joining, self._leaving))  # fmt: skip
        event_type, data = made(slug)
        tlp = self._one(({}, {}, {"tlp": "red"}))
        minute = self._random.randrange(10)
        time = {"time": f"2026-11-02T09:{minute:02d}:00Z"}
        who = "stewards" if event_type == "claim.assessed" else slug
        return who, event_type, data, {"id": f"n{number}", **tlp, **time}

    def _one(self, among: Sequence[Any]) -> Any:
        return self._random.choice(among)

    def _ref(self, kind: str, most: int) -> str:
        return f"{kind}:{self._one(SLUGS)}.{self._random.randrange(most)}"

    def _need(self, _slug: str) -> tuple[str, Json]:
        state = self._one(("open", "open", "withdrawn", "met"))
        more = {"for": LAWYER, "kinds": ["medical"], "expressed_by": "self"}
        return "need.expressed", {"need": self._ref("need", 2), **more, "state": state}

    def _offer(self, slug: str) -> tuple[str, Json]:
        more = {"capacity": self._one((1, 2, 3)), "state": self._one(("open", "open", "open", "withdrawn"))}
        most = {"max_amount": {"amount": "100.00", "currency": "XTS"}}
        own = {"offer": f"offer:{slug}.{self._random.randrange(2)}", "by": f"partner:{slug}"}
        return "offer.made", {**own, "kinds": ["medical"], **more, **most}

    def _match(self, slug: str) -> tuple[str, Json]:
        said = {"others_informed": self._one((True, True, False)), "quantity": self._one((1, 1, 2))}
        money = {"amount": {"amount": self._one(("40.00", "60.00")), "currency": "XTS"}}
        refs = {
            "support": self._ref("support", 3),
            "need": self._ref("need", 2),
            "offer": self._ref("offer", 2),
        }
        return "support.matched", {**refs, "accepted_by_person": True, **said, **money}

    def _delivery(self, _slug: str) -> tuple[str, Json]:
        harm = {"safety_incident": True} if self._random.random() < 0.3 else {}
        result = self._one(("failed", "partly", "delivered", "stopped_by_person"))
        return "support.delivered", {"support": self._ref("support", 3), "result": result, **harm}

    def _assessment(self, _slug: str) -> tuple[str, Json]:
        about = {"about_event": f"n{self._random.randrange(STEPS)}"}
        source = {"about_source": f"urn:hub:partner:{self._one(SLUGS)}"}
        return "claim.assessed", {**about, **source, "verdict": "corroborates"}

    def _action(self, slug: str) -> tuple[str, Json]:
        more = {"kind": "trial_observation_mission", "lead": f"partner:{slug}", "purpose": "Watch."}
        own = {"action": f"action:{slug}.m", **more, "about": [f"hearing:{slug}.1"]}
        return "action.proposed", {**own, "seats": self._one((1, 2, 3))}

    def _joining(self, slug: str) -> tuple[str, Json]:
        role = self._one(("observer", "observer", "signatory"))
        return "action.joined", {
            "action": f"action:{self._one(SLUGS)}.m",
            "partner": f"partner:{slug}",
            "role": role,
        }

    def _leaving(self, slug: str) -> tuple[str, Json]:
        to = {"hand_over_to": f"partner:{self._one(SLUGS)}"} if self._random.random() < 0.5 else {}
        own = {"action": f"action:{self._one(SLUGS)}.m", "partner": f"partner:{slug}", "role": "observer"}
        return "action.left", {**own, "left": "2026-11-02T09:30:00Z", **to}


def told(outcomes: Sequence[Outcome]) -> list[Said]:
    return [
        (one.status, tuple((problem.pointer, problem.code) for problem in one.problems)) for one in outcomes
    ]


def drafts(archive: Archive, seed: int) -> list[Checked]:
    chance = Chance(seed)
    return [
        archive.check(who, kind, data, **more) for who, kind, data, more in map(chance.event, range(STEPS))
    ]


def opened(folder: Path) -> Archive:
    folder.mkdir()
    return Archive(sqlite_url(folder)).begin(ROLES)


def restored(archive: Archive, old: Path, new: Path) -> Archive:
    """Close an archive and open a copy of what it leaves behind."""
    archive.store.close()
    shutil.copytree(old, new)
    return Archive(sqlite_url(new))


def at_once(archive: Archive, calls: Sequence[tuple[Sequence[Checked], dict[str, bool]]]) -> list[list[Said]]:
    """Have several calls settled in one transaction, as if all had come while another was being written."""
    waiting: list[Job] = []

    def collect(jobs: Sequence[Job]) -> None:
        for one in jobs:
            waiting.append(Job(one.entries, one.atomic, one.dry_run))
            one.outcomes = []

    usual, archive.store._group = archive.store._group, GroupCommit(collect)
    for checked, how in calls:
        archive.intake.record(checked, **how)
    archive.store._group = usual
    archive.store._commit(waiting)
    return [told(one.outcomes or []) for one in waiting]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_decided_does_not_depend_on_how_it_comes(seed: int, tmp_path: Path) -> None:
    single, whole = opened(tmp_path / "single"), opened(tmp_path / "whole")
    events = drafts(single, seed)
    expected = [one for event in events for one in told(single.intake.record([event]))]
    assert {"stored", "refused"} <= {status for status, _ in expected}
    # What is only tried, or falls with its batch, leaves no trace for whoever comes in the same transaction.
    half = STEPS // 2
    tried, fallen, first = at_once(
        whole, [(events, {"dry_run": True}), (events, {"atomic": True}), (events[:half], {})]
    )
    assert tried == expected
    assert {status for status, _ in fallen} == {"refused"}
    assert first == expected[:half]
    whole = restored(whole, tmp_path / "whole", tmp_path / "copy")
    again = told(whole.intake.record(events[half:], atomic=True, dry_run=True))
    assert {status for status, _ in again} == {"refused"}
    rest = [one for event in events[half:] for one in told(whole.intake.record([event], atomic=True))]
    assert rest == expected[half:]
    kept = [event for event, (status, _) in zip(events, expected, strict=True) if status == "stored"]
    assert {one.status for one in single.intake.record(kept, atomic=True)} == {"duplicate"}
    for one in (single, whole):
        one.store.close()
