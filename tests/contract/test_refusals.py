"""Whatever is refused is told in the reader's language: every code has words, and pages show no English to others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.disclosure_rules import SAID
from hub.address import ValueRefused
from hub.pages.addresses import page_addresses
from hub.pages.environment import environment
from hub.pages.reasons import WORDS
from hub.pages.refusal_values import HINTED, OF_HINTS, OF_VALUES
from hub.pages.refusals import OF_ANSWERS, OF_CODES, URN, why
from hub.problems import rows
from hub.texts.languages import LANGUAGES, translations
from hub.texts.speech import speech_of
from projections.boards.support.reasons import SAYS, reason
from schemas.problem import Problem
from schemas.speaker import FORM_CODES
from tests.forms import say, send, shows
from tests.running import TestClient, World, make_world, registry

ROOT = Path(__file__).parents[2]
CODE_AT = {"Problem": 1, "DecisionRefused": 0, "_problem": 1}
"""Who makes a problem → which argument is its code."""

REMARKS = frozenset({"late", "stewards_not_told", "code", "self.code", "f'counts_as_{counted}'"})
"""What a receipt remarks is no refusal; the rest are codes by name, which are listed beside."""

GIVEN = {
    "choices": ("own", "other"), "fields": ("targets", "title"), "hub": "https://hub.example", "known": ("about", "q"),
    "near": "own", "near_field": "targets",
}  # fmt: skip
"""What stands in a sentence for a value that is no number."""

NOT_ON_PAGES = frozenset(
    {"unknown-size", "note-refused", "unknown-origin", "not-signed", "forked", "no-key", "not-found",
     "address-refused", "subscription-refused", "malformed-json"}
)  # fmt: skip
"""Answers to programs alone; what is not found is told by the page in words of its own."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


