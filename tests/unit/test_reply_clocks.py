"""Reply clocks: data by kind of statement, mechanism and kind of body; the statement's own word comes first."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.settings import Settings, SettingsRefused
from projections.boards.statements.clocks import ClocksRefused, load_clocks, own_clocks, reply_due

Json = Any
BODY = "body:harbour-bar-watch.ministry"


def statement(**data: Json) -> Json:
    return {"type": "statement.issued", "time": "2026-11-05T10:00:00Z", "data": data}


def clocks(folder: Path, *entries: Json, **more: Json) -> Path:
    path = folder / "clocks.json"
    path.write_text(json.dumps({"clocks": list(entries), **more}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("data", "due"),
    [
        ({"kind": "special_procedure_submission", "issued": "2026-11-01"}, date(2026, 12, 31)),
        ({"kind": "wgad_communication", "issued": "2026-11-01"}, date(2026, 12, 31)),
        # Nobody is blamed for a date that is not certain: the last day counts.
        ({"kind": "wgad_communication", "issued": "2026-11"}, date(2027, 1, 29)),
        ({"kind": "wgad_communication"}, date(2027, 1, 4)),
        (
            {"kind": "wgad_communication", "issued": "2026-11-01", "reply_expected_by": "2026-11-20"},
            date(2026, 11, 20),
        ),
        ({"kind": "oral_statement_hrc", "issued": "2026-11-01"}, None),
        ({"kind": "upr_submission", "issued": "2026-11-01"}, None),
        ({"kind": "letter_private", "issued": "2026-11-01"}, None),
        ({"kind": "oral_statement_hrc", "reply_expected_by": "2026-11-20"}, date(2026, 11, 20)),
        ({}, None),
    ],
)
def test_a_reply_is_due_by_the_first_clock_that_fits(data: Json, due: date | None) -> None:
    assert reply_due(statement(**data)) == due


def test_a_statement_of_which_nothing_is_seen_has_no_clock() -> None:
    assert reply_due({"type": "statement.issued", "time": "2026-11-05T10:00:00Z"}) is None


def test_a_clock_without_any_day_to_begin_with_does_not_run() -> None:
    assert reply_due({"type": "statement.issued", "data": {"kind": "wgad_communication"}}) is None


def test_an_operator_may_set_other_clocks(tmp_path: Path) -> None:
    mechanism = {"name": "committee", "mechanisms": [BODY], "days": 30}
    court = {"name": "courts", "body_kinds": ["court"], "days": 10, "note": "By custom."}
    found = load_clocks(clocks(tmp_path, mechanism, court, stopped_by=["favourable"]))
    assert found.stopped_by == {"favourable"}
    letter = {"kind": "letter_private", "issued": "2026-11-01"}
    said = statement(**letter, session={"mechanism": BODY})
    assert reply_due(said, found) == date(2026, 12, 1)
    addressed = statement(**letter, addressees=["body:harbour-bar-watch.court"])
    assert reply_due(addressed, found) is None
    assert reply_due(addressed, found, lambda _: "court") == date(2026, 11, 11)
    assert (found.need_kinds, own_clocks().need_kinds) == (True, False)


def test_without_a_file_the_clocks_are_the_hubs_own(tmp_path: Path) -> None:
    assert load_clocks(None) is own_clocks()
    assert load_clocks(clocks(tmp_path)).stopped_by == own_clocks().stopped_by


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"days": 3}, "is {"),
        ({"name": "a", "days": 0}, "neither null nor 1 to"),
        ({"name": "a", "days": "60"}, "neither null nor 1 to"),
        ({"name": "a", "days": 3, "kinds": []}, "has a field besides"),
        ({"name": "a", "days": 3, "body_kinds": 5}, "is {"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_with_a_reason(
    tmp_path: Path, entry: Json, says: str
) -> None:
    with pytest.raises(ClocksRefused, match=says.replace("{", r"\{")):
        load_clocks(clocks(tmp_path, entry))


def test_a_bad_file_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsRefused, match="HUB_REPLY_CLOCKS has a bad value: the file of reply clocks cannot"
    ):
        Settings.read({"HUB_REPLY_CLOCKS": str(tmp_path / "nothing.json")})
    path = clocks(tmp_path, {"name": "a", "days": 3})
    assert Settings.read({"HUB_REPLY_CLOCKS": str(path)}).reply_clocks == path
    assert Settings.read({"HUB_REPLY_CLOCKS": ""}).reply_clocks is None


def test_a_file_that_is_no_json_or_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clocks.json").write_text("{", "utf-8")
    with pytest.raises(ClocksRefused, match="no JSON"):
        load_clocks(tmp_path / "clocks.json")
    with pytest.raises(ClocksRefused, match="cannot be read"):
        load_clocks(tmp_path / "nothing.json")
