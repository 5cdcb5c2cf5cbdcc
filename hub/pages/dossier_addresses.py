"""The addresses of trials, actions, support, and of the dossiers and lists of every kind, as pages."""

from dataclasses import replace

from hub.address import Address, Endpoint, Parameter
from hub.api import parameters as p
from hub.pages import actions, support, trials
from hub.pages.dossiers import TITLES, dossier_page
from hub.pages.lists import COLUMNS, list_page
from hub.trial_routes import within

_ORDER = p.choice("order", "By world date, or as recorded.", ("world", "log"), "world")
_SHOW = p.choice("show", "Open ones, your own, or all.", ("open", "mine", "all"), "open")
_UNCOVERED = p.flag("uncovered", "Only hearings still to come at which nobody you see will observe.")
_OWN = ("trials", "hearings", "actions", "needs", "offers")
"""Lists whose things have pages with more than a dossier."""


def dossier_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    return (*_lists(), *_dossiers(), *_acts())


def _lists() -> tuple[Address, ...]:
    moment = (p.as_of, p.known_on, p.limit(50, p.MAX_LISTED), p.offset)
    filters = (p.one_country, p.status, p.about_one, p.where)
    asked = (*filters, replace(p.sort, default="label"), *moment)
    newest = (*filters, replace(p.sort, default="-starts"), *moment)
    page = (p.limit(10, p.MAX_LISTED), p.offset)
    pair = (p.reference("need", "Only this need."), p.reference("offer", "Only needs that this offer fits."))
    return (
        *(_page(f"/{name}", f"page{name.capitalize()}", list_page(name), asked) for name in COLUMNS),
        _page("/trials", "pageTrials", trials.show_trials, asked),
        _page("/hearings", "pageHearings", trials.show_hearings, (*newest, _UNCOVERED, within())),
        _page("/actions", "pageActions", actions.show_actions, (*asked, _SHOW)),
        _page("/support", "pageSupport", support.show_support, (*pair, *page)),
    )


def _dossiers() -> tuple[Address, ...]:
    then = (_ORDER, p.as_of, p.known_on)
    own = {
        "trials": trials.show_trial,
        "hearings": trials.show_hearing,
        "actions": actions.show_action,
        "needs": support.show_need,
        "offers": support.show_offer,
    }
    return tuple(
        _page(
            f"/{name}/{{ref}}",
            f"dossier{name.capitalize()}",
            own.get(name) or dossier_page(name),
            (*then, p.language) if name == "actions" else then,
        )
        for name in TITLES
    )


def _acts() -> tuple[Address, ...]:
    return (
        _form("/hearings/{ref}/seat", "claimSeat", trials.claim_seat, "Claims a seat"),
        _form("/hearings/{ref}/hand-over", "giveSeat", trials.give_seat, "Gives up a seat, or hands it over"),
        _form("/actions/{ref}/join", "joinAction", actions.join, "Signs or joins an action"),
        _form("/actions/{ref}/leave", "leaveAction", actions.leave, "Leaves an action"),
        _form("/needs/{ref}/match", "proposeMatch", support.propose, "Proposes a match"),
        _form("/needs/{ref}/confirm", "confirmForNeed", support.confirmer("needs"), "Confirms a match"),
        _form("/offers/{ref}/confirm", "confirmForOffer", support.confirmer("offers"), "Confirms a match"),
        _form("/needs/{ref}/decline", "declineForNeed", support.decliner("needs"), "Ends a match"),
        _form("/offers/{ref}/decline", "declineForOffer", support.decliner("offers"), "Ends a match"),
    )


def _page(path: str, name: str, endpoint: Endpoint, asked: tuple[Parameter, ...]) -> Address:
    return Address("GET", path, name, endpoint, "A page", "Pages", asked, is_public=False)


def _form(path: str, name: str, endpoint: Endpoint, summary: str) -> Address:
    return Address("POST", path, name, endpoint, summary, "Pages", is_public=False)