def codes() -> Iterator[str]:
    """Yield every code that the archive or a contract refuses by, as it stands in their modules."""
    for path in (*ROOT.joinpath("events").rglob("*.py"), *ROOT.joinpath("schemas").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = CODE_AT.get(name)
            if place is not None and len(node.args) > place:
                code = node.args[place]
                yield str(code.value) if isinstance(code, ast.Constant) else ast.unparse(code)
    yield from FORM_CODES
    yield from SAID


def test_every_code_has_words() -> None:
    found = set(codes()) - REMARKS
    assert len(found) > 60
    assert sorted(found - OF_CODES.keys()) == []


def test_every_answer_that_a_page_shows_has_words() -> None:
    slugs = {row.slug for row in rows().values()}
    assert sorted(slugs - OF_ANSWERS.keys() - NOT_ON_PAGES) == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_reason_is_said_with_all_its_values(language: str) -> None:
    assert WORDS.keys() == SAYS.keys()
    say_it = environment(language, registry()).filters["reason"]
    values = {
        "kinds": ("legal_defence",), "countries": ("FR",), "country": "FR", "roles": ("family",), "unit": "hours",
        "languages": ("fr",), "offered": ("es",), "urgency": "urgent", "needed_by": "2031-05-04", "last": "2031-05-05",
        "most": "1200.50", "needed": "300", "currency": "EUR", "other": "USD", "share": 40, "given": 1, "wanted": 2,
        "left": 3, "asked": 4, "within": 48, "hours": 24, "partners": ("partner:quill-network",),
        "support": "support:quill-network.s1",
    }  # fmt: skip
    for form, english in SAYS.items():
        asked = {name: value for name, value in values.items() if f"{{{name}}}" in english}
        told = str(say_it(reason(form, **asked), {}))
        assert "%(" not in told, form
        # A sum that is given once may be said twice; whatever is given is said.
        assert told.count("<bdi>") >= len(asked), form


def test_of_what_nobody_foresaw_the_words_of_the_archive_are_told_as_english() -> None:
    told = str(why(Problem("", "never_heard", "Is <odd>.", "Mend it."), speech_of("ar", registry())))
    assert told == '<span lang="en" dir="auto">Is &lt;odd&gt;. Mend it.</span>'
    assert why({"code": f"{URN}rate-limited"}, speech_of("en", registry())).startswith("That was too much")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_limits_and_codes_that_a_refusal_names_are_told_in_every_language(language: str) -> None:
    speech = speech_of(language, registry())
    for code, sentences in OF_VALUES.items():
        for text in sentences:
            values = {name: GIVEN.get(name, 1234) for name in re.findall(r"%\((\w+)\)s", text)}
            slug = code if code in OF_CODES else URN + code
            told = str(why({"code": slug, "detail": "x", "values": values}, speech))
            assert "%(" not in told, (code, text)
            assert told.count("<bdi>") >= len(values), (code, text)
            assert language == "en" or not told.startswith(text.partition("%")[0].rstrip()), (code, text)
            assert all(speech.number(one) in told for one in values.values() if isinstance(one, int))
        # Without them, the words that fit always.
        assert "%(" not in str(why({"code": slug}, speech))


def test_the_code_that_was_meant_is_told_by_its_label() -> None:
    arabic = speech_of("ar", registry())
    [problem] = [
        one
        for one in registry()
        .contract("threat.reported.v1")
        .check(
            {
                "threat": "threat:harbour-bar-watch.1",
                "targets": ["lawyer:harbour-bar-watch.1"],
                "categories": ["liberty.arest"],
            }
        )
        if one.code == "unknown_code"
    ]
    assert problem.values["near"] == "liberty.arrest"
    label = arabic.label(str(problem.values["vocabulary"]), "liberty.arrest")
    assert f"<bdi>{label}</bdi>" in str(why(problem, arabic))
    assert "liberty.arrest" not in str(why(problem, arabic))
    # What programs read is as ever.
    assert problem.as_json().keys() == {"pointer", "code", "detail", "hint"}


def test_what_a_parameter_of_a_page_would_accept_is_told_in_the_language_of_the_page() -> None:
    wrong = []
    for address in page_addresses():
        for parameter in address.parameters:
            try:
                parameter.read("?" * 201)
            except ValueRefused as refused:
                is_told = refused.code not in HINTED or refused.hint in OF_HINTS or refused.values
                wrong += [] if is_told else [(address.path, parameter.name, refused.hint)]
    assert wrong == []
    french = speech_of("fr", registry())
    told = str(why(Problem("", "wrong_form", "x", "two capital letters"), french))
    assert told.endswith(translations("fr").gettext(OF_HINTS["two capital letters"]))


def test_a_page_that_refuses_tells_the_limits_in_the_language_of_the_reader(
    client: TestClient, world: World
) -> None:
    at = {**shows(world, "observer"), "Accept-Language": "fr"}
    page = client.get("/trials?limit=999999&odd=1", headers=at)
    assert page.status_code == 400
    errors = page.text.partition("<main")[2].partition("</main>")[0]
    assert "<bdi>200</bdi>" in errors
    assert "<bdi>country</bdi>" in errors
    big = client.post("/publish/threat.reported", content=b"x=" + b"y" * 4_000_000, headers=at)
    assert big.status_code == 413
    assert re.search(r'<p class="lead">[^<]*<bdi>[^<]+</bdi> octets', big.text)


def test_a_page_tells_a_refusal_in_arabic_and_the_interface_as_ever(client: TestClient, world: World) -> None:
    at = {**shows(world, "observer"), "Accept-Language": "ar"}
    page = client.get("/trials?country=nowhere&odd=1", headers=at)
    assert page.status_code == 400
    main = page.text.partition("<main")[2].partition("</main>")[0]
    assert 'lang="en"' not in main
    for code in ("wrong_form", "unknown_parameter"):
        told = translations("ar").gettext(OF_CODES[code])
        assert told != OF_CODES[code]
        assert told in main
    answer = client.get("/api/v1/trials?odd=1", headers=world.bearer("observer")).json()
    assert answer["errors"][0]["detail"] == "This address does not know this parameter."


def test_a_form_that_is_refused_says_why_in_the_language_of_the_page(
    client: TestClient, world: World
) -> None:
    about = {
        "trial": "trial:harbour-bar-watch.t",
        "proceeding_kind": "criminal",
        "country": "QM",
        "parties": [{"who": "lawyer:harbour-bar-watch.t", "role": "defendant"}],
    }
    say(client, world, "publisher", "trial.scheduled", about)
    hearing = {"hearing": "hearing:harbour-bar-watch.h", "trial": about["trial"], "starts": "2031-05-08"}
    at = say(client, world, "publisher", "hearing.scheduled", hearing)
    place = f"/hearings/{hearing['hearing']}"
    client.get(f"{place}?at_least={at}", headers=shows(world, "publisher"))
    client.cookies.set("hub_language", "fr")
    refused = send(client, world, "publisher", f"{place}/hand-over", {"hand_over_to": "partner:no-such-body"})
    client.cookies.clear()
    assert refused.status_code == 422
    alert = refused.text.partition('role="alert"')[2].partition("</div>")[0]
    assert 'lang="en"' not in alert
    assert "The " not in alert
