"""Full text: any script, only what may be seen, nothing in a query is a command."""

from typing import Any

import pytest

from events.audience import PUBLIC
from projections.marks import Marks, read_marks_tree
from projections.sight import Sight
from projections.words import fold, phrases, snippet, texts
from schemas.contract import Mark
from tests.logs import OWNER, PARTNER, THREAT, Ask, MemoryLog


def found(sight: Sight, text: str, **options: Any) -> list[str]:
    answer = sight.search(text, **options)
    assert answer["total"] >= len(answer["hits"])
    return [hit["id"] for hit in answer["hits"]]


def titled(log: MemoryLog, title: str, **envelope: Any) -> None:
    log.add("threat.reported", {**THREAT, "title": title}, subject=THREAT["threat"], **envelope)


def test_a_hit_names_the_event_and_what_it_is_about(log: MemoryLog, ask: Ask) -> None:
    titled(log, "Arrested outside the second court", correlationid="case:harbour-bar-watch.7")
    assert ask(PARTNER).search("Second COURT") == {
        "hits": [
            {
                "source": "urn:hub:partner:harbour-bar-watch",
                "id": "e1",
                "type": "threat.reported",
                "ref": "threat:harbour-bar-watch.2026-017",
                "recorded": "2026-11-05T00:00:01.000000Z",
                "snippet": "… liberty.arrest Arrested outside the second court QM",
            }
        ],
        "total": 1,
    }
    assert found(ask(PARTNER), "case:harbour-bar-watch.7") == ["e1"]


def test_every_word_must_be_there_and_newer_events_come_first(log: MemoryLog, ask: Ask) -> None:
    titled(log, "court court court")
    titled(log, "court and hall")
    titled(log, "hall")
    assert found(ask(PARTNER), "court") == ["e2", "e1"]
    assert found(ask(PARTNER), "hall court") == ["e2"]
    assert found(ask(PARTNER), "court", limit=1, offset=1) == ["e1"]
    assert ask(PARTNER).search("court", limit=1)["total"] == 2


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Señora Núñez", "nunez"),
        ("Nunez", "Núñez"),
        ("律师被捕后失踪", "被捕"),
        ("弁護士がさらわれた", "さらわ"),
        ("ทนายความถูกจับ", "ความถูก"),
        ("ທະນາຍຄວາມ", "ຄວາມ"),
        ("មេធាវីត្រូវបានចាប់", "ត្រូវ"),
        ("ရှေ့နေဖမ်းဆီးခံရ", "ဖမ်းဆီး"),
        ("محمّد عليّ", "محمد"),
        ("वकील को गिरफ़्तार किया", "गिरफ्तार"),
        ("адвокат Ёлкин", "елкин"),
        ("Straße", "STRASSE"),
        ("변호사 체포", "체포"),
        ("again lawyer:harbour-bar-watch.77", "lawyer:harbour-bar-watch.77"),
    ],
)
def test_text_of_any_script_is_found(log: MemoryLog, ask: Ask, title: str, query: str) -> None:
    titled(log, title)
    titled(log, "Something else")
    assert found(ask(PARTNER), query) == ["e1"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        '"',
        "***",
        "a AND",
        "NEAR(",
        "words:bail",
        "bail*\x00",
        "^",
        "-",
        "\ud800",
        "(bail OR",
        "x" * 5000,
    ],
)
def test_nothing_in_a_query_is_a_command(log: MemoryLog, ask: Ask, query: str) -> None:
    titled(log, "Something else")
    assert ask(PARTNER).search(query) == {"hits": [], "total": 0}


def test_a_strict_field_is_found_only_by_those_who_may_see_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    assert found(ask(PUBLIC), "plain-clothes") == []
    assert found(ask(OWNER), "plain-clothes bail") == ["e1"]
    assert "plain" not in ask(PUBLIC).search("arrested")["hits"][0]["snippet"]
    assert "plain" in ask(OWNER).search("plain-clothes")["hits"][0]["snippet"]


def test_an_event_that_is_found_in_two_forms_is_one_hit(log: MemoryLog, ask: Ask) -> None:
    log.threat(1)
    log.threat(2)
    answer = ask(OWNER).search("bail")
    assert ([hit["id"] for hit in answer["hits"]], answer["total"]) == (["e2", "e1"], 2)
    assert all("officers" not in hit["snippet"] for hit in ask(PARTNER).search("bail")["hits"])


def test_a_strict_field_without_text_adds_nothing(log: MemoryLog, ask: Ask) -> None:
    log.add("threat.reported", {**THREAT, "narrative": {"kid": 7}})
    assert found(ask(OWNER), "bail") == ["e1"]


def test_a_field_below_the_label_of_its_event_is_found_with_it(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="amber+strict", audience="open-docket")
    assert found(ask(PARTNER), "plain-clothes bail") == ["e1"]


def test_kinds_narrow_by_the_main_reference(log: MemoryLog, ask: Ask) -> None:
    titled(log, "court")
    assert found(ask(PARTNER), "court", kinds=["threat"]) == ["e1"]
    assert found(ask(PARTNER), "court", kinds=["lawyer"]) == []


def test_a_corrected_event_is_found_by_its_new_words_alone(log: MemoryLog, ask: Ask) -> None:
    titled(log, "Arrested")
    assert found(ask(PARTNER), "arrested") == ["e1"]
    log.correct("e1", ("/title", "Détained"))
    assert found(ask(PARTNER), "arrested") == []
    assert found(ask(PARTNER), "detained") == ["e1"]


def test_a_retracted_event_is_not_found(log: MemoryLog, ask: Ask) -> None:
    titled(log, "Arrested")
    assert found(ask(PARTNER), "arrested") == ["e1"]
    log.retract("e1")
    assert found(ask(PARTNER), "arrested") == []


def test_what_a_mark_keeps_from_search_is_not_indexed() -> None:
    marks = read_marks_tree(
        (Mark("/a", searchable=False), Mark("/b/*/c", audience="red"), Mark("/b", audience="amber"))
    )
    data = {"a": "never", "b": [{"c": "deep", "d": "high"}], "n": 3, "when": "2026-11-02~", "e": "plain"}
    assert texts(data, marks) == {None: ["plain"], "amber": ["high"], "red": ["deep"]}
    assert texts(["x", {"y": "z"}], Marks()) == {None: ["x", "z"]}
    assert texts({"b": "odd", "x": 1}, marks) == {None: [], "amber": ["odd"]}
    assert texts({"b": ["odd"]}, read_marks_tree((Mark("/b/c", audience="red"),))) == {None: ["odd"]}


def test_text_that_is_found_alike_is_folded_alike() -> None:
    assert fold("Bar ÉCOLE") == fold("bar école") == "bar ecole"
    assert phrases('bar-watch "律师" !!') == ["bar-watch", "律 师"]
    assert len(phrases("a " * 50)) == 16


def test_a_snippet_is_cut_around_what_was_found() -> None:
    long = "word " * 100 + "needle in a haystack " + "word " * 100
    assert "needle" in snippet(long, ["needle"])
    assert snippet(long, ["needle"]).startswith("… ")
    assert snippet(long, ["needle"]).endswith(" …")
    assert snippet("short", ["absent"]) == "short"
    assert "needle" in snippet("x" * 300 + "needle" + "x" * 300, ["needle"])
    assert "师被" in snippet("长" * 200 + "律师被捕" + "长" * 200, ["师 被"])
