"""The addresses of what partners publish by hand, and of the courtroom mode."""

from hub.address import Address, Parameter, ValueRefused
from hub.api import parameters as p
from hub.pages.publishing import correcting, courtroom, pages

_MOST = 200


def _said(text: str) -> str:
    if len(text) > _MOST:
        raise ValueRefused("too_long", f"At most {_MOST} characters.", most=_MOST)
    return text


_TEXT = {"type": "string", "maxLength": _MOST}


def publishing_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    words = Parameter("q", "Words that title or description holds.", _TEXT, _said)
    said = Parameter("said", "A date, as a person says it.", _TEXT, _said, default="")
    event = Parameter("event", "The id of an event of your own that this is about.", _TEXT, _said)
    about = p.reference("about", "What the new event is about.")
    rows = (
        ("GET", "/publish", "publish", pages.show_types, "What you may publish", (words,)),
        ("GET", "/publish/{type}", "publishForm", pages.show_form, "The form for a type", (about, event)),
        ("POST", "/publish/{type}", "publishByForm", pages.take_form, "Checks a form, or publishes it", ()),
        ("GET", "/published/{id:path}", "published", pages.show_published, "What you have published", ()),
        (
            "GET",
            "/correct/{id:path}",
            "correctForm",
            correcting.show_correction,
            "An event of yours to correct",
            (),
        ),
        (
            "POST",
            "/correct/{id:path}",
            "correctByForm",
            correcting.take_correction,
            "Corrects an event of yours",
            (),
        ),
        ("GET", "/in-words", "dayInWords", pages.show_day, "What a date in words means", (said,)),
        (
            "GET",
            "/courtroom",
            "courtroom",
            courtroom.show_courtroom,
            "Notes at a hearing, without network",
            (),
        ),
        (
            "GET",
            "/hub.webmanifest",
            "manifest",
            courtroom.show_manifest,
            "What a device needs to install it",
            (),
        ),
        ("GET", "/sw.js", "serviceWorker", courtroom.show_worker, "What works without network", ()),
    )
    return tuple(
        Address(
            "POST" if method == "POST" else "GET",
            path,
            name,
            endpoint,
            summary,
            "Pages",
            asked,
            is_public=False,
        )
        for method, path, name, endpoint, summary, asked in rows
    )
