"""/following in a browser: sent without scripts; axe-core over it full, refused, and in Arabic on a phone."""

from collections.abc import Iterator

import httpx
import pytest

from tests.accessible import findings, is_too_wide, look_as, needs_axe
from tests.chromium import Page, needs_chromium
from tests.running import Served, World
from tests.subscribing import make_following_world

pytestmark = needs_chromium

MAILBOX = "anna@docket.example"
FORM = "form[action='/following/mail']"
ADDRESS = "form[action='/following/addresses']"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_following_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def follower(hub: Served, world: World, shown: Page) -> Iterator[Page]:
    """A browser with scripts off, of somebody who is signed in."""
    for wish in (
        {"channel": "page", "about": "case:open-docket.C-7"},
        {"channel": "page", "type": "trial.*"},
    ):
        httpx.post(f"{hub.url}/api/v1/subscriptions", json=wish, headers=world.bearer("observer"))
    shown.call("Network.enable")
    shown.open(f"{hub.url}/sign-in")
    shown.evaluate(f"document.querySelector('main [name=token]').value = {world.tokens['observer']!r}")
    shown.evaluate("document.querySelector('main form').requestSubmit()")
    shown.wait_for("document.querySelector('.who strong') !== null")
    shown.call("Emulation.setScriptExecutionDisabled", value=True)
    yield shown
    shown.call("Emulation.setScriptExecutionDisabled", value=False)


def send(shown: Page, form: str, **typed: str) -> None:
    """Fill in a form, and press its button; its own checks are off, so that the hub makes them."""
    for name, text in typed.items():
        shown.evaluate(f"document.querySelector(\"{form} [name='{name}']\").value = {text!r}")
    shown.evaluate(f'document.querySelector("{form}").noValidate = true')
    shown.evaluate(f'document.querySelector("{form}").dataset.old = "1"')
    shown.evaluate(f'document.querySelector("{form} button").click()')
    shown.wait_for(
        f'document.querySelector("{form}")?.dataset.old === undefined && document.readyState === "complete"'
    )


def said(shown: Page, selector: str) -> str:
    return str(shown.evaluate(f'document.querySelector("{selector}").innerText'))


def test_without_scripts_one_follows_by_mail_and_gets_an_address(follower: Page, hub: Served) -> None:
    look_as(follower)
    follower.open(f"{hub.url}/live?type=threat.*")
    assert follower.evaluate("document.querySelector('[data-follow]').hidden")
    follower.evaluate("document.querySelector('.follow a').click()")
    follower.wait_for("location.pathname === '/following' && document.readyState === 'complete'")
    assert follower.evaluate(f"document.querySelector(\"{FORM} [name='type']\").value") == "threat.*"
    send(follower, FORM, address="nothing", about="nothing")
    assert "This is no address of a mailbox." in said(follower, FORM)
    assert follower.evaluate(f"document.querySelector(\"{FORM} [name='about']\").value") == "nothing"
    send(follower, FORM, address=MAILBOX, about="")
    assert "The hub asks the mailbox first" in said(follower, "#done")
    assert MAILBOX in said(follower, "section[aria-labelledby='own']")
    send(follower, ADDRESS, note="my telephone")
    assert "/hearings.ics?key=hubread_" in said(follower, "#made")


@needs_axe
@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_it_full_refused_or_after_an_address_was_made(
    shown: Page, hub: Served, follower: Page, language: str
) -> None:
    shown.call("Network.setCookie", name="hub_language", value=language, url=hub.url)
    shown.call("Emulation.setScriptExecutionDisabled", value=False)
    look_as(shown, width=320 if language == "ar" else 1280, dark=language == "ar")
    wrong = []
    shown.open(f"{hub.url}/following?about=case:open-docket.C-7#mail")
    wrong += [*findings(shown), is_too_wide(shown)]
    send(shown, FORM, address="nothing", country="nothing")
    wrong += [*findings(shown), is_too_wide(shown)]
    send(shown, ADDRESS, note=f"in {language}")
    assert f"in {language}" in said(shown, "section[aria-labelledby='addresses'] table")
    wrong += [*findings(shown), is_too_wide(shown)]
    assert [one for one in wrong if one is not False] == []
    assert shown.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
