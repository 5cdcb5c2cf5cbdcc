"""What the hub itself notes of a peer is said in every language; what the peer or the machine says stays as it is."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from hub.client.answers import Turned
from hub.client.course import Course, Feed
from hub.client.messages import NoMessage
from hub.federation import sentences
from hub.federation.listener import _CODES
from hub.outgoing import Outgoing, Rules, TargetRefused, TargetUnreachable
from hub.pages.peers import LONGEST, OF_COPIES, SENTENCES, refusal_said, state_said
from hub.pages.refusals import OF_CODES
from hub.problems import MEDIA
from hub.texts.languages import LANGUAGES
from hub.texts.speech import Speech, speech_of
from tests.running import registry

OTHERS = sorted(set(LANGUAGES) - {"en"})
AGAIN = " Trying again in 0.5 s."


def course() -> Course:
    return Course(Feed("https://far.example", "t"), "begin", lambda: 0.5)


def bye(reason: str) -> str:
    return json.dumps({"kind": "bye", "cursor": "c", "reason": reason})


def noted_by_the_client() -> Iterator[str]:
    yield course().refused(503, {}, b"").sentence
    yield course().refused(403, {"content-type": "text/html"}, b"<html>").sentence
    for reason in ("it closed the connection", "nothing came for 15 s", "no whole message came for 300 s"):
        yield course().broken(reason).sentence
    with pytest.raises(NoMessage) as nonsense:
        course().heard("<html>")
    yield course().broken(str(nonsense.value)).sentence
    for reason in ("restart", "slow"):
        followed = course()
        followed.heard(bye(reason))
        yield followed.broken("it closed the connection").sentence
    followed = course()
    followed.heard(bye("revoked"))
    with pytest.raises(Turned) as revoked:
        followed.broken("it closed the connection")
    with pytest.raises(Turned) as refused:
        course().refused(401, {"content-type": MEDIA}, b'{"type": "urn:hub:problem:not-signed-in"}')
    yield from (f"{one.value}{AGAIN}" for one in (revoked, refused))


def noted_of_addresses() -> Iterator[str]:
    async def no_address(host: str, port: int) -> list[str]:
        return [] if host == "nowhere.example" else ["10.0.0.1"]

    outgoing = Outgoing(Rules(), no_address)
    for url in (
        "https://[", "https://far.example/ x", "ftp://far.example", "https://a:b@far.example",
        "https://far.example:22", "https://far.example",
    ):  # fmt: skip
        with pytest.raises(TargetRefused) as refused:
            asyncio.run(outgoing.check(url))
        yield f"{refused.value}{AGAIN}"
    with pytest.raises(TargetUnreachable) as unreachable:
        asyncio.run(outgoing.check("https://nowhere.example"))
    yield sentences.NO_ANSWER % {"why": unreachable.value}


def noted_here() -> Iterator[str]:
    told = {"seconds": "1.2e+02", "kind": "KeyError", "status": 503, "label": "amber"}
    for sentence in SENTENCES:
        if "%(why)s" not in sentence and "%(ports)s" not in sentence:
            yield sentence % told
            yield sentences.AGAIN % {"why": sentence % told, "seconds": "60"}


def english(said: str) -> bool:
    return 'lang="en"' in said


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_noted_of_a_peer_is_said_in_the_language(language: str) -> None:
    speech = speech_of(language, registry())
    noted = [*noted_here(), *noted_by_the_client(), *noted_of_addresses()]
    own = {said for name, said in vars(sentences).items() if name.isupper() and isinstance(said, str)}
    assert own <= set(SENTENCES)
    assert [one for one in noted if english(state_said(one, speech)) or one in state_said(one, speech)] == []
    said = state_said(sentences.AGAIN % {"why": sentences.SLOW % {"seconds": 17}, "seconds": "60"}, speech)
    assert said.count("<bdi>") == 2
    assert f"<bdi>{speech.number(60)}</bdi>" in said


def test_in_english_it_reads_as_it_was_noted() -> None:
    speech = speech_of("en", registry())
    for one in (*noted_by_the_client(), *noted_of_addresses()):
        assert state_said(one, speech).striptags() == one


@pytest.mark.parametrize(
    "said",
    [
        "Go <away>.",
        "It breaks off again and again; trying again in 1.2.3 s.",
        "It breaks off again and again; trying again in 1e+999 s.",
        "It breaks off again and again; trying again in inf s.",
        "It said no more. " * LONGEST,
        " Trying again in 1 s." * LONGEST,
        "It said no more.\nIt said no more.",
        "",
    ],
)
def test_what_the_other_hub_says_stays_as_it_is(said: str) -> None:
    shown = state_said(said, speech_of("ar", registry()))
    assert shown.startswith('<span lang="en" dir="auto">')
    assert shown.endswith("</span>")
    assert "<away>" not in shown
    inner = state_said(sentences.NO_ANSWER % {"why": "Go <away>."}, speech_of("ar", registry()))
    assert 'lang="en" dir="auto">Go &lt;away&gt;.</span>' in inner
    assert not inner.startswith("<span")


def refused(code: str, why: str, speech: Speech) -> str:
    return str(refusal_said({"code": code, "why": why}, speech))


@pytest.mark.parametrize("language", OTHERS)
def test_why_something_was_not_taken_is_said_in_the_language(language: str) -> None:
    speech = speech_of(language, registry())
    assert set(_CODES.values()) <= OF_COPIES.keys()
    for code, why in OF_COPIES.items():
        said = refused(code, why, speech)
        assert why not in said
        assert not english(said)
    breach = refused("too_long", "/data/title: It has 500 characters; at most 200 are taken.", speech)
    assert breach.startswith('<code dir="ltr">/data/title</code>: ')
    assert OF_CODES["too_long"] not in breach
    assert "characters" not in breach
    answered = refused("not_acknowledged", sentences.NOT_ACKNOWLEDGED % {"status": 403}, speech)
    assert "<bdi>403</bdi>" in answered
    assert not english(answered)
    assert english(refused("of_a_later_release", "/data: It is <new>.", speech))
    assert english(refused("too_long", "It is long.", speech))
