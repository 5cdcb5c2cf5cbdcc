"""The addresses of the pages."""

from hub.address import Address
from hub.api import parameters as p
from hub.pages import evidence, explore, languages, live, views
from hub.pages.dossier_addresses import dossier_addresses
from hub.pages.law_addresses import law_pages
from hub.pages.publishing.addresses import publishing_addresses
from hub.pages.watching import watching


def page_addresses() -> tuple[Address, ...]:
    """Return every page, and what pages ask for."""
    rows = (
        ("GET", "/docs", "docs", views.show_docs, "The reference"),
        ("GET", "/sign-in", "signInForm", views.show_sign_in, "The form for a token"),
        ("POST", "/sign-in", "signIn", views.sign_in, "Signs in with a token"),
        ("GET", "/sign-in/{secret}", "linkForm", views.show_link, "The button behind a sign-in link"),
        ("POST", "/sign-in/{secret}", "useLink", views.use_link, "Signs in with a link"),
        ("POST", "/sign-out", "signOut", views.sign_out, "Signs out"),
        ("POST", "/language", "chooseLanguage", languages.choose_language, "Keeps the language of the pages"),
        ("GET", "/texts/{language}", "texts", languages.show_texts, "What scripts say in a language"),
        ("GET", "/static/{name}", "static", views.show_static, "A style, script or picture"),
    )
    plain = (
        Address(
            "POST" if method == "POST" else "GET", path, name, endpoint, summary, "Pages", is_public=False
        )
        for method, path, name, endpoint, summary in rows
    )
    return (
        *plain,
        *_lists_of_events(),
        _explore(),
        *watching((*_evidence(), *dossier_addresses(), *law_pages())),
        *publishing_addresses(),
    )


def _lists_of_events() -> tuple[Address, ...]:
    rows = (
        ("/", "start", views.show_start, "The first page"),
        ("/live", "live", live.show_live, "The live feed"),
    )
    return tuple(
        Address("GET", path, name, endpoint, summary, "Pages", p.EVENT_FILTERS, is_public=False)
        for path, name, endpoint, summary in rows
    )


def _explore() -> Address:
    moment = (p.as_of, p.known_on, p.merge, p.past)
    asked = (p.about, p.hops, p.kinds, p.ties, p.one_country, *moment, p.limit(500, p.MAX_NODES))
    summary = "The graph to explore"
    return Address(
        "GET", "/explore", "explore", explore.show_explore, summary, "Pages", asked, is_public=False
    )


def _evidence() -> tuple[Address, ...]:
    then = (p.as_of, p.known_on, p.merge)
    ends = (p.tie_from, p.tie_to, p.tie, *then, p.past)
    rows = (
        ("/things/{ref}", "readThing", evidence.show_thing, "What is known of a node of the graph", then),
        ("/ties", "readTie", evidence.show_tie, "The events behind a tie", ends),
        ("/events/{source}/{id:path}", "readEvent", evidence.show_event, "One event as a page", ()),
    )
    return tuple(
        Address("GET", path, name, endpoint, summary, "Pages", asked, is_public=False)
        for path, name, endpoint, summary, asked in rows
    )
