"""From a report in the night to a signed letter: the document's own commands, then the letter on screen and paper."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest

from events.decisions.actions.texts import text_hash
from tests.running import World, admit, make_world, recording, serving

Json = Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "joint-action.md"
PLAYERS = {
    "LANTERNS": "lanterns-for-counsel",
    "HARBOUR": "harbour-bar-watch",
    "NORTHLIGHT": "northlight-law-society",
    "DOCKET": "open-docket",
    "QUILL": "quill-network",
}
ACTION = "/api/v1/actions/action:lanterns-for-counsel.N-1"
TEXT = (
    "To the Minister of Justice.\n\nWe ask you to release our colleague, who was arrested outside a court, at once.\n\n"
    "With respect"
)


@dataclass
class Night:
    """A hub on which the commands of the document have run.

    Args:
        url: of the hub.
        tokens: by the names of the document.
        out: folder with what the commands wrote.
        said: what they printed.
    """

    url: str
    tokens: Mapping[str, str]
    out: Path
    said: str

    def get(self, path: str, who: str | None = None, **more: Any) -> httpx.Response:
        shown = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        headers = {**shown, **more.pop("headers", {})}
        return httpx.get(f"{self.url}{path}", headers=headers, params=more)

    def publish(self, who: str, event_type: str, data: Json, **more: str) -> httpx.Response:
        source = f"urn:hub:partner:{PLAYERS[who]}"
        event = {"specversion": "1.0", "source": source, "type": event_type, "data": data, **more}
        shown = {"Authorization": f"Bearer {self.tokens[who]}"}
        return httpx.post(f"{self.url}/api/v1/events", json=event, headers=shown)


def commands() -> str:
    """Return the commands of the document, one after the other."""
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    return "\n".join(["set -euo pipefail", *blocks, 'echo "$QUILL" > quill\n'])


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    data = tmp_path_factory.mktemp("night")
    world: World = make_world(data, public_url="https://hub.example")
    with recording(world) as intake:
        for slug in ("lanterns-for-counsel", "northlight-law-society", "quill-network"):
            admit(intake, slug, ["responder"])
    tokens = {
        name: world.issue(name, slug, "coordinator", clearance="amber+strict")
        for name, slug in PLAYERS.items()
        # This one is made by the command of the document itself, which takes its time.
        if name != "QUILL"
    }
    out = tmp_path_factory.mktemp("out")
    with serving(world) as served:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, **tokens, "HUB": served.url, "HUB_DATA": str(data), "PATH": path}
        environment.pop("QUILL", None)
        ran = subprocess.run(
            ["bash", "-c", commands()], cwd=out, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-500:]
        tokens["QUILL"] = (out / "quill").read_text().strip()
        yield Night(served.url, tokens, out, ran.stdout)


def test_the_commands_of_the_document_end_with_a_letter_of_five(night: Night) -> None:
    assert '"quorum":{"needed":5,"have":5,"missing":0,"is_met":true}' in night.said
    assert '"as_statement":{"kind":"letter_public"' in night.said
    shown = night.get(f"{ACTION}/letter", format="json").json()
    assert [one["who"].removeprefix("partner:") for one in shown["signed"]] == [
        "northlight-law-society", "lanterns-for-counsel", "harbour-bar-watch", "open-docket", "quill-network",
    ]  # fmt: skip
    assert shown["fingerprint"] == text_hash(TEXT)
    assert shown["paragraphs"] == [[line] for line in TEXT.split("\n\n")]
    assert shown["verify"] == f"https://hub.example/verify/{shown['fingerprint']}"
    assert shown["as_statement"] is None  # the draft is for those whom its audience names


def test_on_screen_it_reads_in_its_languages_and_says_which_decides(night: Night) -> None:
    english = night.get(f"{ACTION}/letter", headers={"Accept": "text/html"})
    assert english.headers["content-language"] == "en"
    assert "This is the original. It decides." in english.text
    arabic = night.get(f"{ACTION}/letter", language="ar").text
    assert '<article class="letter" lang="ar" dir="rtl">' in arabic
    assert "فوانيس للمحامين" in arabic
    assert 'href="?language=en"' in arabic
    russian = night.get(f"{ACTION}/letter", language="ru-RU").text
    assert "Общество юристов «Северный свет»" in russian
    unknown = night.get(f"{ACTION}/letter", language="qab")
    assert unknown.headers["content-language"] == "en"
    assert night.get(f"{ACTION}/letter", language="!").status_code == 400


def test_on_paper_it_is_tagged_and_of_the_same_bytes_each_time(night: Night) -> None:
    for language, words in (
        ("en", "Northlight Law Society"),
        ("ru", "Просим немедленно освободить нашего коллегу"),
    ):
        printed = (night.out / f"letter-{language}.pdf").read_bytes()
        again = night.get(f"{ACTION}/letter", language=language, headers={"Accept": "application/pdf"})
        assert (again.headers["content-type"], again.content) == ("application/pdf", printed)
        read = pypdf.PdfReader(io.BytesIO(printed))
        root: Any = read.trailer["/Root"]
        assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, language)
        text = read.pages[0].extract_text()
        assert words in text
        assert text_hash(TEXT) in text
        assert "https://hub.example/verify/" in text
        assert read.metadata is not None
        assert "Lanterns for Counsel" in str(read.metadata.author)


def test_arabic_is_shaped_and_runs_from_the_right(night: Night) -> None:
    read = pypdf.PdfReader(io.BytesIO((night.out / "letter-ar.pdf").read_bytes()))
    root: Any = read.trailer["/Root"]
    assert root["/Lang"] == "ar"
    assert {"Amiri"} <= {font.rpartition("+")[2].partition("-")[0] for font in _fonts(read.pages[0])}
    starts: list[float] = []

    def visit(text: str, page: list[float], line: list[float], *_: Any) -> None:
        if re.search("[\u0600-\u06ff]", text):
            starts.append(page[4] + page[0] * line[4])

    read.pages[0].extract_text(visitor_text=visit)
    # Its first line begins at the right margin: nothing Arabic begins at the left one, 25 mm in.
    assert max(starts) > float(read.pages[0].mediabox.width) / 2
    assert min(starts) > 25 / 25.4 * 72 + 1


def _fonts(page: Any) -> list[str]:
    found = page["/Resources"]["/Font"]
    return [str(found[name].get_object()["/BaseFont"]).removeprefix("/") for name in found]


def test_everybody_can_verify_it_and_only_what_is_clear(night: Night) -> None:
    fingerprint = text_hash(TEXT)
    [one] = night.get(f"/verify/{fingerprint}", headers={"Accept": "application/json"}).json()["statements"]
    assert (one["statement"], one["have_facts_changed"]) == ("statement:lanterns-for-counsel.N-1", False)
    assert len(one["signatories"]) == 5
    page = night.get(f"/verify/{fingerprint}", headers={"Accept": "text/html"})
    assert "This text went out" in page.text
    assert night.get(f"/verify/{'0' * 64}").status_code == 404
    hidden = {
        "statement": "statement:lanterns-for-counsel.N-2",
        "kind": "letter_private",
        "title": {"en": "Private"},
        "about": ["case:lanterns-for-counsel.N-2"],
        "text": {"en": "Private words"},
        "sha256": text_hash("Private words"),
    }
    sent = night.publish("LANTERNS", "statement.issued", hidden, id="private", tlp="amber")
    assert sent.status_code == 201, sent.text
    for who in (None, "LANTERNS"):
        path = f"/verify/{text_hash('Private words')}"
        assert night.get(path, who, at_least=sent.json()["cursor"]).status_code == 404


def test_a_draft_is_read_by_those_it_names_and_signed_names_stay_inside(night: Night) -> None:
    text = "Keep this among us.\nSecond line"
    data = {
        "action": "action:harbour-bar-watch.N-3",
        "kind": "joint_letter",
        "lead": "partner:harbour-bar-watch",
        "purpose": "A letter in the making",
        "about": ["case:harbour-bar-watch.N-3"],
        "draft": text,
        "text_hash": text_hash(text),
        "languages": ["en"],
    }
    night.publish("HARBOUR", "action.proposed", data, id="draft-1", audience="open-docket")
    joined = {"action": data["action"], "partner": "partner:open-docket", "role": "signatory"}
    sent = night.publish(
        "DOCKET", "action.joined", {**joined, "display_name": {"en": "Open <Docket>"}}, id="draft-2"
    )
    path, cursor = f"/api/v1/actions/{data['action']}/letter", sent.json()["cursor"]
    page = night.get(path, "DOCKET", at_least=cursor)
    assert "Draft. It has not been sent." in page.text
    assert "Keep this among us.<br>Second line" in page.text
    assert "Open &lt;Docket&gt;" in page.text
    assert "/verify/" not in page.text
    assert night.get(path, "HARBOUR", format="pdf").content.startswith(b"%PDF")
    for who in (None, "QUILL"):
        assert night.get(path, who, at_least=cursor).status_code == 404
    skeleton = night.get(path, "HARBOUR", format="json").json()["as_statement"]
    assert (skeleton["sha256"], skeleton["signatories"][0]["who"]) == (text_hash(text), "partner:open-docket")
    more = {"statement": "statement:harbour-bar-watch.N-3", "title": {"en": "Out"}}
    issued = night.publish("HARBOUR", "statement.issued", {**skeleton, **more}, id="draft-3")
    assert issued.status_code == 201, issued.text
    assert "Open &lt;Docket&gt;" in night.get(path, at_least=issued.json()["cursor"]).text


def test_once_the_facts_have_changed_the_letter_and_its_verification_say_so(night: Night) -> None:
    facts = {
        "threat": "threat:quill-network.N-4",
        "targets": ["lawyer:quill-network.N-4"],
        "categories": ["liberty.arrest"],
    }
    night.publish("QUILL", "threat.reported", facts, id="fact", tlp="clear")
    data = {"action": "action:quill-network.N-4", "kind": "joint_letter", "lead": "partner:quill-network",
            "purpose": "P", "about": ["threat:quill-network.N-4"]}  # fmt: skip
    night.publish("QUILL", "action.proposed", data, id="changed-1")
    text = "Rests on a fact."
    out = {"statement": "statement:quill-network.N-4", "kind": "letter_public", "title": {"en": "T"},
           "about": ["threat:quill-network.N-4"], "action": data["action"], "facts_from": ["fact"],
           "text": {"en": text}, "sha256": text_hash(text), "addressees": ["body:quill-network.unheard"],
           "translations": [{"lang": "qaa", "url": "https://quill.example/qaa"}]}  # fmt: skip
    night.publish("QUILL", "statement.issued", out, id="changed-2")
    sent = night.publish(
        "QUILL", "record.retracted", {"about_event": "fact", "reason": "false"}, id="changed-3", tlp="clear"
    )
    assert sent.status_code == 201, sent.text
    path = "/api/v1/actions/action:quill-network.N-4/letter"
    page = night.get(path, at_least=sent.json()["cursor"]).text
    assert "Facts on which this letter rests have changed since." in page
    assert "https://quill.example/qaa" in page
    [one] = night.get(f"/verify/{text_hash(text)}").json()["statements"]
    assert one["have_facts_changed"] is True
