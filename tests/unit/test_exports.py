import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from events.audience import Reader
from projections.graph.exports import EXPORTS
from projections.graph.exports.gexf import as_gexf
from projections.graph.exports.graphml import as_graphml
from projections.graph.exports.sheets import as_csv, as_zip
from projections.graph.exports.shortform import as_json
from projections.graph.query import GraphQuery
from schemas.cells import as_said
from schemas.edtf import NotEdtf
from tests.folding import recorded, views_in

Json = Any

OWN = Reader("lanterns", "anna", "red")


class Made:
    """An excerpt made by hand."""

    def __init__(self, nodes: list[Json], edges: list[Json]) -> None:
        self._nodes, self._edges = nodes, edges

    def nodes(self) -> Iterator[Json]:
        return iter(self._nodes)

    dated_nodes = nodes

    def edges(self) -> Iterator[Json]:
        return iter(self._edges)


def node(ref: str, label: str, **more: Json) -> Json:
    return {"ref": ref, "kind": ref.partition(":")[0], "label": label, **more}


def edge(source: str, target: str, kind: str, since: str | None = None, until: str | None = None) -> Json:
    return {
        "from": source,
        "to": target,
        "kind": kind,
        "since": since,
        "until": until,
        "claims": 2,
        "status": "active",
    }


NASTY = "a <&\"'> \n\t b \x00\x0b\x1f\ufffe\ud800 c"
EXCERPT = Made(
    [node("lawyer:a.1", NASTY, country="QM"), node("threat:a.1", "=cmd", status={"x": 1})],
    [
        edge("threat:a.1", "lawyer:a.1", "TARGETS", "2026-11-02~"),
        edge("threat:a.1", "lawyer:a.1", "ABOUT"),
        edge("lawyer:a.1", "threat:a.1", "ABOUT"),
    ],
)


@pytest.mark.parametrize(("form", "reader"), [(as_gexf, nx.read_gexf), (as_graphml, nx.read_graphml)])
def test_networkx_reads_back_nodes_edges_and_values(form: Any, reader: Any) -> None:
    graph = reader(io.BytesIO(b"".join(form(EXCERPT))))
    assert set(graph.nodes) == {"lawyer:a.1", "threat:a.1"}
    assert graph.is_directed()
    assert graph.is_multigraph()
    said = graph.nodes["lawyer:a.1"]
    assert said["kind"] == "lawyer"
    assert said["country"] == "QM"
    assert said["label"].split() == ["a", "<&\"'>", "b", "c"]
    edges = sorted(
        (source, data["kind"], target, data["claims"]) for source, target, data in graph.edges(data=True)
    )
    assert edges == [
        ("lawyer:a.1", "ABOUT", "threat:a.1", 2),
        ("threat:a.1", "ABOUT", "lawyer:a.1", 2),
        ("threat:a.1", "TARGETS", "lawyer:a.1", 2),
    ]
    assert [data["since"] for _, _, data in graph.edges(data=True) if "since" in data] == ["2026-11-02~"]


@pytest.mark.parametrize("form", [as_gexf, as_graphml])
def test_no_control_character_leaves_in_xml(form: Any) -> None:
    text = b"".join(form(EXCERPT)).decode()
    assert not any(ord(mark) < 0x20 and mark not in "\n\t" for mark in text)
    assert "\ufffe" not in text


def test_cells_that_a_spreadsheet_would_compute_are_quoted_by_an_apostrophe() -> None:
    marks = ["=1", "+1", "-1", "@a", "\ta", "\ra", "a,b", 'a"b', "a\nb", "plain"]
    made = Made([], [edge(mark, "x", "K") for mark in marks])
    rows = list(csv.reader(io.StringIO(b"".join(as_csv(made)).decode(), newline="")))
    assert rows[0] == ["from", "kind", "to", "since", "until", "claims"]
    assert [row[0] for row in rows[1:]] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\ta",
        "'\ra",
        "a,b",
        'a"b',
        "a\nb",
        "plain",
    ]
    assert rows[1][1:] == ["K", "x", "", "", "2"]


ANY = st.text(
    st.one_of(
        st.characters(),
        st.characters(max_codepoint=0x2F),
        st.sampled_from("<>&'\"=+-@\t\r\n\u2028\ufffe\uffff\U0001fffe\ud800\udfff\uff1d"),
    ),
    max_size=12,
)
PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def allowed_in_xml(text: str) -> str:
    return "".join(
        one for one in text
        if one in "\t\n\r" or 0x20 <= ord(one) < 0xD800 or 0xE000 <= ord(one) < 0xFFFE or ord(one) > 0xFFFF
    )  # fmt: skip


@given(ANY, ANY, ANY)
def test_any_text_comes_back_from_gexf_less_what_xml_cannot_hold(label: str, status: str, end: str) -> None:
    made = Made([node("lawyer:a.1", label, status=status)], [edge("lawyer:a.1", end, "K", end)])
    root = etree.fromstring(b"".join(as_gexf(made)), PARSER)
    names = {"g": "http://gexf.net/1.3"}
    [said] = root.xpath("//g:node", namespaces=names)
    assert said.get("label") == allowed_in_xml(label)
    [value] = root.xpath("//g:node//g:attvalue[@for='status']/@value", namespaces=names)
    assert str(value) == allowed_in_xml(status)
    [tie] = root.xpath("//g:edge", namespaces=names)
    assert (tie.get("source"), tie.get("target")) == ("lawyer:a.1", allowed_in_xml(end))


