"""What other programs demand of the exports: Gephi, networkx, spreadsheets, FollowTheMoney."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import orjson
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from projections.graph.exports import EXPORTS
from projections.graph.exports.followthemoney import as_followthemoney
from projections.graph.exports.gexf import as_gexf
from projections.graph.exports.node_link import as_node_link
from projections.graph.exports.sheets import as_csv, as_zip
from tests.folding import registry
from tests.unit.test_exports import ANY, EXCERPT, Made, edge, node

Json = Any

FOREIGN = Path(__file__).parent.parent / "foreign"
EMPTY = Made([], [])
GEXF = {"g": "http://gexf.net/1.3", "viz": "http://gexf.net/1.3/viz"}

DATES = st.sampled_from(
    [
        None, "2026", "2026-11", "2026-11-02~", "2026/..", "../2026", "2026-21", "[2026-01,2026-03]",
        "2026-11-02T10:00:00.5Z",
    ]
)  # fmt: skip


MORE: list[dict[str, Json]] = [{}, {"country": "DE"}, {"country": {"x": 1}}, {"status": "open"}]
READERS: dict[str, Any] = {"gexf": nx.read_gexf, "graphml": nx.read_graphml}


@st.composite
def excerpts(draw: st.DrawFn) -> Made:
    """Draw any nodes, and any ties between them."""
    kinds = [*sorted(registry().graph.kinds), "unheard-of"]
    refs = draw(st.lists(st.builds("{}:a.{}".format, st.sampled_from(kinds), st.integers(0, 3)), unique=True))
    nodes = [
        node(
            ref,
            draw(ANY),
            **draw(st.sampled_from(MORE)),
        )
        for ref in refs
    ]
    ends = st.sampled_from(refs) if refs else st.nothing()
    kind = st.sampled_from([*sorted(registry().graph.ties), "UNHEARD_OF"])
    ties = draw(st.lists(st.builds(edge, ends, ends, kind, DATES, DATES), max_size=8, unique_by=repr))
    return Made(nodes, ties)


def written(form: Any, excerpt: Any) -> bytes:
    return b"".join(form(excerpt))


def ties_of(excerpt: Made) -> list[tuple[str, str, str]]:
    return sorted((one["from"], one["to"], one["kind"]) for one in excerpt.edges())


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        (None, None, None, None),
        ("2026", "2026-11", "2026-01-01", "2026-11-30"),
        ("2026-11-02~", None, "2026-11-02", None),
        (None, "2026-11?", None, "2026-11-30"),
        ("2026-05/2026-07", None, "2026-05-01", None),
        ("../2026-07", "2026/..", None, None),
        ("2026", "2025", "2026-01-01", None),
        ("2026-11-02T10:00:00.5Z", None, "2026-11-02", None),
        ("soon", "later", None, None),
    ],
)
def test_gexf_has_intervals_with_open_ends(
    since: str | None, until: str | None, start: str | None, end: str | None
) -> None:
    root = etree.fromstring(written(as_gexf, Made([], [edge("a", "b", "K", since, until)])))
    graph = root.find("g:graph", GEXF)
    assert graph is not None
    assert [graph.get(name) for name in ("mode", "timeformat", "timerepresentation")] == [
        "dynamic",
        "date",
        "interval",
    ]
    [tie] = root.iterfind(".//g:edge", GEXF)
    assert (tie.get("start"), tie.get("end")) == (start, end)
    said = {one.get("for"): one.get("value") for one in tie.iterfind(".//g:attvalue", GEXF)}
    assert (said.get("since"), said.get("until")) == (since, until)


def test_a_date_is_read_once_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.graph.exports.days._MOST_KNOWN", 1)
    ties = [edge("a", "b", "K", day) for day in ("2026-11-01", "2026-11-02", "2026-11-01")]
    root = etree.fromstring(written(as_gexf, Made([], ties)))
    assert [one.get("start") for one in root.iterfind(".//g:edge", GEXF)] == [
        "2026-11-01",
        "2026-11-02",
        "2026-11-01",
    ]


def test_gexf_colours_nodes_by_their_kind() -> None:
    kinds = sorted(registry().graph.kinds)
    made = Made([node(f"{kind}:a.1", "x") for kind in [*kinds, "unheard-of"]], [])
    root = etree.fromstring(written(as_gexf, made))
    found = [tuple(one.get(part) for part in "rgb") for one in root.iterfind(".//viz:color", GEXF)]
    assert len(found) == len(kinds) + 1
    assert len(set(found)) >= 18


@given(excerpts())
def test_networkx_reads_node_link_back(excerpt: Made) -> None:
    if any(0xD800 <= ord(mark) < 0xE000 for one in excerpt.nodes() for mark in one["label"]):
        return
    data = orjson.loads(written(as_node_link, excerpt))
    graph = nx.node_link_graph(data, edges="links")
    assert graph.is_directed()
    assert graph.is_multigraph()
    assert dict(graph.nodes(data="label")) == {one["ref"]: one["label"] for one in excerpt.nodes()}
    assert sorted(tuple(one) for one in graph.edges) == sorted(set(ties_of(excerpt)))
    assert nx.node_link_data(graph, edges="links").keys() == data.keys()


@given(excerpts())
def test_networkx_reads_the_xml_forms_back(excerpt: Made) -> None:
    for form, read in READERS.items():
        graph = read(io.BytesIO(written(EXPORTS[form], excerpt)))
        assert set(graph.nodes) == {one["ref"] for one in excerpt.nodes()}
        found = sorted((start, end, data["kind"]) for start, end, data in graph.edges(data=True))
        assert found == ties_of(excerpt)


@pytest.mark.parametrize("form", EXPORTS)
def test_an_empty_graph_is_a_file_too(form: str) -> None:
    text = written(EXPORTS[form], EMPTY)
    if form in READERS:
        assert len(READERS[form](io.BytesIO(text))) == 0
    elif form == "zip":
        assert sheets(text) == {"nodes.csv": [], "edges.csv": []}
    else:
        assert (
            text
            == {
                "json": b'{"nodes":[\n],"edges":[\n],"truncated":0}\n'.replace(b"\n]", b"]"),
                "csv": b"from,kind,to,since,until,claims\r\n",
                "node-link": b'{"directed":true,"multigraph":true,"graph":{},"nodes":[],"links":[]}\n',
                "ftm": b"",
            }[form]
        )


def sheets(text: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(text)) as packed:
        assert packed.testzip() is None
        read = {name: packed.read(name).decode() for name in packed.namelist()}
    return {name: list(csv.DictReader(io.StringIO(said, newline=""))) for name, said in read.items()}


def test_the_zip_holds_nodes_and_ties_and_no_formula() -> None:
    made = Made(
        [node("lawyer:a.1", "=1+1", country="QM"), node("threat:a.1", 'x,"y"\n', status={"x": 1})],
        [edge("threat:a.1", "lawyer:a.1", "TARGETS", "2026")],
    )
    text = written(as_zip, made)
    assert sheets(text) == {
        "nodes.csv": [
            {"ref": "lawyer:a.1", "kind": "lawyer", "label": "'=1+1", "country": "QM", "status": ""},
            {"ref": "threat:a.1", "kind": "threat", "label": 'x,"y"\n', "country": "", "status": '{"x":1}'},
        ],
        "edges.csv": [
            {"from": "threat:a.1", "kind": "TARGETS", "to": "lawyer:a.1", "since": "2026", "until": "", "claims": "2",
             "status": "active"},
        ],
    }  # fmt: skip
    assert written(as_zip, made) == text


class Endless:
    """An excerpt that counts how much of it was read."""

    def __init__(self) -> None:
        self.read = 0

    def nodes(self) -> Iterator[Json]:
        return iter([node("a:1", "x"), node("a:2", "y")])

    dated_nodes = nodes

    def edges(self) -> Iterator[Json]:
        while True:
            self.read += 1
            yield edge("a:1", f"a:{self.read * 7919 % 1_000_003}", "K", "2026-11-02")


@pytest.mark.parametrize("form", EXPORTS)
def test_pieces_leave_while_the_graph_is_read(form: str) -> None:
    endless = Endless()
    pieces = EXPORTS[form](endless)
    sizes = [len(next(pieces)) for _ in range(12)]
    assert max(sizes) < 140_000
    assert endless.read < 60_000


FACTS: Json = orjson.loads((FOREIGN / "followthemoney.json").read_bytes())
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def entities(excerpt: Any) -> dict[str, Json]:
    lines = written(as_followthemoney, excerpt).splitlines()
    return {one["id"]: one for one in map(orjson.loads, lines)}


def wrong_with(one: Json, others: dict[str, Json]) -> list[str]:
    """Return what FollowTheMoney would refuse of an entity."""
    schema = FACTS["schemata"][one["schema"]]
    said = one["properties"]
    found = [f"no {name}" for name in schema["required"] if not said.get(name)]
    found += [] if re.match(FACTS["id"], one["id"]) else ["id"]
    for name, values in said.items():
        wanted = schema["properties"].get(name)
        for value in values:
            if not _is_right(wanted, value, others):
                found.append(f"{name}: {value!r}")
    return found


def _is_right(wanted: str | None, value: str, others: dict[str, Json]) -> bool:
    if wanted in FACTS["schemata"] or wanted in ("Thing", "LegalEntity"):
        return value in others and wanted in FACTS["schemata"][others[value]["schema"]]["is_a"]
    if wanted == "date":
        return DATE.fullmatch(value) is not None
    if wanted == "country":
        return value in FACTS["countries"]
    return wanted is not None and bool(value.strip()) and value.isprintable()


@given(excerpts())
def test_followthemoney_takes_every_entity(excerpt: Made) -> None:
    made = entities(excerpt)
    assert {ref for one in made.values() for ref in one["properties"].get("keywords", ())[:1]} == {
        one["ref"] for one in excerpt.nodes()
    }
    for one in made.values():
        wrong = [said for said in wrong_with(one, made) if not said.startswith(("name: ", "title: "))]
        assert wrong == []
    assert len(made) == len(list(excerpt.nodes())) + len(set(ties_of(excerpt)))


def test_every_country_that_we_write_is_known_to_followthemoney() -> None:
    assert {one.alpha_2.lower() for one in pycountry.countries} <= set(FACTS["countries"])


def test_ties_become_the_entities_that_fit() -> None:
    refs = [
        "lawyer:a.1",
        "body:a.1",
        "partner:docket",
        "trial:a.1",
        "action:a.1",
        "statement:a.1",
        "place:DE-BE",
    ]
    lawyer, body, partner, trial, action, statement, place = refs
    ties = [
        edge(lawyer, body, "MEMBER_OF", "2020", "2026-11?"),
        edge(lawyer, partner, "REPRESENTED_BY"),
        edge(body, partner, "SUCCEEDED_BY", "2026-11-02T10:00:00Z"),
        edge(lawyer, trial, "PARTY_TO"),
        edge(trial, body, "BEFORE"),
        edge(partner, action, "JOINS", "2026-21"),
        edge(action, partner, "PROPOSED_BY"),
        edge(statement, lawyer, "ABOUT"),
        edge(partner, statement, "SIGNED"),
        edge(action, lawyer, "ABOUT"),
        edge(lawyer, place, "PRACTISES_IN"),
    ]
    made = entities(Made([node(ref, "Name") for ref in refs], ties))
    assert {name: one["schema"] for name, one in list(made.items())[:7]} == {
        "lawyer-a.1": "Person",
        "body-a.1": "Organization",
        "partner-docket": "Organization",
        "trial-a.1": "CourtCase",
        "action-a.1": "Project",
        "statement-a.1": "Document",
        "place-DE-BE": "Address",
    }
    assert made["place-DE-BE"]["properties"] == {"keywords": [place], "full": ["DE-BE"], "country": ["de"]}
    first, *others = list(made.values())[7:]
    assert first["properties"] == {
        "member": ["lawyer-a.1"], "organization": ["body-a.1"], "role": ["MEMBER_OF"], "status": ["active"],
        "summary": ["2 claims"], "startDate": ["2020"], "endDate": ["2026-11"],
    }  # fmt: skip
    assert [one["schema"] for one in (first, *others)] == [
        "Membership", "Representation", "Succession", "CourtCaseParty", "CourtCaseParty", "ProjectParticipant",
        "ProjectParticipant", "Documentation", "Documentation", "UnknownLink", "UnknownLink",
    ]  # fmt: skip
    assert others[0]["properties"]["agent"] == ["partner-docket"]
    assert others[1]["properties"]["startDate"] == ["2026-11-02"]
    assert others[3]["properties"]["party"] == ["body-a.1"]
    assert others[4]["properties"]["startDate"] == ["2026-03-01"]
    assert all(wrong_with(one, made) == [] for one in made.values())


def test_what_followthemoney_could_not_hold_is_written_otherwise() -> None:
    odd = ["threat:a.b_c", "threat:a.b-c", "standard:un-bprl:16.c", f"threat:a.{'x' * 160}"]
    made = entities(Made([node(ref, "\u202e\x00 \n") for ref in odd], []))
    assert len(made) == 4
    assert [one["properties"]["keywords"][0] for one in made.values()] == odd
    assert made["threat-a.b-c"]["properties"]["name"] == ["threat:a.b-c"]
    assert all(wrong_with(one, made) == [] for one in made.values())
    [event] = entities(
        Made([node("threat:a.1", "x", since="2026-11-02", status="open", country="QM")], [])
    ).values()
    assert event["properties"] == {
        "keywords": ["threat:a.1", "open"],
        "name": ["x"],
        "startDate": ["2026-11-02"],
    }
    [tie] = entities(Made([], [{**edge("a:1", "b:1", "K"), "claims": 1}])).values()
    assert tie["properties"]["summary"] == ["1 claim"]


def test_strange_characters_pass_through_every_text_form() -> None:
    label = "律師 <&> \u200cنام \U0001f600"
    made = Made([node("lawyer:a.1", label)], [])
    assert nx.read_gexf(io.BytesIO(written(as_gexf, made))).nodes["lawyer:a.1"]["label"] == label
    assert orjson.loads(written(as_node_link, made))["nodes"][0]["label"] == label
    assert sheets(written(as_zip, made))["nodes.csv"][0]["label"] == label
    assert entities(made)["lawyer-a.1"]["properties"]["name"] == [label]
    assert written(as_csv, EXCERPT).count(b"\r\n") == 4
