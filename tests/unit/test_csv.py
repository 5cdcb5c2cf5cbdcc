import csv
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.client.exports import cells, sheet_row
from hub.client.files import Line, Reading, shapes_finder
from hub.client.naming import content_id
from hub.client.shapes import Shapes
from hub.client.sheets import SheetRefused, read_sheet
from schemas.cells import as_said
from schemas.registry import Registry

Json = Any


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture(scope="module")
def reading(registry: Registry) -> Reading:
    return Reading(shapes_finder(registry))


def sheet(reading: Reading, text: str, event_type: str | None = None) -> list[tuple[int, Json, list[Any]]]:
    return list(read_sheet(iter(text.splitlines(keepends=True)), reading.shapes_of, event_type))


def lines_of(reading: Reading, path: Path, text: str) -> list[Line]:
    path.write_text(text, encoding="utf-8")
    return list(reading.lines(str(path)))


def test_dotted_columns_become_nested_fields(reading: Reading) -> None:
    text = (
        "id,type,tlp,data.threat,data.targets[0],data.targets[1],data.place.country\n"
        "r1,threat.reported,green,threat:open-docket.1,lawyer:open-docket.1,lawyer:open-docket.2,QM\n"
    )
    assert sheet(reading, text) == [
        (
            2,
            {
                "specversion": "1.0",
                "id": "r1",
                "type": "threat.reported",
                "tlp": "green",
                "data": {
                    "threat": "threat:open-docket.1",
                    "targets": ["lawyer:open-docket.1", "lawyer:open-docket.2"],
                    "place": {"country": "QM"},
                },
            },
            [],
        )
    ]


def test_a_list_in_one_cell_is_cut_at_semicolons(reading: Reading) -> None:
    [(_, event, _)] = sheet(
        reading, "data.categories\nliberty.arrest; harassment.threat;\n", "threat.reported"
    )
    assert event["data"]["categories"] == ["liberty.arrest", "harassment.threat"]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("data.targets_count", "3", 3),
        ("data.targets_count", "3.5", 3.5),
        ("data.targets_count", "three", "three"),
        ("data.targets_count", "007", "007"),
        ("data.family_affected", "TRUE", True),
        ("data.family_affected", "no", False),
        ("data.family_affected", "perhaps", "perhaps"),
        ("data.detention.family_contact", "null", None),
        ("data.attributed_to[0].confidence", "0.7", 0.7),
        ("data.title", "42", "42"),
        ("data.title", "'=SUM(A1)", "=SUM(A1)"),
        ("data.title", "'tis true", "'tis true"),
        ("data.nowhere", "1", "1"),
        ("data.provenance.credibility", "2", "2"),
    ],
)
def test_a_cell_is_read_as_the_schema_says(reading: Reading, column: str, cell: str, value: Json) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([[column, "data.threat"], [cell, "threat:open-docket.1"]])
    [(_, event, _)] = sheet(reading, out.getvalue(), "threat.reported")
    here = event["data"]
    for step in column.removeprefix("data.").replace("[0]", ".0").split("."):
        here = here[int(step)] if step.isdigit() else here[step]
    assert here == value
    assert type(here) is type(value)


def test_a_number_or_a_code_or_nothing_each_keeps_its_type(reading: Reading) -> None:
    text = "data.observations[0].value,data.observations[1].value,data.observations[2].value\n<5,12,null\n"
    [(_, event, _)] = sheet(reading, text, "legalaid.reported")
    assert [cell["value"] for cell in event["data"]["observations"]] == ["<5", 12, None]


def test_with_a_type_the_prefix_may_be_left_out(reading: Reading) -> None:
    [(_, event, _)] = sheet(
        reading, "id,threat,place.country\n7,threat:open-docket.7,QN\n", "threat.reported"
    )
    assert event["type"] == "threat.reported"
    assert event["data"] == {"threat": "threat:open-docket.7", "place": {"country": "QN"}}


def test_semicolons_or_tabs_may_stand_between_cells(reading: Reading) -> None:
    assert (
        sheet(reading, "id;data.a;data.b\n1;x;y\n")[0][1]
        == sheet(reading, "id\tdata.a\tdata.b\n1\tx\ty\n")[0][1]
    )


def test_empty_cells_and_empty_rows_say_nothing(reading: Reading) -> None:
    rows = sheet(reading, "id,data.a,data.b\n1,,y\n,,\n2,x,\n")
    assert [(at, event["data"]) for at, event, _ in rows] == [(2, {"b": "y"}), (4, {"a": "x"})]