@given(ANY, ANY, ANY)
def test_any_text_comes_back_from_graphml_less_what_xml_cannot_hold(
    label: str, status: str, end: str
) -> None:
    made = Made([node("lawyer:a.1", label, status=status)], [edge("lawyer:a.1", end, "K", end)])
    root = etree.fromstring(b"".join(as_graphml(made)), PARSER)
    names = {"g": "http://graphml.graphdrawing.org/xmlns"}
    said = {one.get("key"): one.text or "" for one in root.xpath("//g:node/g:data", namespaces=names)}
    assert said == {
        "node.kind": "lawyer",
        "node.label": allowed_in_xml(label),
        "node.status": allowed_in_xml(status),
    }
    [tie] = root.xpath("//g:edge", namespaces=names)
    assert (tie.get("source"), tie.get("target")) == ("lawyer:a.1", allowed_in_xml(end))
    [since] = root.xpath("//g:data[@key='edge.since']", namespaces=names)
    assert (since.text or "") == allowed_in_xml(end)


WRITABLE = ANY.map(lambda text: text.encode("utf-8", "ignore").decode())


@given(st.lists(st.tuples(WRITABLE, WRITABLE, WRITABLE), max_size=4))
def test_any_text_comes_back_from_csv_and_no_cell_is_a_formula(rows: list[tuple[str, str, str]]) -> None:
    made = Made([], [edge(start, end, kind) for start, kind, end in rows])
    [_, *read] = csv.reader(io.StringIO(b"".join(as_csv(made)).decode(), newline=""))
    cells = [cell for row in read for cell in row[:3]]
    wanted = [cell for row in rows for cell in row]
    assert len(cells) == len(wanted)
    for cell, said in zip(cells, wanted, strict=True):
        assert as_said(cell) == said
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))
    assert len(set(cells)) == len(set(wanted))


@pytest.mark.parametrize("form", [as_csv, as_zip])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_no_mark_between_cells_makes_a_formula_of_what_was_said(form: Any, mark: str) -> None:
    said = ["a;=1+1;b", 'a;"=1+1;b', "a\n=1+1;b\t@c", "a;\t-1", "a\r+1"]
    made = Made([node("lawyer:a.1", one) for one in said], [edge(one, "x", one) for one in said])
    text = b"".join(form(made))
    if form is as_zip:
        with zipfile.ZipFile(io.BytesIO(text)) as packed:
            text = b"".join(map(packed.read, packed.namelist()))
    read = csv.reader(io.StringIO(text.decode(), newline=""), delimiter=mark)
    assert not [cell for row in read for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_large_exports_come_in_pieces() -> None:
    made = Made([node(f"lawyer:a.{number}", "x" * 100) for number in range(2_000)], [])
    pieces = list(as_json(made))
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 70_000
    assert len(orjson.loads(b"".join(pieces))["nodes"]) == 2_000


def unpacked(file: bytes) -> bytes:
    if not file.startswith(b"PK"):
        return file
    with zipfile.ZipFile(io.BytesIO(file)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def threat(position: int, number: int, tlp: str, **data: Any) -> Any:
    body = {"threat": f"threat:a.{number}", "targets": ["lawyer:a.1"], "categories": [], **data}
    return recorded(position, "threat.reported", body, "lanterns", tlp=tlp)


def test_json_has_the_shape_of_the_graph(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "clear"), threat(2, 2, "amber"))
        for reader in (Reader(), Reader("lanterns", "anna", "amber")):
            sight = views.graph_of(reader)
            assert orjson.loads(b"".join(sight.export("json"))) == sight.graph(GraphQuery())


def test_what_never_leaves_in_bulk_is_left_out(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "amber"), threat(2, 2, "amber+strict"), threat(3, 3, "red"))
        sight = views.graph_of(OWN)
        assert len(sight.graph(GraphQuery())["nodes"]) == 4
        assert [node["ref"] for node in orjson.loads(b"".join(sight.export("json")))["nodes"]] == [
            "lawyer:a.1",
            "threat:a.1",
        ]
        for form in EXPORTS:
            text = unpacked(b"".join(sight.export(form)))
            assert b"threat:a.1" in text
            assert b"threat:a.2" not in text
            assert b"threat:a.3" not in text


def test_an_export_as_of_a_date_holds_the_ties_of_that_date(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        views.put(threat(1, 1, "clear", occurred="2026-11"), threat(2, 2, "clear", occurred="2026-12"))
        exported = orjson.loads(b"".join(views.graph_of().export("json", GraphQuery(as_of="2026-11-30"))))
        assert [edge["from"] for edge in exported["edges"]] == ["threat:a.1"]
        with pytest.raises(NotEdtf):
            views.graph_of().export("json", GraphQuery(as_of="never"))
        with pytest.raises(KeyError):
            views.graph_of().export("pdf")


def test_what_vanishes_during_an_export_is_left_out(tmp_path: Path) -> None:
    with views_in(tmp_path) as views:
        first, second = threat(1, 1, "clear"), threat(2, 2, "clear")
        views.put(first, second)
        pieces = views.graph_of().export("csv")
        views.drop(second, at=3)
        assert b"threat:a.2" not in b"".join(pieces)


def test_dates_are_written_alike_however_many_were_met_before(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("lawyer:a.1", "A"), node("threat:a.1", "B")]
    ties = [edge("threat:a.1", "lawyer:a.1", "TARGETS", since) for since in ("2026-01", "2026-02", "2026-01")]
    whole = b"".join(as_gexf(Made(nodes, ties)))
    monkeypatch.setattr("projections.graph.exports.gexf._MOST_WRITTEN", 1)
    assert b"".join(as_gexf(Made(nodes, ties))) == whole
    assert whole.count(b'"2026-01"') == 2
