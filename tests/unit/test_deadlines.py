"""Deadlines: which moments events speak of, who may hear that one has come, and when the word is void."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.audience import PUBLIC, TLP, Label, Reader, visible
from events.decisions.deadlines import words
from events.event import Position, RecordedEvent
from projections.boards.statements.clocks import ReplyClock, ReplyClocks, own_clocks
from projections.deadlines.clock import Clocks
from projections.deadlines.clocks import ClockUnreadable, fingerprint, load_clocks
from projections.deadlines.covering import covers
from projections.deadlines.dues import dues
from projections.deadlines.spans import later, read_span
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import MemoryLog

Json = Any

FIXTURES = Path(__file__).parents[1] / "fixtures"
BAR = "harbour-bar-watch"
NOBODY = frozenset[str]()
LATER = datetime(2027, 6, 1, tzinfo=UTC)
OPEN_DOCKET, QUILL, OWN = (Reader(slug, clearance="amber") for slug in ("open-docket", "quill-network", BAR))


def example(event_type: str, **said: Json) -> Json:
    return {**json.loads((FIXTURES / f"{event_type}.v1.json").read_text())["example"], **said}


class Clockwork:
    """A log with its views, and a timekeeper that says what is due when it is asked to."""

    def __init__(self, registry: Registry, path: Path, extra: Path | None = None) -> None:
        self.log = MemoryLog()
        self.room = ReadingRoom(registry, self.log, path, extra)

    def ring(self, now: datetime = LATER) -> list[Json]:
        """Say what is due at a moment; return it."""
        self.room.catch_up()
        found = [due for page in self.room.deadlines_due(now, 3) for due in page]
        for name, stem, data, more in words(found, lambda text: f"{abs(hash(text)):x}"):
            self.log.add(stem.removesuffix(".v1"), data, "hub", tlp="red", id=name, **more)
        self.room.catch_up()
        return found

    def seen(self, reader: Reader) -> list[tuple[str, str]]:
        """Return kind and due of every word that a reader sees."""
        self.room.catch_up()
        page = self.room.purge(reader).events(EventQuery(types=("deadline.*",), limit=500))
        return [(one["data"]["kind"], one["data"]["due"][:10]) for one in page.events]

    def feed(self, reader: Reader) -> list[tuple[str, str, str | None]]:
        """Return what a reader is told, as (kind, type, reason)."""
        self.room.catch_up()
        page = self.room.purge(reader).feed(Position(0), 0, EventQuery(), 500)
        return [(one.kind, one.type, one.reason) for one in page.messages]

    def offer(self, **envelope: Json) -> RecordedEvent:
        """Record an offer that is valid until the 10th."""
        data = example("offer.made", valid_until="2026-11-10")
        return self.log.add("offer.made", data, subject=data["offer"], **envelope)


@pytest.fixture
def clockwork(registry: Registry, tmp_path: Path) -> Iterator[Clockwork]:
    made = Clockwork(registry, tmp_path / "views.sqlite")
    yield made
    made.room.stop()


@pytest.mark.parametrize(
    ("span", "sign", "result"),
    [
        ("P7D", -1, "2028-02-22T00:00"), ("PT48H", -1, "2028-02-27T00:00"), ("P1Y", 1, "2029-02-28T00:00"),
        ("P1M", 1, "2028-03-29T00:00"), ("P1Y1M", -1, "2027-01-29T00:00"), ("P999Y", 1, "3027-02-28T00:00"),
    ],
)  # fmt: skip
def test_spans_go_by_the_calendar_and_by_the_clock(span: str, sign: int, result: str) -> None:
    found = later(datetime(2028, 2, 29, tzinfo=UTC), read_span(span), sign)
    assert found is not None
    assert found.isoformat(timespec="minutes") == f"{result}+00:00"


@pytest.mark.parametrize("text", ["", "P", "PT", "7D", "P1W", "P-1D"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        read_span(text)


def test_beyond_the_calendar_there_is_no_moment() -> None:
    assert later(datetime(9999, 6, 1, tzinfo=UTC), read_span("P1Y")) is None
    assert later(datetime(1, 1, 2, tzinfo=UTC), read_span("P7D"), -1) is None


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "offer.made", "at": "/valid_until", "ref": "/offer"},
        {"kind": "x", "type": "nothing.made", "at": "/a", "ref": "/b"},
        {"kind": "x", "type": "offer.made", "ref": "/offer"},
        {"kind": "x", "type": "offer.made", "at": "valid_until", "ref": "/offer"},
        {"kind": "x", "type": "offer.made", "at": "/valid_until", "ref": "/offer", "colour": "red"},
        {"kind": "x", "type": "offer.made", "at": "/valid_until", "ref": "/offer", "leads": ["a week"]},
        {"kind": "x", "type": "lawyer.profiled", "at": "/identity/birth_year", "ref": "/lawyer"},
        {"kind": "x", "type": "offer.made", "at": "/valid_until", "ref": "/offer", "over": ["offer.made"]},
    ],
)
def test_a_clock_that_cannot_be_followed_is_refused(entry: Json, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "clocks.json").write_text(json.dumps({"clocks": [entry]}))
    if "kind" not in entry:
        # Only the kind is for people to choose, and nothing is wrong with a name they did not give.
        assert load_clocks(registry, tmp_path)
        return
    with pytest.raises(ClockUnreadable) as refused:
        load_clocks(registry, tmp_path)
    assert refused.value.kind == "x"


def test_a_clock_is_added_by_data_alone(registry: Registry, tmp_path: Path) -> None:
    entry = {"kind": "agreed", "type": "support.matched", "at": "/starts", "ref": "/support", "edge": "start"}
    (tmp_path / "clocks.json").write_text(json.dumps({"clocks": [entry]}))
    made = Clockwork(registry, tmp_path / "views.sqlite", tmp_path)
    made.log.add("support.matched", example("support.matched", starts="2026-11-08"), tlp="green")
    assert [one["due"] for one in made.ring()] == ["2026-11-08T00:00:00.000000Z"]
    made.room.stop()
    assert fingerprint(load_clocks(registry, tmp_path)) != fingerprint(load_clocks(registry))


def test_reply_clocks_of_an_operator_count() -> None:
    registry = Registry.load()
    own = load_clocks(registry)
    none = load_clocks(registry, replies=ReplyClocks((), own_clocks().stopped_by))
    assert load_clocks(registry, replies=own_clocks()) is own
    assert fingerprint(none) != fingerprint(own)


def all_clocks(clocks: Clocks) -> list[tuple[str, str]]:
    return [(stem, clock.kind) for stem, of in clocks.items() for clock in of]


def test_every_clock_reads_the_example_of_its_type(registry: Registry, clockwork: Clockwork) -> None:
    clocks = load_clocks(registry)
    more: dict[str, Json] = {
        "hearing.adjourned": {"new_starts": "2027-01-04"}, "policy.changed": {"consultation_closes": "2027-01-15"},
        "commitment.progressed": {"new_due": "2028-01-01"}, "threat.updated": {"next_check_by": "2027-01-01"},
        "trial.concluded": {"appeal_deadline": "2027-01-01"}, "consent.recorded": {"expires_on": "2027-01-01"},
        "indicator.defined": {"review_by": "2027-01-01"},
        "action.completed": {"follow_up": [{"what": "x", "due": "2027-01-01"}]}, "need.expressed": {"state": "open"},
    }  # fmt: skip
    missing = set()
    for stem, kind in all_clocks(clocks):
        event_type = stem.removesuffix(".v1")
        data = {**example(event_type), **more.get(event_type, {}), "protection": {"review_by": "2027-01-01"}}
        event = clockwork.log.add(event_type, data, subject="lawyer:harbour-bar-watch.1")
        if kind not in {due.data["kind"] for due in dues(clocks, event)}:
            missing.add((stem, kind))
    assert missing == set()


@pytest.mark.parametrize("said", [{"reply_expected_by": "9999-12-31"}, {"issued": "9999-12-31"}])
def test_the_last_day_of_the_calendar_has_no_end(said: Json, clockwork: Clockwork) -> None:
    clocks = ReplyClocks((ReplyClock("all", NOBODY, NOBODY, NOBODY, 60, ""),), frozenset())
    data = example("statement.issued", protection={})
    del data["reply_expected_by"]
    event = clockwork.log.add("statement.issued", {**data, **said}, subject=data["statement"])
    assert dues(load_clocks(Registry.load(), None, clocks), event) == []
    assert clocks.due(event.envelope).day in (None, date.max)
    assert clockwork.ring() == []


def test_days_end_where_they_are_and_moments_are_exact(registry: Registry, clockwork: Clockwork) -> None:
    def moments(event_type: str, **said: Json) -> list[str]:
        event = clockwork.log.add(event_type, example(event_type, protection={}, **said))
        return [due.data["due"][:16] for due in dues(load_clocks(registry), event) if "lead" not in due.data]

    assert moments("offer.made", valid_until="2026-11-10") == ["2026-11-11T00:00"]
    assert moments("action.joined", valid_until="2026-11-10T10:00:00+02:00") == ["2026-11-10T08:00"]
    assert moments("offer.made", valid_until="9999-12-31") == []
    assert moments("offer.made", valid_until="2020-01-01") == []
    # A day before the first day of the calendar there is none to speak of it.
    assert moments("action.proposed", join_by="0001-01-01T00:00:00Z") == []
    assert moments("commitment.made", made="9999-01-01") == ["2028-01-01T00:00"]
    soon = clockwork.log.add(
        "hearing.scheduled",
        {"hearing": "hearing:a-b.1", "starts": "[2026-12-09,2026-12-19]", "zone": "Etc/GMT-4"},
    )
    found = [
        (due.data["lead"], due.data["due"][:16], due.data["at"][:16])
        for due in dues(load_clocks(registry), soon)
    ]
    assert found == [
        ("P7D", "2026-12-01T20:00", "2026-12-08T20:00"),
        ("PT48H", "2026-12-06T20:00", "2026-12-08T20:00"),
        ("PT2H", "2026-12-08T18:00", "2026-12-08T20:00"),
    ]
    odd: tuple[Json, ...] = ("no date", "../2026-12-01", 7)
    for said in odd:
        event = clockwork.log.add("hearing.scheduled", {"hearing": "hearing:a-b.1", "starts": said})
        assert dues(load_clocks(registry), event) == []
    nowhere = clockwork.log.add("offer.made", {"valid_until": "2026-11-10"}, recordedtime="never")
    assert dues(load_clocks(registry), nowhere) == []


def test_what_is_due_is_said_in_order_and_not_again(clockwork: Clockwork) -> None:
    data = example("action.proposed", join_by="2026-11-09T10:00:00Z", protection={})
    clockwork.log.add("action.proposed", data, subject=data["action"])
    clockwork.offer(id="o-1")
    assert clockwork.ring(datetime(2026, 11, 8, 9, 0, tzinfo=UTC)) == []
    assert [one["kind"] for one in clockwork.ring()] == ["join_by", "join_by", "offer_ends"]
    assert clockwork.ring() == []
    assert clockwork.seen(OPEN_DOCKET) == [
        ("join_by", "2026-11-08"),
        ("join_by", "2026-11-09"),
        ("offer_ends", "2026-11-11"),
    ]
    timeline = clockwork.room.purge(OPEN_DOCKET).timeline(data["action"]) or {}
    assert [one["when"] for one in timeline["items"] if one["event"]["type"] == "deadline.passed"] == [
        "2026-11-09"
    ] * 2
    clockwork.room.rebuild("deadlines")
    assert clockwork.ring() == []


def test_whoever_sees_the_date_hears_of_it_and_nobody_else(clockwork: Clockwork) -> None:
    clockwork.offer(tlp="amber", audience="open-docket")
    clockwork.ring()
    assert clockwork.seen(OPEN_DOCKET) == clockwork.seen(OWN) == [("offer_ends", "2026-11-11")]
    assert clockwork.seen(QUILL) == clockwork.seen(PUBLIC) == []
    event = clockwork.room.purge(OPEN_DOCKET).events(EventQuery(types=("deadline.*",))).events[0]
    assert event["tlp"] == "amber"


@pytest.mark.parametrize("reader", [OPEN_DOCKET, QUILL, PUBLIC, Reader("stewards", clearance="red")])
def test_hidden_causes_leave_no_trace(reader: Reader, registry: Registry, tmp_path: Path) -> None:
    answers = []
    for hidden in (0, 3):
        made = Clockwork(registry, tmp_path / f"{hidden}.sqlite")
        for number in range(hidden):
            own = {"audience": "northlight-law-society"} if number % 2 else {}
            made.offer(id=f"h-{number}", tlp="amber+strict", recordedtime="2026-11-05T00:00:00Z", **own)
        when = {"recordedtime": "2026-11-05T00:00:01Z", "time": "2026-11-05T00:00:01Z"}
        made.offer(id="o-1", **when)
        found = made.ring()
        for event in made.log.events[-len(found) :]:
            event.envelope.update(when)  # type: ignore[attr-defined]  # one moment for all, as of one look
        made.room.rebuild("timeline")
        made.room.catch_up()
        sight = made.room.purge(reader)
        feed = sight.feed(Position(0), 0, EventQuery(), 500).messages
        told = [(one.kind, one.source, one.id, one.event, one.touches) for one in feed]
        slug = reader.partner or ""
        answers.append((told, sight.mine(slug, LATER), sight.timeline(example("offer.made")["offer"])))
        made.room.stop()
    assert answers[0] == answers[1]


def test_the_word_follows_its_cause_to_stricter_and_looser_labels(clockwork: Clockwork) -> None:
    clockwork.offer(tlp="green", notbefore="2026-12-01T00:00:00Z")
    clockwork.ring()
    assert clockwork.seen(OPEN_DOCKET) == []
    assert clockwork.seen(OWN) == [("offer_ends", "2026-11-11")]
    clockwork.log.release("2026-12-02T00:00:00Z")
    assert clockwork.seen(OPEN_DOCKET) == [("offer_ends", "2026-11-11")]
    narrow = {"about_event": "e1", "reason": "other", "changes": [], "tlp": "amber+strict"}
    clockwork.log.add("record.corrected", narrow)
    assert clockwork.seen(OPEN_DOCKET) == []
    assert ("withdrawn", "deadline.passed", "narrowed") in clockwork.feed(OPEN_DOCKET)
    assert clockwork.seen(Reader(BAR, clearance="amber+strict")) == [("offer_ends", "2026-11-11")]


@pytest.mark.parametrize("reason", ["false", "unsafe", "consent_withdrawn"])
def test_of_what_is_taken_back_nothing_rings_and_what_rang_is_withdrawn(
    reason: str, clockwork: Clockwork
) -> None:
    clockwork.offer()
    clockwork.offer(id="o-2")
    clockwork.ring(datetime(2026, 11, 6, tzinfo=UTC))
    clockwork.log.retract("o-2", reason)
    assert len(clockwork.ring()) == 1
    clockwork.log.retract("e1", reason)
    assert clockwork.seen(OPEN_DOCKET) == []
    assert ("withdrawn", "deadline.passed", "retracted") in clockwork.feed(OPEN_DOCKET)


def test_a_corrected_date_is_a_new_deadline_and_the_old_word_is_void(clockwork: Clockwork) -> None:
    clockwork.offer()
    clockwork.ring(datetime(2026, 11, 12, tzinfo=UTC))
    clockwork.log.correct("e1", ("/valid_until", "2026-11-20"))
    assert clockwork.seen(OPEN_DOCKET) == []
    assert clockwork.ring(datetime(2026, 11, 12, tzinfo=UTC)) == []
    clockwork.ring()
    assert clockwork.seen(OPEN_DOCKET) == [("offer_ends", "2026-11-21")]
    clockwork.log.correct("e1", ("/valid_until", "2026-11-10"))
    assert clockwork.ring() == []
    assert clockwork.seen(OPEN_DOCKET) == [("offer_ends", "2026-11-11")]


def test_stewards_may_take_a_word_back(clockwork: Clockwork) -> None:
    clockwork.offer()
    clockwork.ring()
    clockwork.log.retract(clockwork.log.events[-1].id, slug="stewards", about_source="urn:hub:partner:hub")
    assert clockwork.seen(OPEN_DOCKET) == []
    assert clockwork.ring() == []


def test_the_word_goes_with_what_is_erased(clockwork: Clockwork) -> None:
    lawyer = f"lawyer:{BAR}.1"
    clockwork.log.profile(protection={"review_by": "2026-11-10"}, id="p-1")
    clockwork.ring()
    assert clockwork.seen(OPEN_DOCKET) == [("review", "2026-11-11")]
    word = clockwork.log.events[-1].id
    clockwork.log.erase(lawyer)
    assert clockwork.seen(OPEN_DOCKET) == []
    assert ("withdrawn", "deadline.passed", "erased") in clockwork.feed(OPEN_DOCKET)
    shown = clockwork.room.purge(OWN).event("urn:hub:partner:hub", word) or {}
    assert (shown["status"], shown["event"]["data"]) == ("erased", {})
    clockwork.room.rebuild("deadlines")
    assert clockwork.ring() == []


def test_a_word_of_nothing_is_seen_by_nobody(clockwork: Clockwork) -> None:
    about = {"source": f"urn:hub:partner:{BAR}", "id": "nowhere"}
    said = {
        "kind": "offer_ends",
        "about_event": about,
        "ref": f"offer:{BAR}.1",
        "due": "2026-11-11T00:00:00.000000Z",
    }
    clockwork.log.add("deadline.passed", said, "hub", tlp="red")
    clockwork.log.add(
        "response.received", {"statement": "statement:a-b.1"}, "hub", tlp="red", deadline="nothing"
    )
    clockwork.offer(id="nowhere")
    clockwork.room.catch_up()
    for reader in (OWN, OPEN_DOCKET, Reader("hub", clearance="amber")):
        assert {kind for _, kind, _ in clockwork.feed(reader)} <= {"offer.made"}
    clockwork.log.add("deadline.passed", {**said, "kind": "unheard_of"}, "hub", tlp="red")
    assert clockwork.seen(OWN) == []


def test_who_is_kept_out_of_a_case_hears_nothing_of_it(clockwork: Clockwork) -> None:
    clockwork.log.add(
        "partner.admitted",
        {"partner": "partner:open-docket", "body": "body:a-b.1", "name": {"en": "x"}},
        "stewards",
    )
    data = example(
        "threat.updated", threat=f"threat:{BAR}.1", next_check_by="2026-11-10", protection={}, changes={}
    )
    clockwork.log.add("threat.updated", data, subject=data["threat"], tlp="amber")
    clockwork.ring()
    assert clockwork.seen(OPEN_DOCKET) == [("next_check", "2026-11-11")]
    clockwork.log.threat(1, attributed_to=[])
    accused = {
        "threat": f"threat:{BAR}.1",
        "targets": [f"lawyer:{BAR}.1"],
        "categories": ["liberty.arrest"],
        "attributed_to": [{"body": "body:a-b.1"}],
    }
    clockwork.log.add("threat.reported", accused, subject=f"threat:{BAR}.1", tlp="amber")
    assert clockwork.seen(OPEN_DOCKET) == []
    assert clockwork.seen(QUILL) == [("next_check", "2026-11-11")]


def hearing(clockwork: Clockwork) -> str:
    data = example("hearing.scheduled", starts="2026-12-09T09:00:00Z")
    data.pop("confirm_by")
    clockwork.log.add("hearing.scheduled", data, subject=data["hearing"], time="2026-11-05T00:00:00Z")
    return str(data["hearing"])


def adjourn(clockwork: Clockwork, ref: str, **envelope: Json) -> None:
    data = {"hearing": ref, "status": "rescheduled", "new_starts": "2026-12-20"}
    slug = envelope.pop("slug", BAR)
    clockwork.log.add(
        "hearing.adjourned", data, slug, subject=ref, **{"time": "2026-12-01T00:00:00Z", **envelope}
    )


def test_a_later_event_that_all_see_makes_the_word_void(clockwork: Clockwork) -> None:
    ref = hearing(clockwork)
    clockwork.ring(datetime(2026, 12, 3, tzinfo=UTC))
    assert clockwork.seen(OPEN_DOCKET) == [("hearing_soon", "2026-12-02")]
    adjourn(clockwork, ref)
    assert clockwork.seen(OPEN_DOCKET) == []
    assert len(clockwork.ring()) == 5
    assert clockwork.seen(OPEN_DOCKET) == [
        ("hearing_soon", "2026-12-13"),
        ("hearing_soon", "2026-12-18"),
        ("hearing_soon", "2026-12-19"),
    ]


@pytest.mark.parametrize(
    "envelope",
    [
        {"tlp": "amber+strict"}, {"slug": "lanterns-for-counsel"}, {"time": "2026-11-01T00:00:00Z"},
        {"time": "2026-12-02T12:00:00Z"}, {"time": "2026-12-01T00:00:00Z", "id": "taken-back"},
    ],
    ids=["hidden", "of another", "earlier", "too late", "taken back"],
)  # fmt: skip
def test_what_does_not_count_voids_no_word(envelope: Json, clockwork: Clockwork) -> None:
    ref = hearing(clockwork)
    clockwork.ring(datetime(2026, 12, 3, tzinfo=UTC))
    adjourn(clockwork, ref, **envelope)
    if envelope.get("id"):
        clockwork.log.retract("taken-back")
    assert ("hearing_soon", "2026-12-02") in clockwork.seen(OPEN_DOCKET)


def statement(clockwork: Clockwork, **said: Json) -> str:
    data = example("statement.issued", reply_expected_by="2026-11-10", protection={}, **said)
    clockwork.log.add("statement.issued", data, subject=data["statement"], tlp="green")
    return str(data["statement"])


def replies(clockwork: Clockwork, reader: Reader = OPEN_DOCKET) -> list[Json]:
    clockwork.room.catch_up()
    found = clockwork.room.purge(reader).events(
        EventQuery(types=("response.*",), partners=("hub",), limit=50)
    )
    return [one["data"] for one in found.events]


def reply(clockwork: Clockwork, ref: str, **envelope: Json) -> None:
    said = {"statement": ref, "kind": "denies_facts", "received": "2026-11-09", "from": "body:a-b.1"}
    clockwork.log.add(
        "response.received",
        said,
        "open-docket",
        **{"time": "2026-11-20T00:00:00Z", "id": "reply", **envelope},
    )


def test_where_nobody_replied_in_time_the_hub_says_so_of_each_body(
    registry: Registry, clockwork: Clockwork
) -> None:
    ref = statement(clockwork)
    clockwork.ring()
    found = replies(clockwork)
    bodies = ["body:harbour-bar-watch.ministry-qm", "body:0190aaaa-0000-7000-8000-000000000060"]
    assert [one["from"] for one in found] == bodies
    assert {(one["statement"], one["kind"], one["received"]) for one in found} == {
        (ref, "no_reply_by_deadline", "2026-11-10")
    }
    assert all(registry.contract("response.received.v1").check(one) == [] for one in found)
    assert replies(clockwork, PUBLIC) == []
    clockwork.log.retract(clockwork.log.events[-1].id, slug="stewards", about_source="urn:hub:partner:hub")
    assert len(replies(clockwork)) == 1
    clockwork.log.retract("e1")
    assert replies(clockwork) == []


def test_a_reply_in_time_that_all_see_makes_it_void_and_a_hidden_one_does_not(clockwork: Clockwork) -> None:
    ref = statement(clockwork)
    clockwork.ring()
    reply(clockwork, ref, tlp="amber+strict", id="hidden")
    assert len(replies(clockwork)) == 2
    reply(clockwork, ref)
    assert replies(clockwork) == []
    clockwork.log.retract("reply", slug="open-docket")
    assert len(replies(clockwork)) == 2


def test_silence_goes_with_the_erasure_of_what_was_not_answered(clockwork: Clockwork) -> None:
    data = example("statement.issued", reply_expected_by="2026-11-10", protection={})
    clockwork.log.add("statement.issued", data, subject=f"lawyer:{BAR}.1", tlp="green")
    clockwork.ring()
    clockwork.log.erase(f"lawyer:{BAR}.1")
    assert replies(clockwork) == []
    assert clockwork.seen(OPEN_DOCKET) == []


def test_a_statement_without_a_date_of_reply_has_that_of_its_kind(clockwork: Clockwork) -> None:
    data = example(
        "statement.issued", kind="special_procedure_submission", issued="2026-11-20", protection={}
    )
    del data["reply_expected_by"]
    clockwork.log.add("statement.issued", data, subject=data["statement"])
    speech = {**data, "kind": "press_release", "statement": f"statement:{BAR}.2"}
    clockwork.log.add("statement.issued", speech, subject=speech["statement"])
    assert [(one["ref"], one["due"][:10]) for one in clockwork.ring()] == [(data["statement"], "2027-01-20")]


def readers() -> list[Reader]:
    own = [Reader(slug, account, tlp) for slug, account, tlp in product("abc", "xy", TLP)]
    return [PUBLIC, Reader(clearance="red"), *own]


def test_a_label_covers_another_only_if_nobody_sees_that_alone() -> None:
    random, some = Random(5), readers()

    def label() -> Label:
        tlp = random.choice([*TLP, "odd"] if random.random() < 0.1 else TLP)
        names = ["a/x", "a/y", "b/x", "c/y"] if tlp == "red" else ["a", "b", "c"]
        audience = frozenset(random.sample(names, random.randint(0, 2)))
        excluded = frozenset(random.sample("abc", random.choice((0, 0, 0, 1))))
        return Label(tlp, random.choice("abc"), audience, random.random() < 0.2, excluded=excluded)

    yes = missed = 0
    for _ in range(6_000):
        wide, narrow = label(), label()
        truth = all(visible(one, wide) for one in some if visible(one, narrow))
        if covers(wide, narrow):
            assert truth
            yes += 1
        else:
            missed += truth
    assert yes > 1_000
    assert missed < yes / 5