def test_a_row_is_named_by_the_line_it_begins_on(reading: Reading) -> None:
    rows = sheet(reading, 'id,data.a\n1,"two\nlines"\n2,x\n')
    assert [(at, event["id"]) for at, event, _ in rows] == [(2, "1"), (4, "2")]


def test_a_row_that_is_too_long_is_told(reading: Reading) -> None:
    [(_, _, problems)] = sheet(reading, "id,data.a\n1,2,3\n")
    assert [problem.code for problem in problems] == ["too_many_cells"]


def test_columns_and_cells_that_hold_nothing_say_nothing(reading: Reading) -> None:
    rows = sheet(reading, "id,,data.a,,\n1,,x,,,,\n,,,,\n2,y,x\n")
    assert [(at, event["data"], [one.code for one in problems]) for at, event, problems in rows] == [
        (2, {"a": "x"}, []), (4, {"a": "x"}, ["too_many_cells"]),
    ]  # fmt: skip


def test_a_header_may_go_over_several_lines(reading: Reading) -> None:
    rows = sheet(reading, 'id,"data.a\n","data.b\n"\n1,"x\ny",z\n2,x,"z"\n')
    assert [(at, event["data"]) for at, event, _ in rows] == [
        (4, {"a": "x\ny", "b": "z"}), (6, {"a": "x", "b": "z"}),
    ]  # fmt: skip
    with pytest.raises(SheetRefused, match="first row"):
        sheet(reading, 'id,"data.a"x\n1,2\n')


@pytest.mark.parametrize(
    "columns",
    ["data.targets,data.targets[1]", "data.targets[0],data.targets", "data.place.country,data.place"],
)
def test_a_field_that_a_row_says_twice_is_told_and_nothing_is_dropped(reading: Reading, columns: str) -> None:
    [(_, _, [problem]), (_, _, none)] = sheet(
        reading,
        f"{columns}\nlawyer:open-docket.1,lawyer:open-docket.2\nlawyer:open-docket.1,\n",
        "threat.reported",
    )
    assert (problem.code, none) == ("said_twice", [])
    assert problem.pointer.startswith(("/data/targets", "/data/place"))


def test_the_row_behind_which_nothing_was_read_says_so(reading: Reading) -> None:
    *good, (at, _, [problem]) = sheet(reading, 'id,data.a\n1,x\n2,"y"y\n3,z\n')
    assert ([event["id"] for _, event, _ in good], at) == (["1"], 3)
    assert "Nothing from here on was read" in problem.detail


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_sheet_is_read_as_its_byte_order_mark_says(reading: Reading, tmp_path: Path, mark: str) -> None:
    text = "id\tdata.a\n1\t\u0642\u0627\u0636\u064d\n"
    text = f"\ufeff{text}" if mark.endswith("e") else text
    (tmp_path / "a.tsv").write_bytes(text.encode(mark))
    [line] = reading.lines(str(tmp_path / "a.tsv"))
    assert (line.problems, line.event["data"]) == ((), {"a": "\u0642\u0627\u0636\u064d"})


