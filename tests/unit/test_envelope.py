"""The envelope at the gate: every problem at once, defaults, rights, binary mode."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.audience import TLP
from events.envelope import fill_in, from_headers
from events.event import slug_of
from events.intake import MAX_EVENT_BYTES, EventRefused, NotAdmitted, NotYourType, Publisher, WrongSource
from events.moments import read_moment, stamp
from events.submission import StoreUnavailable
from tests.archive_fixtures import Archive, contracts, sqlite_url, submission

SLUG = "harbour-bar-watch"
THREAT = {"threat": f"threat:{SLUG}.1", "targets": [f"lawyer:{SLUG}.1"], "categories": ["liberty.arrest"]}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path_factory.mktemp("log")))
    opened.begin({SLUG: ["monitor"], "meridian-fund": ["funder"]})
    yield opened
    opened.store.close()


def refused(archive: Archive, raw: Any) -> list[tuple[str, str]]:
    """Return (pointer, code) of every problem."""
    with pytest.raises(EventRefused) as caught:
        archive.intake.check(Publisher(SLUG, "ann"), raw)
    assert str(caught.value) == f"{len(caught.value.problems)} problem(s)"
    return [(problem.pointer, problem.code) for problem in caught.value.problems]


def test_defaults_are_filled_in(archive: Archive) -> None:
    checked = archive.intake.check(Publisher(SLUG, "ann"), submission(SLUG, "threat.reported", THREAT))
    assert checked.envelope == {
        **submission(SLUG, "threat.reported", THREAT),
        "time": "2026-11-02T09:30:00.000000Z",
        "subject": f"threat:{SLUG}.1",
        "tlp": "amber",
        "dataschema": "https://solidarity-hub.example/schemas/threat.reported/1",
    }
    assert (checked.id, checked.type, checked.stem) == ("e1", "threat.reported", "threat.reported.v1")


def test_what_is_sent_is_kept(archive: Archive) -> None:
    sent = {
        "time": "2026-11-01T00:00:00.5+03:00",
        "subject": f"lawyer:{SLUG}.1",
        "tlp": "red",
        "audience": "open-docket/anna, quill-network",
        "notbefore": "2026-12-01T00:00:00Z",
        "correlationid": f"case:{SLUG}.1",
        "datacontenttype": "application/json; charset=utf-8",
        "sequence": "000000000001",
        "dataclassification": "restricted",
        "causationid": "e0",
        "expirytime": "2027-01-01T00:00:00Z",
        "flag": True,
        "count": -(2**31),
    }
    raw = submission(SLUG, "threat.reported", THREAT, **sent)
    checked = archive.intake.check(Publisher(SLUG, "ann"), raw)
    assert checked.envelope == {
        **raw,
        "dataschema": "https://solidarity-hub.example/schemas/threat.reported/1",
    }


def test_a_type_without_main_reference_has_no_subject(archive: Archive) -> None:
    raw = submission(SLUG, "record.retracted", {"about_event": "e0"})
    assert "subject" not in archive.intake.check(Publisher(SLUG, "ann"), raw).envelope


@pytest.mark.parametrize("pointer", ["/absent", "/threat/deeper", "/targets"])
def test_a_main_reference_that_is_not_there_leaves_the_subject_out(pointer: str) -> None:
    raw = submission(SLUG, "threat.reported", THREAT)
    now = datetime(2026, 11, 2, tzinfo=UTC)
    assert "subject" not in fill_in(raw, "threat.reported.v1", "amber", pointer, now)


@pytest.mark.parametrize(
    "dataschema",
    [
        "https://solidarity-hub.example/schemas/threat.reported/1",
        "https://hub.example.org/schemas/threat.reported/1",
        "/schemas/threat.reported/1",
        "schemas/threat.reported/1",
    ],
)
def test_a_version_can_be_asked_for(archive: Archive, dataschema: str) -> None:
    raw = submission(SLUG, "threat.reported", THREAT, dataschema=dataschema)
    envelope = archive.intake.check(Publisher(SLUG, "ann"), raw).envelope
    assert envelope["dataschema"] == "https://solidarity-hub.example/schemas/threat.reported/1"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"specversion": "0.3"}, ("/specversion", "wrong_value")),
        ({"id": ""}, ("/id", "too_short")),
        ({"id": "x" * 129}, ("/id", "too_long")),
        ({"id": 7}, ("/id", "wrong_type")),
        ({"id": "a\nb"}, ("/id", "control_character")),
        ({"source": "harbour-bar-watch"}, ("/source", "wrong_form")),
        ({"source": "urn:hub:partner:X"}, ("/source", "wrong_form")),
        ({"source": ["urn"]}, ("/source", "wrong_type")),
        ({"type": "threat.reportd"}, ("/type", "unknown_type")),
        ({"type": "zzzzzzzzzz"}, ("/type", "unknown_type")),
        ({"type": 1}, ("/type", "wrong_type")),
        ({"data": []}, ("/data", "wrong_type")),
        ({"data": None}, ("/data", "wrong_type")),
        ({"time": "yesterday"}, ("/time", "not_a_moment")),
        ({"time": "2026-11-02T09:30:00"}, ("/time", "not_a_moment")),
        ({"time": "2026-02-30T09:30:00Z"}, ("/time", "not_a_moment")),
        ({"time": "0001-01-01T00:00:00+05:00"}, ("/time", "not_a_moment")),
        ({"time": 1}, ("/time", "wrong_type")),
        ({"notbefore": "soon"}, ("/notbefore", "not_a_moment")),
        ({"subject": "threat"}, ("/subject", "not_a_reference")),
        ({"subject": f"threat:{SLUG}.1\n"}, ("/subject", "control_character")),
        ({"subject": 5}, ("/subject", "wrong_type")),
        ({"correlationid": f"lawyer:{SLUG}.1"}, ("/correlationid", "not_a_reference")),
        ({"correlationid": "case"}, ("/correlationid", "not_a_reference")),
        ({"tlp": "white"}, ("/tlp", "unknown_tlp")),
        ({"tlp": ["red"]}, ("/tlp", "unknown_tlp")),
        ({"audience": ""}, ("/audience", "wrong_form")),
        ({"audience": "a b"}, ("/audience", "wrong_form")),
        ({"audience": "open-docket/"}, ("/audience", "wrong_form")),
        ({"audience": ["open-docket"]}, ("/audience", "wrong_type")),
        ({"audience": ",".join(f"p{number}" for number in range(101))}, ("/audience", "too_many_items")),
        ({"datacontenttype": "text/xml"}, ("/datacontenttype", "wrong_value")),
        ({"datacontenttype": 1}, ("/datacontenttype", "wrong_value")),
        ({"dataschema": "https://x/schemas/threat.reported/99"}, ("/dataschema", "unknown_version")),
        ({"dataschema": "https://x/schemas/threat.updated/1"}, ("/dataschema", "unknown_version")),
        ({"dataschema": "nonsense"}, ("/dataschema", "unknown_version")),
        ({"dataschema": 1}, ("/dataschema", "wrong_type")),
        ({"recordedtime": "2026-11-02T09:30:00Z"}, ("/recordedtime", "not_allowed")),
        ({"sealed": "x"}, ("/sealed", "not_allowed")),
        ({"signature": {"keyid": "x"}}, ("/signature", "not_allowed")),
        ({"data_base64": "AAAA"}, ("/data_base64", "unknown_field")),
        ({"Colour": "red"}, ("/Colour", "unknown_field")),
        ({"x" * 21: "red"}, ("/" + "x" * 21, "unknown_field")),
        ({"a/b": "red"}, ("/a~1b", "unknown_field")),
        ({"\u00e9t\u00e9": "red"}, ("", "unknown_field")),
        ({"colour": "x" * 501}, ("/colour", "too_long")),
        ({"colour": 2**31}, ("/colour", "too_big")),
        ({"colour": 1.5}, ("/colour", "wrong_type")),
        ({"colour": {}}, ("/colour", "wrong_type")),
        ({"colour": None}, ("/colour", "wrong_type")),
    ],
)  # fmt: skip
def test_an_odd_attribute_is_refused(archive: Archive, attributes: Any, expected: tuple[str, str]) -> None:
    raw = {**submission(SLUG, "threat.reported", THREAT), **attributes}
    assert expected in refused(archive, raw)


def test_the_internal_type_is_no_type_for_partners(archive: Archive) -> None:
    raw = submission(SLUG, "embargo.released", {"until": "2026-11-02T09:30:00Z"})
    assert refused(archive, raw) == [("/type", "unknown_type")]


def test_missing_attributes_are_all_named(archive: Archive) -> None:
    expected = [(f"/{name}", "required") for name in ("data", "id", "source", "specversion", "type")]
    assert refused(archive, {}) == expected


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_what_is_no_object_is_no_event(archive: Archive, raw: Any) -> None:
    assert refused(archive, raw) == [("", "wrong_type")]


def test_problems_of_envelope_and_payload_come_together_in_order(archive: Archive) -> None:
    data = {**THREAT, "categories": ["liberty.arest"], "title": "\u202eolleh", "colour": 1}
    raw = submission(SLUG, "threat.reported", data, tlp="white", time="never")
    assert refused(archive, raw) == [
        ("/data/categories/0", "unknown_code"),
        ("/data/colour", "unknown_field"),
        ("/data/title", "bidi_override"),
        ("/time", "not_a_moment"),
        ("/tlp", "unknown_tlp"),
    ]


def test_too_many_extensions_are_refused(archive: Archive) -> None:
    raw = submission(SLUG, "threat.reported", THREAT, **{f"x{number}": 1 for number in range(21)})
    assert refused(archive, raw) == [("", "too_many_fields")]


def test_an_event_above_256_kib_is_refused_without_a_look_inside(archive: Archive) -> None:
    raw = submission(SLUG, "threat.reported", {**THREAT, "narrative": "x" * MAX_EVENT_BYTES})
    assert refused(archive, raw) == [("", "too_large")]


@pytest.mark.parametrize("inside", ["\ud800", 10**40])
def test_what_json_cannot_say_is_refused_not_a_fault(archive: Archive, inside: Any) -> None:
    raw = submission(SLUG, "threat.reported", {**THREAT, "title": inside})
    assert refused(archive, raw)[0][0] == "/data/title"
    assert refused(archive, submission(SLUG, "threat.reported", {**THREAT, "\ud800": 1})) == [
        ("/data", "lone_surrogate")
    ]


def test_endless_nesting_is_refused_without_a_look_inside(archive: Archive) -> None:
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    codes = refused(archive, submission(SLUG, "threat.reported", {**THREAT, "linked": deep}))
    assert [code for _, code in codes] == ["too_deep"]


def test_a_flood_of_problems_is_cut(archive: Archive) -> None:
    raw = submission(SLUG, "threat.reported", {**THREAT, "targets": ["\x01"] * 5000})
    assert len(refused(archive, raw)) == 100
    categories = [f"no.{number}" for number in range(5000)]
    raw = submission(SLUG, "threat.reported", {**THREAT, "categories": categories})
    assert len(refused(archive, raw)) <= 100


def test_another_partners_source_is_refused(archive: Archive) -> None:
    with pytest.raises(WrongSource):
        archive.intake.check(Publisher(SLUG, "ann"), submission("meridian-fund", "threat.reported", {}))


def test_a_type_for_other_roles_is_refused(archive: Archive) -> None:
    with pytest.raises(NotYourType, match="legal_aid_provider, monitor") as caught:
        archive.intake.check(
            Publisher("meridian-fund", "bo"), submission("meridian-fund", "threat.reported", THREAT)
        )
    assert "monitor" in caught.value.allowed
    assert "the hub alone" in str(NotYourType(frozenset()))


def test_a_stranger_and_a_suspended_partner_are_refused(archive: Archive) -> None:
    archive.admit("open-docket", "monitor")
    archive.push("open-docket", "partner.suspended", {"partner": "partner:open-docket", "scope": "write"})
    for slug in ("nobody-here", "open-docket"):
        with pytest.raises(NotAdmitted):
            archive.intake.check(Publisher(slug, "x"), submission(slug, "threat.reported", THREAT))


def test_binary_mode_carries_the_same_event(archive: Archive) -> None:
    headers = [
        ("Host", "hub"),
        ("Content-Type", "application/json"),
        ("ce-specversion", "1.0"),
        ("CE-ID", "caf%C3%A9%20e2"),
        ("ce-source", f"urn:hub:partner:{SLUG}"),
        ("ce-type", "threat.reported"),
        ("ce-data", "ignored"),
    ]
    raw = from_headers(headers, THREAT)
    structured = submission(SLUG, "threat.reported", THREAT, id="caf\u00e9 e2")
    checks = [archive.intake.check(Publisher(SLUG, "ann"), one) for one in (raw, structured)]
    assert checks[0].content == checks[1].content
    assert [archive.intake.record([one])[0].status for one in checks] == ["stored", "duplicate"]


@pytest.mark.parametrize("bad", [[("ce-id", "%ff")], [("ce-id", "a"), ("ce-id", "b")]])
def test_bad_headers_are_refused(archive: Archive, bad: list[tuple[str, str]]) -> None:
    headers = [
        ("ce-specversion", "1.0"),
        ("ce-source", f"urn:hub:partner:{SLUG}"),
        ("ce-type", "threat.reported"),
    ]
    assert refused(archive, from_headers([*headers, *bad], THREAT)) == [("/id", "wrong_type")]


def test_every_example_passes_the_gate(archive: Archive) -> None:
    for stem in contracts().stems:
        contract = contracts().contract(stem)
        slug = "stewards" if "steward" in contract.publishers else SLUG
        if "any" in contract.publishers or contract.publishers & {"monitor", "steward"}:
            raw = submission(slug, contract.type, contract.example)
            envelope = archive.intake.check(Publisher(slug, "ann"), raw).envelope
            assert envelope["tlp"] in TLP
            assert slug_of(envelope["source"]) == slug


def test_moments_are_written_so_that_text_order_is_time_order() -> None:
    texts = ["2026-11-02T12:00:00+01:00", "2026-11-02T11:00:00.000001Z", "2026-11-02T11:00:00.9Z"]
    moments = [read_moment(text) for text in texts]
    written = [stamp(moment) for moment in moments if moment is not None]
    assert written == sorted(written)
    assert written[0] == "2026-11-02T11:00:00.000000Z"


def test_the_stewards_need_a_name_that_fits_the_contract(tmp_path: Path) -> None:
    opened = Archive(sqlite_url(tmp_path))
    with pytest.raises(EventRefused):
        opened.intake.admit_stewards({})
    assert opened.intake.admit_stewards({"en": "Stewards"}).status == "stored"
    assert opened.intake.admit_stewards({"en": "Stewards"}).status == "duplicate"
    assert opened.intake.admit_stewards({"en": "Others"}).status == "conflict"
    opened.store.close()
    with pytest.raises(StoreUnavailable):
        opened.store.head()
