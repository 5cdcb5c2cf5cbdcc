"""Every parameter that an address may take, each written once."""

import re
from collections.abc import Callable, Sequence
from datetime import date

from events.event import SLUG, Json
from hub.address import Parameter, ValueRefused
from hub.texts.languages import LANGUAGES
from schemas.documents import read_graph_vocabulary
from schemas.vocabulary import nearest

AT_LEAST = "at_least"
MAX_EVENTS = 1000
MAX_NODES = 10_000
MAX_HOPS = 4
MAX_LISTED = 200
MAX_RECORDS = 15
URGENCIES = ("urgent", "high", "normal", "low")
"""The vocabulary `urgency`."""

_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GLOB = re.compile(r"[a-z_*]+(?:\.[a-z_*]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_REF = re.compile(r"[a-z]+:[A-Za-z0-9_.:-]{1,130}")
_SOURCE = re.compile(r"urn:hub:partner:[a-z0-9][a-z0-9-]{1,39}")
_WHOLE = re.compile(r"-[0-9]{1,18}|[0-9]{1,9}")
_LARGEST = 999_999_999
_NO_MATTERS = ("partner", "place", "standard", "indicator")
_CODE = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WHERE = re.compile(r"[a-z_]{1,40}:[A-Za-z0-9_.:-]{1,140}")
_SORT = re.compile(r"-?[a-z_]{1,40}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")


def _form(form: re.Pattern[str], hint: str) -> Callable[[str], Json]:
    def read(said: str) -> str:
        if not form.fullmatch(said):
            raise ValueRefused("wrong_form", "This value does not have the expected form.", hint)
        return said

    return read


def _count(most: int, least: int = 0) -> Callable[[str], Json]:
    def read(said: str) -> int:
        if not _WHOLE.fullmatch(said):
            detail = "This value is not a whole number."
            raise ValueRefused("wrong_type", detail, f"{least} to {most}", least=least, most=most)
        count = int(said)
        if not least <= count <= most:
            code = "too_big" if count > most else "too_small"
            detail = "This number is out of range."
            raise ValueRefused(code, detail, f"{least} to {most}", least=least, most=most)
        return count

    return read


def _day(said: str) -> str:
    if not _DATE.fullmatch(said):
        raise ValueRefused("not_a_date", "This is not a date.", "YYYY-MM-DD")
    try:
        date.fromisoformat(said)
    except ValueError as error:
        raise ValueRefused("not_a_date", "This day is not in the calendar.", "YYYY-MM-DD") from error
    return said


def _one_of(choices: Sequence[str]) -> Callable[[str], Json]:
    def read(said: str) -> str:
        if said not in choices:
            detail = "This is not one of the accepted values."
            raise ValueRefused("unknown_code", detail, ", ".join(choices), known=tuple(choices))
        return said

    return read


def _code_of(choices: Sequence[str]) -> Callable[[str], Json]:
    """Return what reads one of many words; a word that is none of them is told what was meant."""

    def read(said: str) -> str:
        if said not in choices:
            near = nearest(said, choices)
            hint = f"Did you mean {near}?" if near else ", ".join(choices)
            values = {"near": near} if near else {"known": tuple(choices)}
            raise ValueRefused("unknown_code", "This is not one of the accepted values.", hint, **values)
        return said

    return read


def _matter(said: str) -> str:
    ref: str = _form(_REF, "kind:LOCAL")(said)
    if ref.partition(":")[0] in _NO_MATTERS:
        detail = "Nobody acts in a partner, a place, a standard or an indicator as in a matter."
        hint = "a person, body, case, threat, trial, hearing, need, action, statement, law or promise"
        raise ValueRefused("not_allowed", detail, hint)
    return ref


def _yes(said: str) -> bool:
    return bool(_one_of(("true", "false"))(said) == "true")


def _pair(said: str) -> tuple[str, str]:
    name, _, wanted = _form(_WHERE, "NAME:VALUE")(said).partition(":")
    return name, wanted


def _words(said: str) -> str:
    words = said.strip()
    if not words or "\0" in words:
        raise ValueRefused("too_short", "Say what to look for.")
    if len(words) > 200:
        raise ValueRefused("too_long", "At most 200 characters.", most=200)
    return words


def _event_id(said: str) -> str:
    if not 1 <= len(said) <= 128:
        raise ValueRefused("wrong_form", "This is no id of an event.", "1 to 128 characters")
    return said


def _text(pattern: re.Pattern[str]) -> dict[str, Json]:
    return {"type": "string", "pattern": f"^(?:{pattern.pattern})$"}


def _number(least: int, most: int, default: int) -> dict[str, Json]:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def limit(default: int, most: int) -> Parameter:
    """Return the parameter that bounds one answer."""
    meaning = f"How many at most; {most} is the most."
    return Parameter("limit", meaning, _number(1, most, default), _count(most, 1), default=default)


def choice(name: str, meaning: str, choices: Sequence[str], default: str) -> Parameter:
    """Return a parameter that takes one of a few words."""
    schema = {"type": "string", "enum": list(choices), "default": default}
    return Parameter(name, meaning, schema, _one_of(choices), default=default)


def reference(name: str, meaning: str, *, required: bool = False) -> Parameter:
    """Return a parameter that takes one reference."""
    return Parameter(name, meaning, _text(_REF), _form(_REF, "kind:LOCAL"), required=required)


def one_code(name: str, meaning: str, choices: Sequence[str]) -> Parameter:
    """Return a parameter that takes one of a few words, or is left out."""
    return Parameter(name, meaning, {"type": "string", "enum": list(choices)}, _one_of(choices))


def some_codes(name: str, meaning: str, choices: Sequence[str]) -> Parameter:
    """Return a parameter that takes some of a few words."""
    return Parameter(name, meaning, {"type": "string", "enum": list(choices)}, _one_of(choices), many=True)


def code(name: str, meaning: str, form: re.Pattern[str]) -> Parameter:
    """Return a parameter that takes one code of a vocabulary."""
    return Parameter(name, meaning, _text(form), _form(form, "a code"))


def flag(name: str, meaning: str) -> Parameter:
    """Return a parameter that is true or false."""
    return Parameter(name, meaning, {"type": "boolean", "default": False}, _yes, default=False)


at_least = Parameter(
    AT_LEAST,
    "Wait up to 5 seconds until the answer includes the event of this cursor.",
    _text(_CURSOR),
    _form(_CURSOR, "a cursor of this hub"),
)
after = Parameter(
    "after", "Only what comes after this cursor.", _text(_CURSOR), _form(_CURSOR, "a cursor of this hub")
)
feed_after = Parameter(
    "after",
    "Where to begin: `begin`, `now` (default), or a cursor.",
    _text(_CURSOR),
    _form(_CURSOR, "begin, now, or a cursor of this hub"),
)
types = Parameter(
    "type",
    "Only these types; `*` stands for any part.",
    _text(_GLOB),
    _form(_GLOB, "e.g. threat.*"),
    many=True,
)
country = Parameter(
    "country",
    "Only about these countries.",
    _text(_COUNTRY),
    _form(_COUNTRY, "two capital letters"),
    many=True,
)
about = Parameter(
    "about",
    "Only about these references, and what belongs to them: of a lawyer the trials, of a trial the hearings.",
    _text(_REF),
    _form(_REF, "kind:LOCAL"),
    many=True,
)
urgency = some_codes("urgency", "Only of these urgencies.", URGENCIES)
partner = Parameter("partner", "Only from these partners.", _text(SLUG), _form(SLUG, "a slug"), many=True)
since = Parameter("since", "Recorded on this day or later.", {"type": "string", "format": "date"}, _day)
until = Parameter("until", "Recorded on this day or earlier.", {"type": "string", "format": "date"}, _day)
as_of = Parameter("as_of", "As the world was on this day.", {"type": "string", "format": "date"}, _day)
known_on = Parameter(
    "known_on",
    "As the hub knew it at the end of this day (UTC), as far as it may still be shown.",
    {"type": "string", "format": "date"},
    _day,
)
merge = Parameter(
    "merge",
    "Whether references that people judged to be the same are read as one.",
    {"type": "boolean", "default": True},
    _yes,
    default=True,
)
derived = flag("derived", "Add the ties that follow from others: who supports whom, who acted together.")
claims = flag("claims", "Add the events behind it as nodes, and what speaks for and against them.")
matter = Parameter(
    "about",
    "The person, case, threat, trial or law in question; no partner, place, standard or indicator.",
    _text(_REF),
    _matter,
    required=True,
)
past = flag("past", "Also ties that are said no more since they were put right (`superseded`).")
since_cursor = Parameter(
    "since",
    "What is new since this cursor; without it, everything.",
    _text(_CURSOR),
    _form(_CURSOR, "a cursor of this hub"),
)
_GRAPH = read_graph_vocabulary()
_KINDS = (*_GRAPH.kinds, "category")
_TIES = tuple(_GRAPH.ties)
kinds = Parameter(
    "kinds",
    "Only nodes of these kinds.",
    {"type": "string", "enum": list(_KINDS)},
    _code_of(_KINDS),
    many=True,
)
ties = Parameter(
    "ties", "Only ties of these kinds.", {"type": "string", "enum": list(_TIES)}, _code_of(_TIES), many=True
)
hops = Parameter("hops", "How far from `about`.", _number(0, MAX_HOPS, 1), _count(MAX_HOPS), default=1)
offset = Parameter(
    "offset", "How many to leave out from the start.", _number(0, 1_000_000, 0), _count(1_000_000), default=0
)
words = Parameter(
    "q", "What to look for, in any script.", {"type": "string", "maxLength": 200}, _words, required=True
)
tie = Parameter(
    "kind", "The kind of the tie.", {"type": "string", "enum": list(_TIES)}, _code_of(_TIES), required=True
)
tie_from = reference("from", "Where the tie or path begins.", required=True)
tie_to = reference("to", "Where the tie or path ends.", required=True)
ways = Parameter("k", "How many paths.", _number(1, 10, 3), _count(10, 1), default=3)
weigh = choice(
    "weigh",
    "What makes a path short: few steps that can be trusted, or few steps.",
    ("trust", "hops"),
    "trust",
)
hostile = choice(
    "hostile",
    "Whom paths leave out because a threat is attributed to them: any threat, or one that concerns an end.",
    ("any", "ends"),
    "any",
)
avoid = Parameter("avoid", "Paths leave these out.", _text(_REF), _form(_REF, "kind:LOCAL"), many=True)
one_country = Parameter(
    "country", "Only in this country.", _text(_COUNTRY), _form(_COUNTRY, "two capital letters")
)
status = Parameter("status", "Only what is shown with this status.", _text(_CODE), _form(_CODE, "a code"))
about_one = reference("about", "Only what an event names together with this reference.")
where = Parameter(
    "where",
    "Only with this value, NAME:VALUE; a code finds those below it too.",
    _text(_WHERE),
    _pair,
    many=True,
)
sort = Parameter(
    "sort",
    "The property to sort by; `-` before it for the greatest first; by reference without it.",
    _text(_SORT),
    _form(_SORT, "e.g. -starts"),
    default="ref",
)
suggested = Parameter(
    "kind",
    "Same person, or same incident? Without it what `about` is, else `lawyer`.",
    {"type": "string", "enum": ["lawyer", "threat"]},
    _one_of(("lawyer", "threat")),
)
suggested_about = reference("about", "Only for this lawyer or threat, or for those that a threat ties to it.")
records = Parameter(
    "limit",
    f"How many records to look at, the newest first; {MAX_RECORDS} is the most. Each has at most three suggestions.",
    _number(1, MAX_RECORDS, 10),
    _count(MAX_RECORDS, 1),
    default=10,
)
before = Parameter(
    "before",
    "Only what stands before this cursor, which is older.",
    _text(_CURSOR),
    _form(_CURSOR, "a cursor of this hub"),
)
key = Parameter(
    "key",
    "The key of a personal address, in place of a token.",
    _text(_KEY),
    _form(_KEY, "as the hub made it"),
)
mine = flag("mine", "Only hearings of trials and cases of which your partner spoke, and of what you follow.")
language = Parameter(
    "language", "Wanted; the original by default.", _text(_LANGUAGE), _form(_LANGUAGE, "e.g. ar")
)
spoken = choice(
    "language",
    "Of what the hub itself says; what publishers said stays as it is.",
    tuple(LANGUAGES),
    "en",
)
of_source = Parameter(
    "source",
    "The source of the event.",
    _text(_SOURCE),
    _form(_SOURCE, "urn:hub:partner:SLUG"),
    required=True,
)
of_id = Parameter(
    "id", "The id of the event.", {"type": "string", "maxLength": 128}, _event_id, required=True
)
tree_from = Parameter(
    "from", "Size of the smaller tree.", _number(0, _LARGEST, 0), _count(_LARGEST), required=True
)
tree_to = Parameter(
    "to", "Size of the greater tree.", _number(0, _LARGEST, 0), _count(_LARGEST), required=True
)
atomic = flag("atomic", "Record all or nothing.")
dry_run = flag("dry_run", "Check only; record nothing.")

LIST_FILTERS = (one_country, status, about_one, where, sort)
"""The filters that all lists share."""

GOING_ON = (after, since_cursor, before)
"""Cursors from which a list goes on: whoever shows one has been told what stands there."""

EVENT_FILTERS = (types, country, about, partner, urgency, since, until)
"""The filters that `GET /events` and the feed share."""
