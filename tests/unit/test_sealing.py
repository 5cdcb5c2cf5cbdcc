"""Sealing: what goes in comes out, at its own place only, and not after its key is gone; nothing stays readable."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from eventsourcing.persistence import Notification
from hypothesis import given
from hypothesis import strategies as st

from events.checks import about_of
from events.decisions.listed import deciders
from events.draft import Draft, Entry
from events.event import RecordedEvent
from events.ids import time_ordered
from events.log import Row
from events.mapper import Fact, PlainMapper
from events.salt import Salt
from events.sealing import Sealing
from events.seals import SealedField, Seals, put_back
from events.submission import Checked, Publisher
from events.vault import Vault
from schemas.registry import Registry
from tests.archive_fixtures import contracts, submission
from tests.vaults import KEY

Json = Any
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SLUG = "harbour-bar-watch"
LAWYER = f"lawyer:{SLUG}.0042"
COMMON = "https://solidarity-hub.example/schemas/common#/$defs"
MANY = "home.visited.v1"
SIGNATURE = {
    "payload": "eyJhIjogMX0=",
    "payloadType": "application/cloudevents+json",
    "keyid": "k-1",
    "sig": "c2ln",
}

texts = st.text(st.characters(codec="utf-8"), max_size=60)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@cache
def extended() -> Registry:
    """Return the contracts with one more type: seals in lists, in maps, and one within another."""
    from tempfile import TemporaryDirectory

    private = {"$ref": f"{COMMON}/text_private", "x-seal": "/lawyer"}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://solidarity-hub.example/schemas/home.visited/1",
        "title": "A home was visited",
        "x-class": "report",
        "x-publishers": ["any"],
        "x-tlp": "amber",
        "type": "object",
        "properties": {
            "lawyer": {"$ref": f"{COMMON}/ref_lawyer"},
            "words": {"type": "array", "maxItems": 9, "items": private},
            "said": {"type": "object", "maxProperties": 9, "additionalProperties": private},
            "inner": {
                "type": "object",
                "properties": {"most": private, "less": private},
                "x-seal": "/lawyer",
            },
        },
        "examples": [{"lawyer": LAWYER}],
    }
    with TemporaryDirectory() as folder:
        (Path(folder) / "types").mkdir()
        (Path(folder) / "types" / f"{MANY}.json").write_text(json.dumps(schema))
        return Registry.load(Path(folder))


class Desk:
    """Seals single events under one vault and opens them again."""

    def __init__(self, folder: Path, key: bytes = KEY) -> None:
        self.path = folder / "vault.sqlite"
        self.vault = Vault(self.path, key)
        self.sealing = Sealing(self.vault, Seals(extended()), Salt(b"s" * 32), self.drawn)
        self.nonces: list[bytes] = []

    def drawn(self, count: int) -> bytes:
        self.nonces.append(len(self.nonces).to_bytes(count))
        return self.nonces[-1]

    def draft(
        self, stem: str, data: Json, signature: Mapping[str, Json] | None = None, **attributes: Json
    ) -> Draft:
        event_type, _, version = stem.rpartition(".v")
        schema = f"https://solidarity-hub.example/schemas/{event_type}/{version}"
        sent = submission(
            SLUG, event_type, data, dataschema=schema, recordedtime="2026-11-02T12:00:00.000000Z"
        )
        envelope = {**sent, **attributes}
        checked = Checked(Publisher(SLUG, "ann"), stem, envelope, orjson.dumps(sent), signature=signature)
        fields = self.sealing.fields(stem, envelope)
        fact = Fact(time_ordered(NOON, bytes), 1, NOON, stem, envelope)
        return Draft(Entry(checked, envelope, b"key", b"digest", NOON, fields), fact, [b"key", b"claim"])

    def rows(self, *drafts: Draft) -> list[Row]:
        return self.sealing.rows(drafts)

    def read(self, row: Row, state: bytes | None = None) -> RecordedEvent:
        return self.sealing.read([notification(row, state)])[0]

    def close(self) -> None:
        self.vault.close()


def notification(row: Row, state: bytes | None = None, position: int = 7) -> Notification:
    stored = row.stored
    body = stored.state if state is None else state
    return Notification(
        id=position,
        originator_id=stored.originator_id,
        originator_version=stored.originator_version,
        topic=stored.topic,
        state=body,
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = Desk(tmp_path_factory.mktemp("keys"))
    yield opened
    opened.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.close()


def sealed_stems() -> list[str]:
    return [stem for stem in contracts().stems if any(mark.seal for mark in contracts().contract(stem).marks)]


def fields_of(stem: str, data: Json) -> list[SealedField]:
    return Seals(extended()).of(stem, submission(SLUG, stem.rpartition(".v")[0], data))


def kept(row: Row) -> dict[str, Json]:
    found: dict[str, Json] = json.loads(row.stored.state)
    return found


@pytest.mark.parametrize("stem", contracts().stems)
def test_every_example_comes_out_as_it_went_in(desk: Desk, stem: str) -> None:
    data = contracts().contract(stem).example
    draft = desk.draft(stem, data)
    [row] = desk.rows(draft)
    event = desk.read(row)
    assert event.envelope == draft.fact.envelope
    assert (event.position, event.stem, event.erased, event.signature) == (7, stem, frozenset(), None)
    assert list(event.sealed.values()) == [field.subject for field in fields_of(stem, data)]
    assert ("sealed" in kept(row)) == bool(event.sealed)


@pytest.mark.parametrize("stem", sealed_stems())
def test_no_personal_value_is_in_the_row(desk: Desk, stem: str) -> None:
    data = contracts().contract(stem).example
    fields = fields_of(stem, data)
    for number, field in enumerate(fields):
        data = put_back(data, field.path, f"canary-{number}")
    [row] = desk.rows(desk.draft(stem, data))
    assert b"canary" not in row.stored.state
    assert desk.read(row).data == data


@given(st.sampled_from(sealed_stems()), st.data())
def test_whatever_a_personal_field_holds_comes_out(desk: Desk, stem: str, given_: st.DataObject) -> None:
    data = contracts().contract(stem).example
    for field in fields_of(stem, data):
        data = put_back(data, field.path, given_.draw(values))
    event = desk.read(desk.rows(desk.draft(stem, data))[0])
    assert event.data == data


@given(st.lists(texts, max_size=4), st.dictionaries(texts, texts, max_size=4), st.booleans())
def test_items_of_lists_and_maps_keep_their_places(
    desk: Desk, words: list[str], said: dict[str, str], nested: bool
) -> None:
    inner = {"most": "secret", "less": "secret"} if nested else {}
    data = {"lawyer": LAWYER, "words": words, "said": said, "inner": inner}
    [row] = desk.rows(desk.draft(MANY, data))
    assert kept(row)["data"] == {"lawyer": LAWYER, "words": [None] * len(words), "said": {}}
    event = desk.read(row)
    assert event.data == data
    assert len(event.sealed) == len(words) + len(said) + 1
    assert set(event.sealed.values()) == {LAWYER}


def test_a_box_under_another_is_not_made(own: Desk) -> None:
    [row] = own.rows(own.draft(MANY, {"lawyer": LAWYER, "inner": {"most": "secret"}}))
    assert [box["at"] for box in kept(row)["sealed"]] == ["/inner"]


def test_erased_items_of_lists_are_null(own: Desk) -> None:
    [row] = own.rows(own.draft(MANY, {"lawyer": LAWYER, "words": ["one", "two"], "said": {"a/b~c": "three"}}))
    own.vault.destroy_of(LAWYER, NOON)
    event = own.read(row)
    assert event.data == {"lawyer": LAWYER, "words": [None, None], "said": {}}
    assert event.erased == event.sealed.keys() == {"/words/0", "/words/1", "/said/a~1b~0c"}
    assert set(event.sealed.values()) == {LAWYER}


def test_every_box_has_its_own_nonce(own: Desk) -> None:
    data = {"lawyer": LAWYER, "words": ["one"] * 9}
    rows = own.rows(own.draft(MANY, data), own.draft(MANY, data))
    boxes = [box["box"] for row in rows for box in kept(row)["sealed"]]
    assert len(set(boxes)) == 18
    assert len(own.nonces) == 18


def test_what_is_not_personal_needs_no_key(own: Desk) -> None:
    data = {"lawyer": LAWYER}
    [row] = own.rows(own.draft(MANY, data, SIGNATURE), *[])
    assert (kept(row)["data"], kept(row)["signature"]) == (data, SIGNATURE)
    assert row.keys == {b"key": b"digest", b"claim": b"digest"}
    event = own.read(row)
    assert (event.signature, "signature" in event.envelope) == (SIGNATURE, False)
    assert own.vault.listing() == []


def test_all_keys_of_a_transaction_are_made_in_one(own: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    genuine = own.vault._file.transaction

    def transaction() -> AbstractContextManager[None]:
        commits.append(1)
        return genuine()

    monkeypatch.setattr(own.vault._file, "transaction", transaction)
    drafts = [own.draft(MANY, {"lawyer": f"{LAWYER}-{number}", "words": ["x"]}) for number in range(30)]
    assert len({box["key"] for row in own.rows(*drafts) for box in kept(row)["sealed"]}) == 30
    assert commits == [1]


def test_the_digest_of_personal_content_is_of_no_use_without_the_key(own: Desk) -> None:
    draft = own.draft(MANY, {"lawyer": LAWYER, "words": ["x"]})
    [row] = own.rows(draft)
    content = draft.entry.checked.content
    assert set(row.keys) == {b"key", b"claim"}
    assert set(row.keys.values()).isdisjoint({b"digest", Salt(b"s" * 32).of_content(content)})
    assert len(set(row.keys.values())) == 1


def test_a_box_opens_at_its_own_place_only(own: Desk) -> None:
    data = {"lawyer": LAWYER, "words": ["one", "two"]}
    [row] = own.rows(own.draft(MANY, data))
    first, second = kept(row)["sealed"]
    swapped = [{**first, "box": second["box"]}, {**second, "box": first["box"]}]
    moved: list[dict[str, Json]] = [
        {"sealed": swapped},
        {"id": "another"},
        {"source": "urn:hub:partner:open-docket"},
    ]
    for change in moved:
        event = own.read(row, state=orjson.dumps({**kept(row), **change}))
        assert event.data["words"] == [None, None]
        assert event.erased == {"/words/0", "/words/1"}


def test_a_box_of_one_person_does_not_open_under_the_key_of_another(own: Desk) -> None:
    rows = own.rows(*[own.draft(MANY, {"lawyer": f"{LAWYER}-{no}", "words": ["x"]}) for no in (1, 2)])
    [mine], [theirs] = (kept(row)["sealed"] for row in rows)
    event = own.read(
        rows[0], state=orjson.dumps({**kept(rows[0]), "sealed": [{**mine, "key": theirs["key"]}]})
    )
    assert event.erased == {"/words/0"}


@pytest.mark.parametrize("box", ["", "AAAA", "not base64!", "A" * 80, "é"])
def test_a_damaged_box_counts_as_erased_and_the_rest_is_read(own: Desk, box: str) -> None:
    [row] = own.rows(own.draft(MANY, {"lawyer": LAWYER, "words": ["one", "two"]}, SIGNATURE))
    boxes = kept(row)["sealed"]
    event = own.read(row, state=orjson.dumps({**kept(row), "sealed": [{**boxes[0], "box": box}, boxes[1]]}))
    assert event.data["words"] == [None, "two"]
    assert event.erased == {"/words/0"}
    damaged = {**kept(row), "signature": {**kept(row)["signature"], "box": box}}
    assert own.read(row, state=orjson.dumps(damaged)).signature == {"keyid": "k-1"}


def test_a_signature_goes_with_any_of_the_keys(own: Desk) -> None:
    data = {**contracts().contract("trial.scheduled.v1").example}
    data["parties"] = [{**data["parties"][0], "who": LAWYER}, *data["parties"][1:]]
    data["provenance"] = {"source": f"source:{SLUG}.9", "sealed_note": "They saw it."}
    draft = own.draft("trial.scheduled.v1", data, SIGNATURE)
    [row] = own.rows(draft)
    assert kept(row)["signature"].keys() == {"keyid", "box"}
    assert SIGNATURE["payload"].encode() not in row.stored.state
    assert SIGNATURE["sig"].encode() not in row.stored.state
    event = own.read(row)
    assert (event.envelope, event.signature) == (draft.fact.envelope, SIGNATURE)
    own.vault.destroy_of(f"source:{SLUG}.9", NOON)
    event = own.read(row)
    assert event.signature == {"keyid": "k-1"}
    assert event.erased == {"/provenance/source", "/provenance/sealed_note"}
    assert event.sealed["/provenance/source"] == f"source:{SLUG}.9"
    assert event.data["case_number"] == data["case_number"]


def test_without_the_keys_a_log_still_says_whose_the_fields_were(own: Desk, tmp_path: Path) -> None:
    stems = sealed_stems()
    rows = own.rows(*[own.draft(stem, contracts().contract(stem).example) for stem in stems])
    (tmp_path / "other").mkdir()
    stranger = Desk(tmp_path / "other", b"x" * 32)
    try:
        for row in rows:
            mine, theirs = own.read(row), stranger.read(row)
            assert theirs.erased == theirs.sealed.keys() == mine.sealed.keys()
            beside = {at: whose for at, whose in mine.sealed.items() if not whose.startswith("source:")}
            assert theirs.sealed.items() >= beside.items()
            assert "" not in theirs.sealed.values()
    finally:
        stranger.close()


def test_decisions_do_not_rest_on_personal_fields(own: Desk) -> None:
    registry = contracts()
    mapper = PlainMapper()
    for event_type, kind in deciders().items():
        stem = f"{event_type}.v1"
        if stem not in registry.stems:
            continue
        draft = own.draft(stem, registry.contract(stem).example, SIGNATURE)
        [row] = own.rows(draft)
        states = []
        for fact in (draft.fact, mapper.to_domain_event(row.stored)):
            aggregate = kind.blank(kind.stream(kind.key(fact.envelope)))
            aggregate.fold(event_type, fact.envelope)
            states.append(
                {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}
            )
        assert states[0] == states[1]


def test_what_is_not_personal_lies_in_the_log_as_the_library_would_write_it(own: Desk) -> None:
    draft = own.draft(MANY, {"lawyer": LAWYER})
    [row] = own.rows(draft)
    assert PlainMapper().to_stored_event(draft.fact) == row.stored


def repeats(desk: Desk, row: Row, draft: Draft) -> bool:
    return desk.sealing.is_again(notification(row), row.keys[b"key"], draft.entry)


def test_the_same_again_is_told_from_something_else(own: Desk) -> None:
    draft = own.draft(MANY, {"lawyer": LAWYER, "words": ["one"]})
    other = own.draft(MANY, {"lawyer": LAWYER, "words": ["two"]})
    [row] = own.rows(draft)
    assert (repeats(own, row, draft), repeats(own, row, other)) == (True, False)
    own.vault.destroy_of(LAWYER, NOON)
    assert (repeats(own, row, draft), repeats(own, row, other)) == (True, True)
    own.rows(own.draft(MANY, {"lawyer": LAWYER, "words": ["three"]}))
    assert (repeats(own, row, draft), repeats(own, row, other)) == (True, True)


def test_another_event_without_personal_fields_is_something_else(own: Desk) -> None:
    [row] = own.rows(own.draft(MANY, {"lawyer": LAWYER}))
    decoy = {"lawyer": LAWYER, "inner": {}, "sealed": [{"key": "k"}]}
    [trap] = own.rows(own.draft("embargo.released.v1", decoy))
    for one in (row, trap):
        assert own.sealing.is_again(notification(one), b"digest", own.draft(MANY, {}).entry)
        assert not own.sealing.is_again(notification(one), b"other", own.draft(MANY, {}).entry)


def withdrawal(desk: Desk, effect: str = "erase", lawyer: str = LAWYER) -> Draft:
    return desk.draft(
        "consent.withdrawn.v1", {"subject_of_consent": lawyer, "effect": effect, "reason": "Fear."}
    )


def erasure(desk: Desk, role: str, *kids: str) -> Draft:
    data = {"subject_of_erasure": LAWYER, "scope": ["subject_key"], "role": role}
    return desk.draft("erasure.executed.v1", {**data, "kids_destroyed": list(kids)} if kids else data)


def test_a_withdrawal_destroys_in_the_order_of_the_events(own: Desk) -> None:
    data = {"lawyer": LAWYER, "words": ["one"]}
    other = {"lawyer": f"{LAWYER}-2", "words": ["two"]}
    drafts = [own.draft(MANY, data), own.draft(MANY, other), withdrawal(own), own.draft(MANY, data)]
    rows = own.rows(*drafts)
    assert [bool(own.read(row).erased) for row in rows] == [True, False, True, False]
    assert own.read(rows[3]).data == data


@pytest.mark.parametrize(
    ("draft", "gone"),
    [
        (lambda desk: withdrawal(desk, "stop_new_use"), [False, False]),
        (lambda desk: withdrawal(desk, "restrict_to_pseudonym"), [False, False]),
        (withdrawal, [True, False]),
        (lambda desk: erasure(desk, "recipient_ack"), [False, False]),
        (lambda desk: erasure(desk, "controller"), [True, True]),
    ],
)
def test_what_destroys_which_keys(own: Desk, draft: Callable[[Desk], Draft], gone: list[bool]) -> None:
    pairs = [(LAWYER, SLUG), (LAWYER, "open-docket")]
    keys = own.vault.keys_for([*pairs, (f"{LAWYER}-2", SLUG)])
    own.rows(draft(own))
    assert [own.vault.open(keys[pair].kid) is None for pair in pairs] == gone
    assert own.vault.open(keys[f"{LAWYER}-2", SLUG].kid) is not None


def test_an_erasure_destroys_the_keys_that_it_names(own: Desk) -> None:
    about = f"event:urn:hub:partner:{SLUG} t1"
    keys = own.vault.keys_for([(about, SLUG), (LAWYER, SLUG)])
    own.rows(erasure(own, "controller", keys[about, SLUG].kid, "k-unknown"))
    assert [one.destroyed for one in own.vault.listing()] == ["2026-11-02T12:00:00.000000Z"] * 2


def test_a_correction_is_sealed_under_the_event_that_it_is_about(own: Desk) -> None:
    said = {
        "about_event": "t1",
        "changes": [{"pointer": "/narrative", "to": "secret"}, {"pointer": "/title", "to": "x"}],
    }
    [row] = own.rows(own.draft("record.corrected.v1", said))
    assert b"secret" not in row.stored.state
    event = own.read(row)
    source, about = about_of("record.corrected", said, event.source) or ("", "")
    assert (event.data, event.sealed) == (said, {"/changes/0/to": f"event:{source} {about}"})
