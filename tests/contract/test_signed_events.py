"""Signed events as partners send them: by openssl and plain httpx, and by `hub push --sign`."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from events.partners import KEY_ADDED_STEM, SIGNATURE_REQUIRED_STEM
from hub.client.outbox import Outbox
from hub.commands.root import hub as command
from hub.commands.world import World
from tests.running import Chance, SetClock, categories, make_world, serving, threat
from tests.signing import (
    DSSE,
    EVENTS,
    FOREIGN,
    KIND,
    NUMBERS,
    OURS,
    SLUG,
    SOURCE,
    STOLEN,
    Scene,
    base,
    fresh,
    signing,
)

Json = Any


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with signing(tmp_path_factory.mktemp("signed")) as scene:
        yield scene


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


# --- single events


@pytest.mark.parametrize("media", [DSSE, "application/json", f"{DSSE}; charset=utf-8"])
def test_a_signed_event_is_stored_and_a_resend_is_a_duplicate(scene: Scene, media: str) -> None:
    event = fresh()
    raw = OURS.envelope(event)
    first, again = scene.post(raw, media), scene.post(raw, media)
    assert (first.status_code, first.json()["status"]) == (201, "stored")
    assert (again.status_code, again.json()["receipt"]) == (200, first.json()["receipt"])
    # However it is written down, signed or not, it is the same event.
    assert scene.post(OURS.envelope(json.dumps(event).encode())).json()["status"] == "duplicate"
    assert scene.post(event, KIND).json()["status"] == "duplicate"
    other = scene.post(OURS.envelope({**event, "tlp": "amber"}))
    assert (other.status_code, other.json()["type"]) == (409, "urn:hub:problem:recorded-differently")


def test_openssl_signs_what_the_hub_takes(scene: Scene, tmp_path: Path) -> None:
    pem, message, sig = tmp_path / "key.pem", tmp_path / "message", tmp_path / "sig"

    def openssl(*words: object) -> bytes:
        return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True).stdout

    openssl("genpkey", "-algorithm", "ed25519", "-out", pem)
    public = openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")
    scene.rule(KEY_ADDED_STEM, kid="by-openssl", public_key=base(public))
    payload = json.dumps(fresh()).encode()
    message.write_bytes(b"DSSEv1 %d %s %d %s" % (len(KIND), KIND.encode(), len(payload), payload))
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", message, "-out", sig)
    signature = {"keyid": "by-openssl", "sig": base(sig.read_bytes())}
    raw = {"payload": base(payload), "payloadType": KIND, "signatures": [signature]}
    assert scene.post(raw).status_code == 201


def test_no_bit_of_a_signed_event_can_be_changed(scene: Scene) -> None:
    raw = OURS.envelope(fresh())
    payload, sig = base64.b64decode(raw["payload"]), base64.b64decode(raw["signatures"][0]["sig"])

    def flipped(value: bytes, place: int) -> bytes:
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]

    lines: list[Json] = [{**raw, "payload": base(flipped(payload, place))} for place in range(len(payload))]
    lines += [
        {**raw, "signatures": [{"keyid": OURS.kid, "sig": base(flipped(sig, place))}]}
        for place in range(len(sig))
    ]
    lines += [{**raw, "payload": base(payload + b" ")}, {**raw, "payload": base(payload[:-1])}]
    answer = scene.post("\n".join(map(json.dumps, lines)).encode(), "application/x-ndjson")
    assert (answer.status_code, answer.json()["rejected"]) == (207, len(lines))
    codes = {one["errors"][0]["code"] for one in answer.json()["results"]}
    assert codes == {"bad_signature"}
    typed = scene.post({**raw, "payloadType": "application/json"})
    assert (typed.status_code, errors(typed)) == (422, [("/payloadType", "wrong_form")])
    assert scene.post(raw).status_code == 201


def test_only_a_key_of_the_publisher_signs(scene: Scene) -> None:
    foreign = scene.post(FOREIGN.envelope(fresh()))
    assert (foreign.status_code, errors(foreign)) == (422, [("/signatures", "unknown_key")])
    claimed = FOREIGN.envelope(fresh())
    claimed["signatures"][0]["keyid"] = OURS.kid
    assert errors(scene.post(claimed)) == [("/signatures/0/sig", "bad_signature")]
    # A key of one partner says nothing for another.
    own = {"source": "urn:hub:partner:open-docket", "data": {"threat": f"threat:open-docket.{next(NUMBERS)}"}}
    assert errors(scene.post(OURS.envelope(fresh(**own)), who="docket")) == [("/signatures", "unknown_key")]
    assert scene.post(OURS.envelope(fresh(**own))).json()["type"] == "urn:hub:problem:wrong-source"


def test_what_is_in_an_envelope_is_checked_like_any_event(scene: Scene) -> None:
    answer = scene.post(OURS.envelope(fresh(tlp="s3cret", data={"colour": "s3cret"})))
    assert (answer.status_code, errors(answer)) == (
        422,
        [("/data/colour", "unknown_field"), ("/tlp", "unknown_tlp")],
    )
    assert "s3cret" not in answer.text
    twice = scene.post(OURS.envelope(b'{"id": "1", "id": "2"}'))
    assert (twice.status_code, errors(twice)) == (422, [("/payload", "malformed_json")])
    named = scene.post(OURS.envelope(fresh(signature="x")))
    assert errors(named) == [("/signature", "not_allowed")]


def test_a_body_that_is_no_envelope_is_malformed(scene: Scene) -> None:
    answer = scene.post(fresh())
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:malformed-body")
    more = scene.post({**OURS.envelope(fresh()), "more": 1})
    assert (more.status_code, more.json()["type"]) == (400, "urn:hub:problem:malformed-body")


def test_limits_hold_for_what_is_inside(scene: Scene) -> None:
    def long(size: int) -> bytes:
        text = json.dumps(fresh()).encode()
        return text + b" " * (size - len(text))

    most = 256 * 1024
    assert scene.post(OURS.envelope(long(most))).status_code == 201
    assert errors(scene.post(OURS.envelope(long(most + 1)))) == [("/payload", "too_large")]
    assert scene.post(OURS.envelope(long(2 * most))).status_code == 413
    assert scene.post(long(most + 1), "application/json").status_code == 413
    lines = [long(most + 1), json.dumps(OURS.envelope(long(most))).encode()]
    said = scene.post(b"\n".join(lines), "application/x-ndjson").json()
    assert [one["status"] for one in said["results"]] == ["refused", "stored"]


# --- many events


@pytest.mark.parametrize("media", ["application/x-ndjson", "application/cloudevents-batch+json"])
def test_a_batch_mixes_signed_and_plain(scene: Scene, media: str) -> None:
    signed, plain = fresh(), fresh()
    items = [OURS.envelope(signed), plain, FOREIGN.envelope(fresh()), OURS.envelope(signed), {"payload": ""}]
    body = json.dumps(items) if "batch" in media else "\n".join(map(json.dumps, items))
    answer = scene.post(body.encode(), media)
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["stored", "stored", "refused", "duplicate", "refused"]
    assert [one["id"] for one in results[:2]] == [signed["id"], plain["id"]]
    assert results[2]["errors"][0]["code"] == "unknown_key"
    cursor = answer.json()["cursor"]
    assert scene.show(signed["id"], at_least=cursor)["signature"]["keyid"] == OURS.kid
    assert "signature" not in scene.show(plain["id"])


# --- keys that are revoked, signatures that are required


def test_a_revoked_key_gets_the_receipt_of_any_other(scene: Scene) -> None:
    good, bad = scene.post(OURS.envelope(fresh())), scene.post(STOLEN.envelope(fresh()))
    assert (good.status_code, bad.status_code) == (201, 201)
    assert {*good.json()} == {*bad.json()}
    assert {*good.headers} == {*bad.headers}


def test_what_a_revoked_key_signed_reaches_nobody_else(scene: Scene) -> None:
    good, bad = fresh(), fresh()
    scene.post(STOLEN.envelope(bad))
    cursor = scene.post(OURS.envelope(good)).json()["cursor"]
    listed = httpx.get(
        f"{scene.hub.url}{EVENTS}",
        params={"limit": 1000, "at_least": cursor},
        headers=scene.world.bearer("observer"),
    ).json()["events"]
    found = {one["id"] for one in listed}
    assert good["id"] in found
    assert bad["id"] not in found
    assert scene.show(bad["id"], "observer")["status"] == 404


def test_a_partner_that_must_sign_is_refused_unsigned(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with serving(world) as served:
        scene = Scene(world, served)
        scene.rule(KEY_ADDED_STEM, kid=OURS.kid, public_key=OURS.public)
        assert scene.post(fresh(), KIND).status_code == 201
        scene.rule(SIGNATURE_REQUIRED_STEM, required=True)
        refused = scene.post(fresh(), KIND)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:hub:problem:signature-required")
        assert errors(refused) == [("", "signature_required")]
        assert scene.post(OURS.envelope(fresh())).status_code == 201
        lines = [fresh(), OURS.envelope(fresh())]
        said = scene.post("\n".join(map(json.dumps, lines)).encode(), "application/x-ndjson").json()
        assert [one["status"] for one in said["results"]] == ["refused", "stored"]
        assert said["results"][0]["errors"][0]["code"] == "signature_required"
        scene.rule(SIGNATURE_REQUIRED_STEM, required=False)
        assert scene.post(fresh(), KIND).status_code == 201


# --- who may verify


def shown_after(scene: Scene, event: Json, who: str) -> Json:
    cursor = scene.post(OURS.envelope(event)).json()["cursor"]
    return scene.show(event["id"], who, at_least=cursor)


def test_whoever_sees_an_event_whole_can_verify_it_without_us(scene: Scene) -> None:
    shown = shown_after(scene, fresh(), "chief")
    signature = shown["signature"]
    payload = base64.b64decode(signature["payload"])
    message = b"DSSEv1 %d %s %d %s" % (len(KIND), KIND.encode(), len(payload), payload)
    der = base64.b64decode(signature["public_key"])
    Ed25519PublicKey.from_public_bytes(der[-32:]).verify(base64.b64decode(signature["sig"]), message)
    assert json.loads(payload).items() <= shown["event"].items()


def test_whoever_may_be_denied_a_field_gets_the_name_of_the_key_whether_there_is_one_or_not(
    scene: Scene,
) -> None:
    for private in ({}, {"narrative": "What happened."}):
        event = fresh(data=private)
        shown = shown_after(scene, event, "observer")
        assert (shown["signature"], "narrative" in shown["event"]["data"]) == ({"keyid": OURS.kid}, False)
        assert "sig" in scene.show(event["id"])["signature"]


def test_a_corrected_event_shows_no_signature_of_what_was_corrected_away(scene: Scene) -> None:
    event = fresh(data={"occurred": "2031-05-01"})
    assert "signature" in shown_after(scene, event, "chief")
    change = {"pointer": "/occurred", "to": "2031-05-02"}
    correction = fresh(type="record.corrected", tlp="green")
    correction["data"] = {"about_event": event["id"], "reason": "wrong_date", "changes": [change]}
    answer = scene.post(correction, KIND)
    assert answer.status_code == 201, answer.text
    shown = scene.show(event["id"], at_least=answer.json()["cursor"])
    assert shown["event"]["data"]["occurred"] == "2031-05-02"
    assert shown["signature"] == {"keyid": OURS.kid}


# --- the commands


@dataclass
class Terminal:
    """Calls the command with a world of its own."""

    environ: dict[str, str]
    chance: Chance = field(default_factory=lambda: Chance("terminal"))

    def run(self, *words: object) -> Result:
        world = World(SetClock(), self.chance, lambda _: None, self.environ)
        return CliRunner().invoke(command, [str(word) for word in words], obj=world, prog_name="hub")

    def ok(self, *words: object) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def rows(self, *words: object) -> list[Json]:
        return [json.loads(line) for line in self.ok(*words, "--json").splitlines()]

    def fails(self, status: int, *words: object) -> str:
        result = self.run(*words)
        assert result.exit_code == status, (result.output, result.exception)
        return result.output


@pytest.fixture
def terminal(scene: Scene, tmp_path: Path) -> Terminal:
    return Terminal({
        "HUB_DATA": str(scene.world.settings.data),
        "HUB_URL": scene.hub.url,
        "HUB_TOKEN": scene.world.tokens["chief"],
        "XDG_DATA_HOME": str(tmp_path / "share"),
    })  # fmt: skip


def test_keys_are_made_registered_listed_and_revoked(terminal: Terminal, tmp_path: Path) -> None:
    pem = tmp_path / "docket.pem"
    [made] = terminal.rows("partner", "key", "new", pem)
    assert pem.stat().st_mode & 0o077 == 0
    assert "exists" in terminal.fails(1, "partner", "key", "new", pem)
    (tmp_path / "docket.pub").write_text(made["public_key"])
    key = ("partner", "key")
    [added] = terminal.rows(*key, "add", "open-docket", "--public-key", tmp_path / "docket.pub")
    assert added == {"partner": "open-docket", **made}
    again = ("--public-key", made["public_key"], "--kid", "again")
    assert "another name" in terminal.fails(1, *key, "add", "open-docket", *again)
    assert "signs" in terminal.ok(*key, "list", "open-docket")
    [revoked] = terminal.rows(*key, "revoke", "open-docket", made["kid"])
    listed = {one["kid"]: one for one in terminal.rows(*key, "list", "open-docket")}
    assert listed[made["kid"]]["distrust_from"] == revoked["distrust_from"] == "2031-05-04T12:00:00Z"
    assert "revoked from" in terminal.ok(*key, "list", "open-docket")
    earlier = ("--distrust-from", "2031-05-01T00:00:00Z")
    assert "2031-05-01" in terminal.ok(*key, "revoke", "open-docket", made["kid"], *earlier)
    assert "no key of this name" in terminal.fails(1, *key, "revoke", "open-docket", "nothing")
    assert "expected e.g." in terminal.fails(
        2, *key, "revoke", "open-docket", made["kid"], "--distrust-from", "noon"
    )


def test_keys_that_are_none_are_wrong_use(terminal: Terminal, tmp_path: Path) -> None:
    foul = tmp_path / "foul"
    foul.write_bytes(b"\xff\xfe")
    for text in ("nonsense", "x" * 5000, foul):
        assert "public key" in terminal.fails(2, "partner", "key", "add", "open-docket", "--public-key", text)
    assert "No partner nobody was admitted" in terminal.fails(
        1, "partner", "key", "add", "nobody", "--public-key", FOREIGN.public
    )
    assert "No partner nobody was admitted" in terminal.fails(
        1, "partner", "require-signature", "nobody", "on"
    )


def test_signatures_are_required_by_a_command(scene: Scene, terminal: Terminal) -> None:
    assert "do not sign" in terminal.fails(1, "partner", "require-signature", "stewards", "on")
    assert "It is so already" in terminal.fails(1, "partner", "require-signature", SLUG, "off")
    words = ("partner", "require-signature", SLUG)
    assert terminal.rows(*words, "on") == [{"partner": SLUG, "requires_signature": True}]
    assert scene.post(fresh(), KIND).status_code == 403
    assert "need not sign" in terminal.ok(*words, "off")
    assert scene.post(fresh(), KIND).status_code == 201


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "ours.pem"
    path.write_bytes(OURS.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def lines_of(*events: Json) -> str:
    return "".join(json.dumps(one) + "\n" for one in events)


def sheet(number: int) -> str:
    head = "id,data.threat,data.targets,data.categories\n"
    return f"{head}s-{number},threat:{SLUG}.{number},lawyer:{SLUG}.1,{';'.join(categories())}\n"


@pytest.mark.parametrize("ending", ["ndjson", "json", "csv"])
def test_push_signs_every_kind_of_file(
    scene: Scene, terminal: Terminal, key_file: Path, tmp_path: Path, ending: str
) -> None:
    number = next(NUMBERS)
    bare = {name: value for name, value in threat(number, id=f"s-{number}").items() if name != "source"}
    text = {"ndjson": lines_of(bare), "json": json.dumps([bare]), "csv": sheet(number)}[ending]
    file = tmp_path / f"events.{ending}"
    file.write_text(text, "utf-8")
    words = ("push", file, "--sign", key_file, "--kid", OURS.kid, "--type", "threat.reported")
    assert terminal.rows(*words, "--dry-run")[0]["stored"] == 1
    assert terminal.rows(*words)[0]["stored"] == 1
    assert terminal.rows(*words)[0]["duplicates"] == 1
    assert terminal.rows("verify-event", SOURCE, f"s-{number}", "--key", OURS.public)[0]["verifies"]


def test_push_names_its_key_by_fingerprint(terminal: Terminal, tmp_path: Path) -> None:
    pem, file = tmp_path / "new.pem", tmp_path / "events.ndjson"
    [made] = terminal.rows("partner", "key", "new", pem)
    event = fresh()
    file.write_text(lines_of(event), "utf-8")
    assert "No signature is by a key of yours" in terminal.fails(1, "push", file, "--sign", pem)
    terminal.ok("partner", "key", "add", SLUG, "--public-key", made["public_key"])
    assert terminal.rows("push", file, "--sign", pem)[0]["stored"] == 1
    assert made["kid"] in terminal.ok("verify-event", SOURCE, event["id"])


def test_lines_that_are_signed_already_are_sent_as_they_are(
    terminal: Terminal, key_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    good, foreign = fresh(), fresh()
    file.write_text(lines_of(OURS.envelope(good), FOREIGN.envelope(foreign)), "utf-8")
    [row] = [json.loads(terminal.fails(1, "push", file, "--sign", key_file, "--json").splitlines()[-1])]
    assert (row["stored"], row["refused"]) == (1, 1)
    assert row["refusals"][0]["id"] == foreign["id"]
    assert "2 valid" in terminal.ok("validate", file)
    file.write_text(lines_of({**OURS.envelope(good), "payload": "?"}), "utf-8")
    assert json.loads(terminal.fails(1, "validate", file, "--json"))["id"] is None


def test_the_outbox_keeps_the_signed_bytes(terminal: Terminal, key_file: Path, tmp_path: Path) -> None:
    file, event = tmp_path / "events.ndjson", fresh()
    file.write_text(lines_of(event), "utf-8")
    away = {**terminal.environ, "HUB_URL": "http://127.0.0.1:1"}
    push = ("push", file, "--sign", key_file, "--kid", OURS.kid, "--patience", "0")
    assert "stays in the outbox" in Terminal(away).fails(3, *push)
    outbox = Outbox(
        tmp_path / "share" / "solidarity-hub" / "outbox", away["HUB_URL"], "look", away["HUB_TOKEN"]
    )
    [waiting] = outbox.waiting(0, 10)
    outbox.close()
    assert waiting.event == OURS.envelope(json.dumps(event, separators=(",", ":")).encode())


def test_without_a_source_and_without_the_hub_nothing_is_signed(
    terminal: Terminal, key_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(lines_of({name: value for name, value in fresh().items() if name != "source"}), "utf-8")
    away = Terminal({**terminal.environ, "HUB_URL": "http://127.0.0.1:1"})
    assert "could not be reached" in away.fails(3, "push", file, "--sign", key_file, "--patience", "0")


def test_a_file_without_a_private_key_is_wrong_use(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("nothing")
    assert "no private key" in terminal.fails(2, "push", "--sign", file)


def altered(shown: Json) -> dict[str, Json]:
    """Return what a hub might answer that lies, by how it lies."""
    event, signature = shown["event"], shown["signature"]
    stranger = FOREIGN.envelope(base64.b64decode(signature["payload"]))["signatures"][0]["sig"]
    return {
        "another sentence": {**shown, "event": {**event, "data": {**event["data"], "threat": "threat:x.1"}}},
        "a member less": {**shown, "event": {name: one for name, one in event.items() if name != "tlp"}},
        "a member more": {**shown, "event": {**event, "audience": "stewards"}},
        "another signature": {**shown, "signature": {**signature, "sig": stranger}},
        "another key": {**shown, "signature": {**signature, "sig": stranger, "public_key": FOREIGN.public}},
        "no key": {**shown, "signature": {**signature, "public_key": "?"}},
        "no base64": {**shown, "signature": {**signature, "payload": "?"}},
        "no event": {**shown, "signature": {**signature, "payload": base(b"[]")}},
        "no signature": {"event": event},
        "the name alone": {"event": event, "signature": {"keyid": OURS.kid}},
        "nothing": [],
    }


def test_an_event_is_verified_from_a_file(scene: Scene, terminal: Terminal, tmp_path: Path) -> None:
    event = fresh()
    shown = shown_after(scene, event, "chief")
    file, key = tmp_path / "event.json", ("--key", OURS.public)
    file.write_text(json.dumps(shown), "utf-8")
    assert "the key that the hub names" in terminal.ok("verify-event", file)
    assert "the key you gave" in terminal.ok("verify-event", file, *key)
    assert "was changed" in terminal.fails(1, "verify-event", file, "--key", FOREIGN.public)
    for name, lie in altered(shown).items():
        file.write_text(json.dumps(lie), "utf-8")
        # With a key of one's own, what the hub says about keys does not matter.
        assert (terminal.run("verify-event", file, *key).exit_code == 0) == (name == "no key"), name
        # Whoever trusts the hub about the key is deceived by another key only.
        assert (terminal.run("verify-event", file).exit_code == 0) == (name == "another key"), name


def test_an_envelope_is_verified_with_the_key_of_its_publisher(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(OURS.envelope(fresh())), "utf-8")
    [row] = terminal.rows("verify-event", file, "--key", OURS.public)
    assert (row["verifies"], row["source"], row["keyid"], row["key_from"]) == (True, SOURCE, OURS.kid, "you")
    assert "Give the key" in terminal.fails(1, "verify-event", file)


def test_an_event_is_found_whatever_its_id(scene: Scene, terminal: Terminal) -> None:
    assert scene.post(OURS.envelope(fresh(id="odd/id ?"))).status_code == 201
    assert terminal.rows("verify-event", SOURCE, "odd/id ?")[0]["id"] == "odd/id ?"
    assert "nothing here" in terminal.fails(1, "verify-event", SOURCE, "odd%2Fid ?")


@contextmanager
def answering(body: Json) -> Iterator[str]:
    """Give the address of a hub that answers always the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            raw = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_hub_that_shows_another_signed_event_is_found_out(scene: Scene, terminal: Terminal) -> None:
    event = fresh()
    shown = shown_after(scene, event, "chief")
    words = ("--key", OURS.public, "--from")
    with answering(shown) as url:
        assert "Verifies" in terminal.ok("verify-event", SOURCE, event["id"], *words, url)
        assert "another event" in terminal.fails(1, "verify-event", SOURCE, "t-other", *words, url)


def test_verifying_the_wrong_thing_is_wrong_use(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    assert "cannot be read" in terminal.fails(2, "verify-event", file)
    file.write_text("{", "utf-8")
    assert "no JSON" in terminal.fails(2, "verify-event", file)
    assert "a source and an id, or a file" in terminal.fails(2, "verify-event", "a", "b", "c")
