"""The addresses for programs that people have already: feed readers, calendars, and the keys for them."""

from hub.address import Address, Answer
from hub.api import parameters as p
from hub.calendar import endpoints as calendars
from hub.calendar import writing
from hub.digests import endpoints as digests
from hub.personal import endpoints as personal
from hub.syndication import atom, json_feed
from hub.syndication import endpoints as feeds

ADDRESSES = "/api/v1/addresses"
MAIL = "/mail/{secret}"
_SAME = Answer(304, "The same as when you asked before (`If-None-Match`).")


def outside_addresses() -> tuple[Address, ...]:
    """Return the rows of `hub/routes.py` about feed readers and calendars."""
    tag, one = "Outside", f"{ADDRESSES}/{{address}}"
    asked = (p.key, p.spoken, p.before, p.limit(50, p.MAX_LISTED), *p.EVENT_FILTERS)
    held = (p.key, p.spoken, p.mine, p.about, p.country, p.partner)
    made = Answer(
        201, "It works from now on; its key is in this answer alone.", component="PersonalAddressMade"
    )
    return (
        Address("GET", "/feed.atom", "showAtom", feeds.show_atom, "Events for feed readers, newest first (Atom)", tag,
                asked, (Answer(200, "The feed.", atom.MEDIA, "Atom"), _SAME)),
        Address("GET", "/feed.json", "showJsonFeed", feeds.show_json_feed,
                "Events for feed readers, newest first (JSON Feed 1.1)", tag, asked,
                (Answer(200, "The feed.", json_feed.MEDIA, "JsonFeed"), _SAME)),
        Address("GET", "/hearings.ics", "showCalendar", calendars.show_hearings, "Hearings for calendars (iCalendar)",
                tag, held, (Answer(200, "The calendar.", writing.MEDIA, "ICalendar"), _SAME)),
        Address("POST", ADDRESSES, "postAddress", personal.make_address,
                "Make a personal address for a feed reader or a calendar", tag, (), (made,),
                takes="PersonalAddressWish"),
        Address("GET", ADDRESSES, "listAddresses", personal.list_addresses, "Your personal addresses", tag, (),
                (Answer(200, "Without their keys.", component="PersonalAddressList"),)),
        Address("DELETE", one, "revokeAddress", personal.revoke_address, "Revoke a personal address", tag, (),
                (Answer(204, "It works no more."),)),
        Address("GET", MAIL, "mailLink", digests.show_mail_link, "The buttons behind a link in a mail", "Pages",
                is_public=False),
        Address("POST", MAIL, "useMailLink", digests.use_mail_link,
                "Confirm or end mails, by whoever got one; mail programs do so by List-Unsubscribe (RFC 8058)", tag,
                (), (Answer(200, "Done.", "text/html", "Page"),), takes="MailAct"),
    )  # fmt: skip