def test_a_pipe_is_read_from_its_first_byte(reading: Reading, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    writing = threading.Thread(target=(tmp_path / "pipe.csv").write_text, args=("id,data.a\n1,x\n",))
    writing.start()
    [line] = reading.lines(str(tmp_path / "pipe.csv"))
    writing.join()
    assert line.event["data"] == {"a": "x"}


def test_where_a_file_ceases_to_be_text_is_told_with_what_to_do(reading: Reading, tmp_path: Path) -> None:
    rows = "".join(f"{number},x\n" for number in range(20_000))
    (tmp_path / "a.csv").write_bytes(f"id,data.a\n{rows}".encode() + "20000,\xe9\n".encode("cp1252"))
    *good, last = reading.lines(str(tmp_path / "a.csv"))
    assert last.line == good[-1].line + 1
    assert "Nothing from here on was read" in last.problems[0].detail
    assert "CSV UTF-8" in last.problems[0].detail


def test_a_quotation_mark_that_never_ends_is_told_once(reading: Reading) -> None:
    *good, (at, event, problems) = sheet(reading, 'id,data.a\n1,x\n2,"y\n')
    assert (len(good), at, event, problems[0].code) == (1, 3, None, "unreadable")


@pytest.mark.parametrize(
    ("header", "about"),
    [
        ("", "empty"),
        ("id,id\n", "same name"),
        ("colour\n", "no field"),
        ("data\n", "no field"),
        ("data.[x]\n", "no field"),
        ("[0].a\n", "no field"),
    ],
)
def test_a_header_that_means_nothing_is_refused(reading: Reading, header: str, about: str) -> None:
    with pytest.raises(SheetRefused, match=about):
        sheet(reading, header)


@pytest.mark.parametrize("said", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_a_line_that_says_what_stands_between_cells_is_understood(reading: Reading, said: str) -> None:
    rows = sheet(reading, f'{said}\r\nid;data.a,b\r\n1;"x\ny"\r\n2;z\r\n')
    assert [(at, event["data"]) for at, event, _ in rows] == [(3, {"a,b": "x\ny"}), (5, {"a,b": "z"})]
    with pytest.raises(SheetRefused, match="empty"):
        sheet(reading, f"{said}\r\n")


@pytest.mark.parametrize(
    "title", ["Threats in spring", "Threats in spring;;;", '"Threats\x1b[2J in spring",,']
)
def test_a_title_above_the_header_is_told_with_what_a_header_looks_like(reading: Reading, title: str) -> None:
    text = f"{title}\nid;threat;targets\n1;threat:open-docket.1;lawyer:open-docket.1\n"
    with pytest.raises(SheetRefused) as typed:
        sheet(reading, text, "threat.reported")
    assert 'Line 1 was read as the names of the columns: "Threats' in str(typed.value)
    assert str(typed.value).endswith("as in threat,targets,categories")
    assert str(typed.value).isprintable()
    with pytest.raises(SheetRefused, match=r"Line 2 was read.*Threats.*as in id,type,data\.threat"):
        sheet(reading, "sep=;\nThreats in spring;;\nid;data.threat\n")
    with pytest.raises(SheetRefused, match=r'"Threats in .{109}\.\.\."'):
        sheet(reading, f"Threats in spring{' and summer' * 20}\n", "threat.reported")


def test_one_known_column_is_enough_of_a_header(reading: Reading) -> None:
    [(_, event, _)] = sheet(reading, "threat,colour\nthreat:open-docket.1,red\n", "threat.reported")
    assert event["data"] == {"threat": "threat:open-docket.1", "colour": "red"}
    assert len(sheet(reading, "colour\nred\n", "no.such")) == 1


def test_columns_that_contradict_each_other_do_not_break_the_reading(reading: Reading) -> None:
    [(_, event, [problem])] = sheet(reading, "data.a,data.a.b\nx,y\n")
    assert (event["data"], problem.pointer) == ({"a": "x"}, "/data/a/b")


def test_an_id_comes_from_the_content(reading: Reading, tmp_path: Path) -> None:
    text = "type,data.threat\nthreat.reported,threat:open-docket.1\n"
    one, two = lines_of(reading, tmp_path / "a.csv", text), lines_of(reading, tmp_path / "b.csv", text)
    assert one[0].event["id"] == two[0].event["id"]
    assert one[0].event["id"].startswith("row-")
    assert content_id({"a": 1, "b": 2}) == content_id({"b": 2, "a": 1}) != content_id({"a": 2})


def test_every_worked_example_survives_the_way_through_a_sheet(registry: Registry, reading: Reading) -> None:
    for stem in registry.stems:
        contract = registry.contract(stem)
        event = {"specversion": "1.0", "id": "x", "type": contract.type, "data": contract.example}
        row = dict(cells(event, reading.shapes_of(contract.type)))
        text = (sheet_row(list(row)) + sheet_row(list(row.values()))).decode()
        [(_, back, problems)] = read_sheet(iter(text.splitlines(keepends=True)), reading.shapes_of, None)
        assert (stem, back, problems) == (stem, event, [])


def test_json_is_read_with_the_line_each_event_begins_on(reading: Reading, tmp_path: Path) -> None:
    text = '\ufeff[\n  {"specversion": "1.0", "id": "a"},\n  {"specversion": "1.0",\n   "id": "b"}\n, 5]\n'
    lines = lines_of(reading, tmp_path / "many.json", text)
    assert [(line.line, line.event and line.event["id"]) for line in lines] == [(2, "a"), (3, "b"), (5, None)]
    one = lines_of(reading, tmp_path / "one.json", '\n{"specversion": "1.0",\n "id": "a"}')
    assert [(line.line, line.event["id"]) for line in one] == [(2, "a")]
    assert lines_of(reading, tmp_path / "none.json", "[]") == []
    assert lines_of(reading, tmp_path / "open.json", '[{"id": "a"}')[0].event == {"id": "a"}


def test_ndjson_is_told_by_its_ending_or_its_first_line(reading: Reading, tmp_path: Path) -> None:
    text = '{"specversion": "1.0", "id": "a"}\n\n{"specversion": "1.0", "id": "b"}\n'
    for name in ("a.ndjson", "a.json", "a.txt"):
        lines = lines_of(reading, tmp_path / name, text)
        assert [(line.line, line.event["id"]) for line in lines] == [(1, "a"), (3, "b")]


def test_what_cannot_be_read_is_told_by_line(reading: Reading, tmp_path: Path) -> None:
    lines = lines_of(reading, tmp_path / "a.ndjson", '{"id": "a"}\n{"id": "a", "id": "b"}\n{broken\n7\n')
    assert [(line.line, [p.code for p in line.problems]) for line in lines] == [
        (1, []), (2, ["malformed_json"]), (3, ["malformed_json"]), (4, ["wrong_type"]),
    ]  # fmt: skip
    assert [line.line for line in lines_of(reading, tmp_path / "b.json", '[{"id": "a"},\n {"id":\n }]')] == [
        1,
        3,
    ]


def test_a_file_that_is_no_text_is_told(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,data.a\n\xff\xfe,x\n")
    [line] = reading.lines(str(tmp_path / "a.csv"))
    assert [problem.code for problem in line.problems] == ["not_utf8"]
    [line] = lines_of(reading, tmp_path / "b.csv", "what\n")
    assert [problem.code for problem in line.problems] == ["bad_header"]


def test_bare_payloads_become_events_of_the_given_type(registry: Registry, tmp_path: Path) -> None:
    bare = Reading(shapes_finder(registry), "threat.reported")
    [line] = lines_of(bare, tmp_path / "a.json", '{"threat": "threat:open-docket.1"}')
    assert line.event["type"] == "threat.reported"
    assert line.event["data"] == {"threat": "threat:open-docket.1"}


def test_types_are_found_through_references_and_alternatives(registry: Registry) -> None:
    shapes = shapes_finder(registry)("statement.issued")
    assert isinstance(shapes, Shapes)
    assert shapes.types(("title", "qaa")) == {"string"}
    assert shapes.types(("nowhere",)) == frozenset()
    assert "array" in shapes.types(("signatories",))
    assert shapes_finder(registry)("colour.changed") is None


def test_a_cell_that_a_spreadsheet_would_compute_is_quoted() -> None:
    assert sheet_row(["=1+1", "-5", "plain"]) == b"'=1+1,'-5,plain\n"


TEXTS = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n',;\"\uff1d\uff0b\uff0d\uff20 \u202ea1"), st.characters()),
    max_size=9,
)


@given(st.lists(TEXTS.filter(lambda one: one != ""), min_size=1, max_size=4))
@example(["x", "a;=1+1", 'a;"=1', "a;'=1", "a\t=1", "a\n@b", "a;\t-1", "a;''\"\"+1"])
def test_any_cell_is_harmless_and_read_back_as_it_was(cells_: list[str]) -> None:
    written = sheet_row(cells_).decode()
    [row] = csv.reader(io.StringIO(written, newline=""))
    assert [as_said(cell) for cell in row] == cells_
    assert not [cell for cell in row if cell[0] in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"]


@given(st.lists(TEXTS, min_size=2, max_size=4), st.sampled_from(";\t"))
@example(["x", "a;=1+1;b"], ";")
@example(["x", 'a;"=1+1;b'], ";")
@example(["x", "a\n=1+1;b"], ";")
def test_no_cell_is_a_formula_where_other_marks_stand_between_cells(cells_: list[str], mark: str) -> None:
    """Where people write a comma in numbers, programs look for semicolons in a file like this, or are told of tabs."""
    cells_ = ["x", *cells_]
    read = csv.reader(io.StringIO(sheet_row(cells_).decode(), newline=""), delimiter=mark)
    found = [cell for row in read for cell in row]
    assert not [cell for cell in found if cell[:1] in set("=+-@\uff1d\uff0b\uff0d\uff20")]


def test_standard_input_is_read(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer: Iterator[bytes] = iter([b'{"specversion": "1.0", "id": "a"}\n'])

    monkeypatch.setattr("sys.stdin", Input())
    assert [line.event["id"] for line in reading.lines("-")] == ["a"]
