"""`/publish`: a form for every type, made from its contract, that publishes without scripts."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.running import TestClient, World, admit, calling, example, make_world, recording, registry

HUB = {"Origin": "http://hub.test"}
ROLES = ["monitor", "observer", "bar", "legal_aid_provider", "responder", "policy", "verifier", "steward"]
STEMS = registry().stems
THREAT = {
    "data/threat": ["threat:harbour-bar-watch.f1"],
    "data/targets/0": ["lawyer:harbour-bar-watch.f2"],
    "data/categories": ["liberty.arrest"],
}


class Fields(HTMLParser):
    """What a browser without scripts would send of a form, and which names there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self._select = self._area = ""
        self._in_form = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name = said.get("name") or ""
        if tag == "form":
            self._in_form = "data-form" in said
        if not self._in_form:
            return
        if tag in {"input", "select", "textarea"}:
            self.names.add(name)
        if tag == "input" and (said.get("type") not in {"checkbox", "radio"} or "checked" in said):
            self._put(name, said.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in said:
            self._put(self._select, said.get("value") or "")
        elif tag == "textarea":
            self._area = name
            self._put(name, "")

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][-1] += data

    def _put(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


class Kept(Fields):
    """What a browser would send of a form that was not opened by its account."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, [*attrs, ("data-form", "")] if tag == "form" else attrs)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    with recording(made) as intake:
        admit(intake, "quill-network", ROLES)
        admit(intake, "every-role", ROLES)
    made.issue("all", "quill-network", "steward", clearance="red")
    made.issue("examples", "every-role", "publisher", clearance="red")
    made.issue("little", "open-docket", "observer", clearance="green")
    made.issue("cleared", "open-docket", "coordinator", clearance="amber+strict")
    return made


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with calling(world, follow_redirects=False) as opened:
        yield opened


def signed_in(client: TestClient, world: World, name: str) -> TestClient:
    client.cookies.clear()
    assert client.post("/sign-in", data={"token": world.tokens[name]}, headers=HUB).status_code == 303
    return client


def typed(value: Any, names: set[str], path: str = "data") -> dict[str, list[str]]:
    """Return a payload as somebody fills it into a form that has fields of these names."""
    if isinstance(value, dict):
        is_map = f"{path}/0/key" in names
        made: dict[str, list[str]] = {}
        for row, (key, inner) in enumerate(value.items()):
            if is_map:
                made[f"{path}/{row}/key"] = [key]
            made |= typed(inner, names, f"{path}/{row}/value" if is_map else f"{path}/{key}")
        return made
    if isinstance(value, list) and path in names and f"{path}/0" not in names:
        if all(isinstance(one, str) for one in value) and not path.endswith("/to"):
            return {path: value}
    elif isinstance(value, list):
        rows = [
            typed(one, names | {name.replace(f"{path}/0", f"{path}/{no}") for name in names}, f"{path}/{no}")
            for no, one in enumerate(value)
        ]
        return {name: said for row in rows for name, said in row.items()}
    return {path: [value if isinstance(value, str) else json.dumps(value)]}


def post(client: TestClient, event_type: str, form: dict[str, list[str]], act: str = "check") -> Any:
    return client.post(f"/publish/{event_type}", data={**form, "act": act}, headers=HUB)


def mine(stem: str) -> Any:
    """Return an example as a partner that holds every role would say it now, about what it said before."""
    said = json.dumps(example(stem)).replace("harbour-bar-watch", "every-role")
    said = said.replace("action:northlight-law-society.2026-012", "action:every-role.2026-005")
    data = json.loads(re.sub(r"202([678])-(?=\d\d-\d\d)", lambda one: f"203{int(one[1]) - 5}-", said))
    if stem == "action.joined.v1":
        data["text_hash"] = example("action.proposed.v1")["text_hash"]
    if stem == "erasure.executed.v1":
        data["role"] = "recipient_ack"
    return data


def sets_sorted(value: Any) -> Any:
    """Return a payload whose lists of codes are sorted: a form shows them in the order of their vocabulary."""
    if isinstance(value, dict):
        return {name: sets_sorted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, str)]
        return sorted(texts) if len(texts) == len(value) else [sets_sorted(one) for one in value]
    return value


LAST = (
    "action.joined.v1", "action.left.v1", "action.completed.v1", "support.matched.v1", "support.delivered.v1",
    "consent.recorded.v1", "consent.withdrawn.v1", "erasure.executed.v1", "partner.suspended.v1",
)  # fmt: skip
"""Decisions that rest on others."""


def test_every_type_has_a_form_that_publishes_its_example(client: TestClient, world: World) -> None:
    signed_in(client, world, "examples")
    for stem in (*(one for one in STEMS if one not in LAST), *LAST):
        event_type, data = stem.rpartition(".v")[0], mine(stem)
        empty = client.get(f"/publish/{event_type}")
        assert empty.status_code == 200, stem
        checked = post(client, event_type, typed(data, Fields(empty.text).names))
        shown = Fields(checked.text).values
        sent = post(client, event_type, shown, "send")
        assert sent.status_code == 303, (stem, re.findall(r'id="problems".*?</div>', sent.text, re.S))
        told = client.get(
            f"/api/v1/events/urn:hub:partner:every-role/{shown['id'][0]}",
            params={"at_least": sent.headers["location"].rpartition("=")[2]},
        )
        assert stem == "partner.suspended.v1" or sets_sorted(told.json()["event"]["data"]) == sets_sorted(
            data
        ), stem


def test_bad_input_shows_every_problem_at_its_field_and_loses_nothing(
    client: TestClient, world: World
) -> None:
    signed_in(client, world, "all")
    form = {
        "data/threat": ["threat:nobody"],
        "data/targets/0": ["lawyer:quill-network.1"],
        "data/targets/1": ["Anna"],
        "data/targets_count": ["many"],
        "data/occurred": ["3/4/26"],
        "data/narrative": ["What <b>happened</b>"],
        "data/attributed_to/0/confidence": ["2"],
        "audience_more": ["NOT A SLUG"],
        "notbefore": ["soon"],
    }
    answer = post(client, "threat.reported", form)
    assert answer.status_code == 422
    for place in ("threat", "targets.1", "targets_count", "occurred"):
        assert re.search(rf'id="data\.{place}"[^>]*aria-invalid="true"', answer.text), place
        assert f'<a href="#data.{place}">' in answer.text
    for place in ("data.categories", "data.attributed_to.0", "audience", "notbefore"):
        assert f'href="#{place}' in answer.text, place
    kept = Fields(answer.text).values
    assert {name: kept[name] for name in form} == form
    assert client.get("/api/v1/threats").json()["total"] == client.get("/api/v1/threats").json()["total"]
    assert "<b>" not in answer.text


def test_rows_are_added_and_removed_without_scripts(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    form = {"data/threat": ["threat:quill-network.r"], "data/targets/0": ["lawyer:quill-network.1"]}
    more = Fields(post(client, "threat.reported", form, "add data/targets").text)
    assert {"data/targets/0", "data/targets/1"} <= more.names
    both = {**form, "data/targets/1": ["lawyer:quill-network.2"]}
    left = Fields(post(client, "threat.reported", both, "remove data/targets/0").text)
    assert left.values["data/targets/0"] == ["lawyer:quill-network.2"]
    assert "data/targets/1" not in left.names


READERS = ("publisher", "docket", "cleared", "all", "little", "")
SAID = {
    "clear": ("Everybody", {"publisher", "docket", "cleared", "all", "little", ""}),
    "green": ("All partners", {"publisher", "docket", "cleared", "all", "little"}),
    "amber": ("People of any partner who are cleared for amber", {"publisher", "docket", "cleared", "all"}),
    "amber open-docket": (
        "cleared for amber or more, of your own organisation and of: open-docket",
        {"docket", "cleared", "all"},
    ),
    "amber+strict": ("Only people of your own organisation who are cleared for amber+strict", {"all"}),
    "amber+strict open-docket": (
        "cleared for amber+strict or more, of your own organisation and of: open-docket",
        {"cleared", "all"},
    ),
    "red": ("Only people of your own organisation who are cleared for red", {"all"}),
}
"""Label and audience → what the page says, and which accounts really see it; "" is the public."""


def test_the_preview_says_truly_who_will_see_it(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    for number, (label, (said, seen)) in enumerate(SAID.items()):
        tlp, _, audience = label.partition(" ")
        form = {
            **THREAT,
            "data/threat": [f"threat:quill-network.p{number}"],
            "data/narrative": ["Sealed"],
            "data/protection/consent_level": ["C5"],
            "tlp": [tlp],
            "audience": [audience],
        }
        checked = post(client, "threat.reported", form)
        ready = re.findall(r"<dd>(.*?)</dd>", checked.text)
        assert said in ready[0], (label, ready)
        strict = len(ready) > 1 and "cleared for amber+strict" in ready[1]
        assert strict == (tlp in {"clear", "green", "amber"}), label
        sent = post(client, "threat.reported", Fields(checked.text).values, "send")
        event = sent.headers["location"].partition("?")[0].removeprefix("/published/")
        cursor = sent.headers["location"].rpartition("=")[2]
        assert really(world, client, event, cursor) == seen, label


def really(world: World, client: TestClient, event: str, cursor: str) -> set[str]:
    """Return which accounts get an event."""
    address = f"/api/v1/events/urn:hub:partner:quill-network/{event}"
    session = dict(client.cookies)
    client.cookies.clear()
    seen = {
        name
        for name in READERS
        if client.get(
            address, params={"at_least": cursor}, headers=world.bearer(name) if name else {}
        ).status_code
        == 200
    }
    client.cookies.update(session)
    return seen


def test_no_label_is_looser_than_the_person_allowed(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    loose = post(client, "threat.reported", {**THREAT, "tlp": ["clear"]}, "send")
    assert loose.status_code == 422
    assert "The person concerned has not allowed that" in loose.text
    allowed = {**THREAT, "tlp": ["green"], "data/protection/consent_level": ["C2"]}
    assert "Everything is in order" in post(client, "threat.reported", allowed).text


def test_whoever_may_not_publish_gets_no_form(client: TestClient, world: World) -> None:
    for name in ("", "observer"):
        client.cookies.clear()
        if name:
            signed_in(client, world, name)
        assert "data-form" not in client.get("/publish/threat.reported").text
        assert "/publish/threat.reported" not in client.get("/publish").text
        assert post(client, "threat.reported", THREAT, "send").status_code == 403
        assert client.get("/published/anything").status_code == 404
    signed_in(client, world, "docket")
    assert "data-form" in client.get("/publish/threat.reported").text
    # The role of its partner does not allow that one.
    assert "data-form" not in client.get("/publish/partner.admitted").text
    assert client.get("/publish/no.such").status_code == 404


def test_a_form_is_published_by_the_account_that_opened_it_or_by_nobody(
    client: TestClient, world: World
) -> None:
    signed_in(client, world, "publisher")
    text = 'Seen by two.\nThen "nothing" & silence.'
    said = {
        "data/threat": ["threat:6f1a3c1e-6b1d-4b8e-9d7e-0a1b2c3d4e5f"],
        "data/targets/0": ["lawyer:6f1a3c1e-6b1d-4b8e-9d7e-0a1b2c3d4e50"],
        "data/categories": ["liberty.arrest"],
        "data/narrative": [text],
    }
    opened = Fields(client.get("/publish/threat.reported").text).values
    checked = Fields(post(client, "threat.reported", {**opened, **said}).text).values
    for name in ("", "docket"):  # the session ended; somebody else signed in from another tab
        client.cookies.clear()
        if name:
            signed_in(client, world, name)
        answer = post(client, "threat.reported", checked, "send")
        assert (answer.status_code, "Nothing was sent" in answer.text) == (403, True)
        left = Kept(answer.text).values
        assert [left[key] for key in said] == list(said.values())
        assert client.get(f"/published/{checked['id'][0]}").status_code == 404
    # Whoever goes on, sees first as whom, and who will read it.
    again = post(client, "threat.reported", left)
    assert "Everything is in order" in again.text
    assert Fields(again.text).values["owner"] != checked["owner"]
    signed_in(client, world, "publisher")
    assert post(client, "threat.reported", checked, "send").status_code == 303
    mine = f"/correct/{checked['id'][0]}"
    correction = Fields(client.get(mine).text).values
    client.cookies.clear()
    answer = client.post(mine, data={**correction, "data/narrative": ["Right."], "act": "send"}, headers=HUB)
    assert (answer.status_code, Kept(answer.text).values["data/narrative"]) == (403, ["Right."])


def test_types_are_found_by_words(client: TestClient, world: World) -> None:
    signed_in(client, world, "docket")
    found = client.get("/publish", params={"q": "hearing  LET in"}).text
    assert "/publish/hearing.reported" not in client.get("/publish", params={"q": "zebra"}).text
    assert "Nothing that you may publish fits" in client.get("/publish", params={"q": "zebra"}).text
    assert "/publish/threat.reported" not in found


def test_one_form_is_published_once_and_says_what_is_next(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    form = {**THREAT, "data/threat": ["threat:quill-network.once"], "id": ["once"]}
    first = post(client, "threat.reported", form, "send")
    again = post(client, "threat.reported", form, "send")
    assert first.headers["location"] == again.headers["location"]
    changed = post(client, "threat.reported", {**form, "data/targets/0": ["lawyer:quill-network.3"]}, "send")
    assert changed.status_code == 422
    assert "This form was sent before" in changed.text
    page = client.get(first.headers["location"]).text
    assert "/api/v1/events/urn:hub:partner:quill-network/once" in page
    assert "/publish/threat.updated?about=threat:quill-network.once" in page
    begun = Fields(client.get("/publish/threat.updated?about=threat:quill-network.once").text)
    assert begun.values["data/threat"] == ["threat:quill-network.once"]
    assert Fields(client.get("/publish/record.retracted?event=once").text).values["data/about_event"] == [
        "once"
    ]


def test_an_event_of_ones_own_is_corrected_by_its_form(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    form = {
        **THREAT,
        "data/threat": ["threat:quill-network.c"],
        "data/occurred": ["2031-05-01"],
        "id": ["to correct"],
    }
    cursor = post(client, "threat.reported", form, "send").headers["location"].rpartition("=")[2]
    address = "/correct/to%20correct"
    shown = Fields(client.get(address, params={"at_least": cursor}).text).values
    assert shown["data/occurred"] == ["2031-05-01"]

    def correct(act: str, **changed: list[str]) -> Any:
        return client.post(address, data={**shown, **changed, "act": act}, headers=HUB)

    assert "Nothing is changed yet" in correct("check").text
    emptied = correct("check", **{"data/occurred": [""]})
    assert (emptied.status_code, "cannot empty" in emptied.text) == (422, True)
    bad = correct("check", **{"data/occurred": ["3/4/26"], "correction/reason": ["wrong_date"]})
    assert re.search(r'id="data\.occurred"[^>]*aria-invalid="true"', bad.text)
    right = correct("check", **{"data/occurred": ["2 May 2031"], "correction/reason": ["wrong_date"]})
    assert "Everything is in order" in right.text
    sent = client.post(address, data={**Fields(right.text).values, "act": "send"}, headers=HUB)
    assert sent.status_code == 303
    told = client.get(
        "/api/v1/events/urn:hub:partner:quill-network/to correct",
        params={"at_least": sent.headers["location"].rpartition("=")[2]},
    ).json()
    assert told["event"]["data"]["occurred"] == "2031-05-02"
    signed_in(client, world, "docket")
    assert client.get(address).status_code == 404


def test_a_correction_takes_nothing_back_that_was_said_after_its_form_was_opened(
    client: TestClient, world: World
) -> None:
    signed_in(client, world, "all")
    form = {
        **THREAT,
        "data/threat": ["threat:quill-network.d"],
        "data/occurred": ["2031-05-01"],
        "id": ["twice"],
    }
    cursor = post(client, "threat.reported", form, "send").headers["location"].rpartition("=")[2]
    address, reason = "/correct/twice", {"correction/reason": ["wrong_date"]}
    # Two opened the form at once, or one opened it at a hub that had not heard of the first correction.
    first = second = Fields(client.get(address, params={"at_least": cursor}).text).values

    def correct(act: str, shown: Any, **changed: list[str]) -> Any:
        return client.post(address, data={**shown, **reason, **changed, "act": act}, headers=HUB)

    sent = correct("send", first, **{"data/occurred": ["2031-05-02"]})
    assert sent.status_code == 303
    client.get("/healthz", params={"at_least": sent.headers["location"].rpartition("=")[2]})
    named = {"data/narrative": ["They came at night."]}
    second = {**second, "id": ["another"]}
    more = Fields(correct("add data/targets", second, **named).text).values
    for late in (second, more):
        refused = correct("send", late, **named)
        assert (refused.status_code, "reads differently since you opened the form" in refused.text) == (
            422,
            True,
        )
    # Whoever has compared goes on with what stands on the form.
    now = {**Fields(refused.text).values, "data/occurred": ["2031-05-02"]}
    sent = correct("send", now, **named)
    assert sent.status_code == 303, sent.text
    told = client.get(
        "/api/v1/events/urn:hub:partner:quill-network/twice",
        params={"at_least": sent.headers["location"].rpartition("=")[2]},
    ).json()["event"]["data"]
    assert (told["occurred"], told["narrative"]) == ("2031-05-02", "They came at night.")


def test_a_date_is_said_in_words(client: TestClient) -> None:
    said = client.get("/in-words", params={"said": "March or April 2026"}).json()
    assert said == {"edtf": "[2026-03,2026-04]", "words": "one of these: March 2026, April 2026"}
    assert client.get("/in-words", params={"said": "3/4/26"}).json() == {"edtf": None, "words": ""}


def test_the_courtroom_is_the_same_page_for_everybody(client: TestClient, world: World) -> None:
    client.cookies.clear()
    public = client.get("/courtroom")
    assert public.status_code == 200
    signed_in(client, world, "all")
    assert client.get("/courtroom").content == public.content
    manifest = client.get("/hub.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    for icon in manifest.json()["icons"]:
        assert client.get(icon["src"]).headers["content-type"] == icon["type"]
    worker = client.get("/sw.js")
    assert (worker.status_code, worker.headers["cache-control"]) == (200, "no-cache")
    assert "worker-src 'self'" in public.headers["content-security-policy"]


def test_the_preview_says_what_else_counts(client: TestClient, world: World) -> None:
    signed_in(client, world, "docket")
    later = {**THREAT, "notbefore": ["2031-05-05T12:00"], "tlp": ["red"], "audience_more": ["every-role"]}
    text = post(client, "threat.reported", later).text
    for said in ("Until May 5, 2031", "you will not see it yourself", "This label is for named accounts"):
        assert said in text, said
    named = post(
        client, "threat.reported", {**THREAT, "tlp": ["red"], "audience_more": ["every-role/anna"]}
    ).text
    assert "these accounts, if they are: every-role/anna" in named
    part = post(client, "threat.reported", {**THREAT, "data/narrative": ["Sealed"]}).text
    assert "you will not see these fields yourself" in part
    person = {"data/lawyer": ["lawyer:open-docket.1"], "data/identity/names/0/full": ["Anna"]}
    assert (
        "What the person allowed or took back before counts too"
        in post(client, "lawyer.profiled", person).text
    )


def test_rows_of_a_correction_are_added_and_removed(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    both = {
        **THREAT,
        "data/targets/1": ["lawyer:quill-network.2"],
        "data/threat": ["threat:quill-network.rows"],
    }
    cursor = (
        post(client, "threat.reported", {**both, "id": ["rows"]}, "send")
        .headers["location"]
        .rpartition("=")[2]
    )
    shown = Fields(client.get("/correct/rows", params={"at_least": cursor}).text).values

    def act(said: str, **more: Any) -> Any:
        return client.post("/correct/rows", data={**shown, **more, "act": said}, headers=HUB)

    assert "data/targets/2" in Fields(act("add data/targets").text).names
    assert "data/targets/1" not in Fields(act("remove data/targets/1").text).names
    wrong = act("check", **{"data/place/country": ["QM"], "data/place/precision_m": ["1"]})
    assert (wrong.status_code, "This number is too small" in wrong.text) == (422, True)
    retracted = {"data/about_event": ["rows"]}
    gone = post(client, "record.retracted", retracted, "send").headers["location"]
    assert client.get("/correct/rows", params={"at_least": gone.rpartition("=")[2]}).status_code == 404
    assert "You have withdrawn this" in client.get("/published/rows").text


def test_a_form_of_too_many_fields_is_refused(client: TestClient, world: World) -> None:
    signed_in(client, world, "all")
    assert post(client, "threat.reported", {f"data/x{no}": ["1"] for no in range(5001)}).status_code == 413
    assert client.get("/in-words", params={"said": "x" * 201}).status_code == 400
