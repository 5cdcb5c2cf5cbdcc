"""Method × route × role × label: who gets which kind of answer, and that nothing hidden shows in it.

Three small tables say what is right: `ROUTES` what each address is, `STATUSES` how each kind of address answers each
role, `SEEN` which events each role may see. A new address fails here until `ROUTES` says what it is, and `ASKED` what
may be asked of it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from events.audience import Reader
from hub.routes import addresses
from projections.reading_room import ReadingRoom
from tests.canaries import heard
from tests.depth import in_depth, in_turns
from tests.matrix import Case, Setting, make_setting, table
from tests.nest import FIRST, SECOND
from tests.wire import ORIGIN, Reply

Json = Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
LISTED = {
    "lawyers": "lawyer", "cases": "case", "trials": "trial", "hearings": "hearing", "statements": "statement",
    "actions": "action", "needs": "need", "offers": "offer", "policies": "policy", "commitments": "commitment",
    "indicators": "indicator", "partners": "partner", "bodies": "body", "threats": "threat",
    "supports": "support", "datasets": "dataset",
}  # fmt: skip

PAGED = (
    "lawyers", "cases", "trials", "hearings", "statements", "actions", "needs", "offers", "policies", "commitments",
    "indicators", "partners",
)  # fmt: skip
"""Lists that have pages, too."""

FORMS = (
    "/hearings/{ref}/seat", "/hearings/{ref}/hand-over", "/actions/{ref}/join", "/actions/{ref}/leave",
    "/needs/{ref}/match", "/needs/{ref}/confirm", "/needs/{ref}/decline", "/offers/{ref}/confirm",
    "/offers/{ref}/decline",
)  # fmt: skip
"""To which pages of things send what was filled in."""

LAW_PAGES = ("policy", "data", "data/promises", "data/impunity", "data/works", "countries")
LAW_FORMS = (
    "board/seen", "review", "review/{ref}/assess", "steward/partners", "steward/suspend", "steward/tokens",
    "steward/tokens/{token}/revoke", "steward/conflicts",
    "steward/glass", "steward/glass/{request}/agree", "steward/glass/{request}/read",
    "following/mail", "following/addresses", "following/addresses/{address}/revoke",
    *(f"following/{{subscription}}/{act}" for act in ("end", "confirm", "resume", "test")),
)  # fmt: skip
OWN_ACTS = ("confirm", "resume", "replay", "rotate", "test")

ROUTES = {
    "POST /api/v1/events": "publish",
    "GET /api/v1/events": "answer",
    "GET /api/v1/events/{source}/{id:path}": "event",
    "GET /api/v1/feed": "answer",
    "GET /api/v1/search": "answer",
    "GET /api/v1/timeline/{ref}": "thing",
    "GET /api/v1/me": "answer",
    "GET /api/v1/log/checkpoint": "answer",
    "GET /api/v1/log/key": "answer",
    "GET /api/v1/log/consistency": "tie",
    "GET /api/v1/log/proof": "tie",
    "GET /api/v1/log/proofs": "answer",
    "POST /api/v1/witness/add-checkpoint": "cosign",
    "GET /api/v1/graph": "answer",
    "GET /api/v1/graph/nodes/{ref}": "thing",
    "GET /api/v1/graph/edges": "tie",
    "GET /api/v1/graph/changes": "answer",
    "GET /api/v1/graph/paths": "tie",
    "GET /api/v1/graph/export": "answer",
    "GET /api/v1/graph/alone": "answer",
    "GET /api/v1/graph/who-acts": "tie",
    "GET /api/v1/graph/invite": "tie",
    "GET /api/v1/identity/suggestions": "answer",
    "GET /api/v1/graph/central": "answer",
    "GET /api/v1/graph/communities": "answer",
    "GET /api/v1/graph/bridges": "answer",
    "GET /api/v1/graph/jobs/{job}": "absent",
    "DELETE /api/v1/graph/jobs/{job}": "approval",
    **{f"GET /api/v1/{name}": "answer" for name in LISTED},
    **{f"GET /api/v1/{name}/{{ref}}": "thing" for name in LISTED},
    "GET /api/v1/actions/board": "answer",
    "GET /api/v1/actions/{ref}/letter": "thing",
    "GET /verify/{hash}": "nothing",
    "GET /api/v1/consultations": "answer",
    "GET /api/v1/standards": "answer",
    "GET /api/v1/commitments/lights": "answer",
    "GET /api/v1/countries": "answer",
    "GET /api/v1/countries/{code}": "answer",
    "GET /api/v1/data": "answer",
    "GET /api/v1/coverage": "answer",
    "GET /api/v1/erasures": "answer",
    "GET /api/v1/board": "own",
    "GET /api/v1/replies": "answer",
    "GET /api/v1/review": "answer",
    "GET /api/v1/retractions": "steward",
    "GET /api/v1/impunity": "answer",
    "GET /api/v1/what-works": "answer",
    "GET /api/v1/matches": "answer",
    "GET /api/v1/support/totals": "own",
    "GET /api/v1/support/reviews": "steward",
    "GET /api/v1/conflicts": "steward",
    "GET /api/v1/peers": "steward",
    "POST /api/v1/conflicts": "judgement",
    "GET /api/v1/glass": "steward",
    "POST /api/v1/glass": "judgement",
    "GET /api/v1/glass/{request}": "absent",
    "POST /api/v1/glass/{request}/approve": "approval",
    "POST /api/v1/subscriptions": "follow",
    "GET /api/v1/subscriptions": "own",
    "GET /api/v1/subscriptions/{subscription}": "own thing",
    "DELETE /api/v1/subscriptions/{subscription}": "own act",
    "GET /api/v1/subscriptions/{subscription}/deliveries": "own thing",
    "GET /api/v1/subscriptions/{subscription}/news": "own thing",
    **{f"POST /api/v1/subscriptions/{{subscription}}/{act}": "own act" for act in OWN_ACTS},
    "GET /feed.atom": "answer",
    "GET /feed.json": "answer",
    "GET /hearings.ics": "answer",
    "POST /api/v1/addresses": "follow",
    "GET /api/v1/addresses": "own",
    "DELETE /api/v1/addresses/{address}": "own act",
    "GET /mail/{secret}": "absent",
    "POST /mail/{secret}": "approval",
    "GET /schemas": "document",
    "GET /schemas/{name}": "document",
    "GET /schemas/{type}/{version}": "document",
    "GET /openapi.json": "document",
    "GET /asyncapi.json": "document",
    "GET /healthz": "document",
    "GET /readyz": "document",
    "GET /metrics": "steward",
    "GET /": "answer",
    "GET /live": "answer",
    "GET /explore": "answer",
    **{f"GET /{name}": "answer" for name in (*PAGED, "support")},
    **{f"GET /{name}/{{ref}}": "thing" for name in PAGED},
    **{f"POST {path}": "form" for path in FORMS},
    "GET /things/{ref}": "thing",
    "GET /ties": "tie",
    "GET /events/{source}/{id:path}": "event",
    "GET /publish": "answer",
    "GET /publish/{type}": "answer",
    "POST /publish/{type}": "form",
    "GET /published/{id:path}": "absent",
    "GET /correct/{id:path}": "absent",
    "POST /correct/{id:path}": "form",
    "GET /in-words": "document",
    "GET /courtroom": "document",
    "GET /hub.webmanifest": "document",
    "GET /sw.js": "document",
    **{f"GET /{name}": "answer" for name in LAW_PAGES},
    "GET /countries/{code}": "answer",
    "GET /board": "answer",
    "GET /following": "answer",
    "GET /review": "answer",
    "GET /review/{ref}": "thing",
    "GET /steward": "steward",
    **{f"POST /{name}": "form" for name in LAW_FORMS},
    "GET /docs": "page",
    "GET /sign-in": "page",
    "POST /sign-in": "form",
    "GET /sign-in/{secret}": "page",
    "POST /sign-in/{secret}": "form",
    "POST /sign-out": "form",
    "GET /static/{name}": "document",
    "POST /language": "form",
    "GET /texts/{language}": "document",
}
"""What each address is. `thing`, `event` and `tie` answer as `answer` does, with 404 for what is hidden."""

SAYING_AGAIN = frozenset(
    {
        *("GET /", "GET /live", "GET /explore", "GET /following", "GET /publish/{type}"),
        *(f"GET /{name}" for name in PAGED),
    }
)
"""Pages whose forms show what was asked."""

STATUSES = """
          public publisher observer coordinator steward read-only suspended revoked expired session
answer    200    200       200      200         200     200       403       401     401     200
page      200    200       200      200         200     200       200       401     401     200
document  200    200       200      200         200     200       200       200     200     200
steward   404    404       404      404         200     404       403       401     401     404
absent    404    404       404      404         404     404       403       401     401     404
publish   401    200       403      200         403     403       403       401     401     403
judgement 404    404       404      404         422     404       403       401     401     403
approval  404    404       404      404         404     404       403       401     401     403
follow    401    422       422      422         422     422       403       401     401     403
own       401    200       200      200         200     200       403       401     401     200
own thing 401    404       404      404         404     404       403       401     401     404
own act   401    404       404      404         404     404       403       401     401     403
form      403    403       403      403         403     403       403       403     403     403
nothing   404    404       404      404         404     404       404       404     404     404
cosign    400    400       400      400         400     400       400       400     400     403
"""
"""How each kind of address answers each role; POST without an `Origin`, so that a session is refused."""

SEEN = """
                               public publisher observer coordinator steward
harbour clear                  +      +         +        +           +
harbour green                  -      +         +        +           +
harbour amber                  -      +         -        +           +
harbour amber to the other     -      +         -        +           -
harbour strict                 -      -         -        -           -
harbour strict to the other    -      -         -        +           -
harbour red                    -      -         -        -           -
harbour red to an account      -      -         -        +           -
harbour clear under embargo    -      +         -        -           -
harbour green under embargo    -      +         -        -           -
docket clear                   +      +         +        +           +
docket green                   -      +         +        +           +
docket amber                   -      +         -        +           +
docket amber to the other      -      +         -        +           -
docket strict                  -      -         -        +           -
docket strict to the other     -      -         -        +           -
docket red                     -      -         -        +           -
docket red to an account       -      -         -        +           -
docket clear under embargo     -      -         +        +           -
docket green under embargo     -      -         +        +           -
"""
"""Who sees which event. Publisher: of harbour, cleared for amber. Observer: of docket, cleared for green. Coordinator:
of docket, cleared for red, the account that is named. Steward: cleared for red, of neither."""

AS = {"read-only": "publisher", "session": "publisher"}
"""Roles that see what another role sees; those with a token that does not work see nothing."""

ASKED: Mapping[str, Sequence[str]] = {
    "/api/v1/log/consistency": ("from=0&to=1",),
    "/api/v1/log/proof": ("source={source}&id={id}",),
    "/api/v1/log/proofs": ("limit=100", "limit=100&about={threat}"),
    "/api/v1/events": ("limit=1000", "limit=1000&about={threat}", "limit=1000&partner={slug}"),
    "/api/v1/feed": ("after=begin", "after=begin&about={threat}", "after=now&about={threat}"),
    "/api/v1/search": ("q={word}", "q=QM&limit=100"),
    "/api/v1/graph": ("limit=5000", "about={threat}&hops=4", "about={threat}&hops=0"),
    "/api/v1/graph/edges": ("from={threat}&to={lawyer}&kind=TARGETS",),
    "/ties": ("from={threat}&to={lawyer}&kind=TARGETS",),
    "/api/v1/graph/paths": ("from={threat}&to={lawyer}", "from={threat}&to={lawyer}&weigh=hops&hostile=ends"),
    "/api/v1/graph/changes": ("limit=5000", "limit=1"),
    "/api/v1/graph/export": ("format=json", "format=csv", "format=node-link", "format=ftm"),
    "/api/v1/graph/alone": ("limit=200", "limit=1&offset=1", "limit=200&as_of=2031-05-04"),
    "/api/v1/graph/who-acts": ("about={threat}", "about={lawyer}", "about={threat}&as_of=2031-05-04"),
    "/api/v1/graph/invite": ("about={threat}&limit=200", "about={lawyer}", "about={threat}&as_of=2031-05-04"),
    "/api/v1/identity/suggestions": ("limit=15", "kind=threat&limit=15"),
    "/api/v1/graph/central": ("limit=200", "by=betweenness&limit=200", "by=core&limit=200&kinds=lawyer"),
    "/api/v1/graph/communities": ("limit=200",),
    "/api/v1/graph/bridges": ("limit=200",),
    **{f"/api/v1/{name}": ("limit=200", "limit=200&about={threat}") for name in LISTED},
    "/api/v1/actions/board": ("limit=200",),
    "/api/v1/consultations": ("limit=200",),
    "/api/v1/standards": ("norm=un-bprl",),
    "/api/v1/commitments/lights": ("limit=200",),
    "/api/v1/data": ("format=csv", "format=json"),
    "/api/v1/hearings": ("limit=200", "limit=200&about={threat}", "limit=200&uncovered=true", "within=366d"),
    "/api/v1/matches": ("limit=200",),
    "/api/v1/coverage": ("limit=200&within=366d", "country=QM"),
    "/api/v1/erasures": ("limit=200",),
    "/api/v1/board": ("limit=200", "limit=1"),
    "/api/v1/replies": ("limit=200", "by=mechanism&limit=200", "by=kind&limit=1&offset=1"),
    "/api/v1/review": ("limit=200", "reason=unverified&limit=200", "country=QM&limit=1"),
    "/api/v1/impunity": ("limit=200", "country=QM&limit=1&offset=1"),
    "/api/v1/what-works": ("limit=200", "by=kind,country,category,mechanism&limit=200"),
    "/api/v1/support/reviews": ("limit=200",),
    "/": ("about={threat}", "partner={slug}"),
    "/live": ("about={threat}", "partner={slug}", "country=QM"),
    "/following": ("about={threat}", "partner={slug}&type=threat.*", "done=mail"),
    "/policy": ("limit=200", "norm=iccpr", "country=QM&limit=1"),
    "/data/promises": ("limit=200", "light=green"),
    "/data/impunity": ("limit=200", "country=QM&limit=1&offset=1"),
    "/data/works": ("by=kind,country,category,mechanism&limit=200",),
    "/review": ("limit=200", "kind=threat", "reason=unverified&limit=200"),
    **{f"/{name}": ("limit=200", "limit=200&about={threat}") for name in PAGED},
    "/hearings": ("limit=200", "within=366d", "uncovered=true&limit=200"),
    "/actions": ("limit=200", "show=mine", "show=all&limit=200"),
    "/support": ("limit=200", "limit=1&offset=1"),
    "/publish": ("q=threat",),
    "/publish/{type}": ("about={threat}", "about={lawyer}", "event=x"),
    "/explore": ("limit=5000", "about={threat}&hops=4", "as_of=2031-05-04&past=true&limit=5000"),
    "/api/v1/subscriptions/{subscription}/deliveries": ("limit=200", "limit=1&offset=1"),
    "/api/v1/subscriptions/{subscription}/news": ("limit=200",),
    "/api/v1/conflicts": ("limit=200",),
    "/feed.atom": ("limit=200", "limit=200&about={threat}", "limit=200&language=ar"),
    "/feed.json": ("limit=200", "limit=200&about={threat}", "limit=200&language=fr"),
    "/hearings.ics": ("about={threat}", "mine=true", "language=ar"),
}
"""What is asked, besides the plain address; in braces a part of each event in turn."""

PARTS = {
    "name": "common", "type": "threat.reported", "version": "1", "secret": "nothing", "request": "20310504-x",
    "job": "0" * 32, "subscription": "sub_x", "address": "adr_x", "hash": "0" * 64, "code": "QM",
    "/static/{name}": "hub.css", "language": "fr", "id": "x", "token": "nothing", "ref": "threat:nobody.1",
}  # fmt: skip
"""What stands for a part of a path, or for the only part of one path, that names no event and no reference."""

UNKNOWN_HEADERS = {
    "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "other.test", "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/api", "x-forwarded-user": "stewards", "x-real-ip": "127.0.0.1",
    "forwarded": "for=127.0.0.1;proto=https;host=other.test", "via": "1.1 inside", "x-original-url": "/metrics",
    "x-rewrite-url": "/metrics", "x-original-method": "DELETE", "x-http-method-override": "DELETE",
    "x-http-method": "PUT", "x-method-override": "PUT", "range": "bytes=0-9", "if-range": '"x"',
    "if-none-match": "*", "if-match": '"x"', "if-modified-since": "Thu, 01 Jan 2099 00:00:00 GMT",
    "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT", "accept-language": "qaa", "accept-encoding": "gzip, br",
    "accept-charset": "utf-16", "accept": "application/xml", "cache-control": "no-cache", "pragma": "no-cache",
    "prefer": "return=minimal", "depth": "infinity", "max-forwards": "0", "te": "trailers", "dnt": "1",
    "x-requested-with": "XMLHttpRequest", "x-user": "stewards", "x-partner": SECOND, "x-role": "steward",
    "x-clearance": "red", "x-debug": "1", "x-request-id": "1", "traceparent": "00-0-0-01", "from": "a@other.test",
    "referer": "http://hub.test/", "user-agent": "curl", "sec-fetch-site": "same-origin",
    "upgrade-insecure-requests": "1",    "x-csrf-token": "1",
    "proxy-authorization": "Bearer x", "x-api-key": "x", "x-access-token": "x",
}  # fmt: skip

KNOWN_HEADERS = frozenset({("GET /static/{name}", "accept-encoding")})
"""What is the same for everybody is packed for whoever takes it so."""

UNKNOWN_PARAMETERS = (
    "tlp=red",
    "role=steward",
    "as=stewards",
    "token=x",
    "_method=DELETE",
    "debug=1",
    "fields=*",
    "=1",
)

KINDS = table(STATUSES)
ROLES = tuple(KINDS["answer"])
GETS = sorted(one for one in ROUTES if one.startswith("GET "))
PATHS = sorted({one.partition(" ")[2] for one in ROUTES})
POSTS = [one for one in ROUTES if one.startswith("POST ")]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    with make_setting(tmp_path_factory.mktemp("matrix"), table(SEEN), AS) as made:
        yield made


@dataclass(frozen=True)
class Ask:
    """A question; `case` is what it is about, if the answer stands or falls with it, `about` what it names."""

    path: str
    query: str = ""
    case: Case | None = None
    about: Case | None = None


def asks(setting: Setting, route: str) -> list[Ask]:
    """Return what is asked of an address."""
    path, kind = route.partition(" ")[2], ROUTES[route]
    if kind in {"thing", "event"}:
        return list(_things(setting, path))
    plain = _filled(path, {**PARTS, "name": PARTS.get(path, PARTS["name"])})
    made = [] if kind == "tie" or path.endswith("/search") else [Ask(plain)]
    for query in ASKED.get(path, ()):
        cases = setting.cases if "{" in query else [None]
        filled = [
            Ask(plain, _filled(query, _parts(setting, case)), case if kind == "tie" else None, case)
            for case in cases
        ]
        made += filled
    return made


def _things(setting: Setting, path: str) -> Iterator[Ask]:
    for case in setting.cases:
        if "{source}" in path:
            for number in case.events[:4]:
                yield Ask(_filled(path, setting.aviary.events[number].envelope), "", case, case)
        else:
            kind = LISTED.get(path.partition("/{ref}")[0].rpartition("/")[2], "threat")
            yield Ask(_filled(path, {"ref": setting.reference(case, kind)}), "", case, case)


def _parts(setting: Setting, case: Case | None) -> dict[str, str]:
    if case is None:
        return {}
    envelope = setting.aviary.events[case.events[0]].envelope
    data = envelope["data"]
    named = {"source": envelope["source"], "id": envelope["id"]}
    found = {"threat": data["threat"], "lawyer": data["targets"][0], "word": data["title"], "slug": case.slug}
    return {**named, **found}


def taken(setting: Setting, asked: Sequence[Ask], role: str, turn: int) -> list[Ask]:
    """Return what a role asks in this turn: all that names no case, and some that do, seen and hidden."""
    named = [ask for ask in asked if ask.about is not None]
    chosen = list(in_turns(named, 7, turn))
    for sees in (True, False):
        alike = [ask for ask in named if ask.about and setting.sees(role, ask.about) is sees]
        if alike and not set(alike) & set(chosen):
            chosen.append(alike[turn % len(alike)])
    return [*(ask for ask in asked if ask.about is None), *chosen]


def roles_from(place: int) -> Iterator[tuple[int, str]]:
    """Yield all roles, each with its turn at the address of this place; at the next one another role is the first."""
    for number in range(len(ROLES)):
        yield 3 * place + number, ROLES[(place + number) % len(ROLES)]


def _filled(text: str, values: Mapping[str, Json]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(values[found[1]]), text)


def expected(setting: Setting, route: str, role: str, ask: Ask) -> int:
    """Return the status that the tables promise."""
    kind = ROUTES[route]
    status = int(KINDS["answer" if kind in {"thing", "event", "tie"} else kind][role])
    return 404 if status == 200 and ask.case is not None and not setting.sees(role, ask.case) else status


def refuse_badly_formed(answer: Reply) -> None:
    """Fail if an error is no problem document."""
    if answer.status >= 400:
        said = json.loads(answer.body)
        assert answer.header("content-type") == "application/problem+json"
        assert re.fullmatch(r"urn:hub:problem:[a-z-]+", said["type"])
        assert said["status"] == answer.status


def test_every_address_is_in_the_table() -> None:
    table = addresses()
    assert {f"{one.method} {one.path}" for one in table} == set(ROUTES)
    needing = {
        one.path for one in table if any(p.required or p.name in {"about", "limit"} for p in one.parameters)
    }
    assert needing <= set(ASKED) | {one.partition(" ")[2] for one, kind in ROUTES.items() if kind == "thing"}


@pytest.mark.parametrize("route", GETS)
def test_each_role_gets_what_the_tables_say(route: str, setting: Setting) -> None:
    asked = asks(setting, route)
    heads: set[int] = set()
    for turn, role in roles_from(GETS.index(route)):
        hidden, shown = setting.hidden(role), setting.shown(role)
        heads = in_depth(heads, set())
        for ask in taken(setting, asked, role, turn):
            answer = setting.wire.ask("GET", ask.path, ask.query, shown)
            assert answer.status == expected(setting, route, role, ask), (role, ask, answer.body[:300])
            own = ask.query if route in SAYING_AGAIN else ""
            assert [one for one in heard(answer.whole, hidden) if one not in own] == [], (role, ask)
            refuse_badly_formed(answer)
            if answer.status not in heads and route != "GET /metrics":
                heads.add(answer.status)
                head = setting.wire.ask("HEAD", ask.path, ask.query, shown)
                assert (head.status, head.headers) == (answer.status, answer.headers), (role, ask)


def test_in_turns_each_case_is_asked_of_each_address_and_by_each_role(setting: Setting) -> None:
    by_role: dict[str, set[str]] = {role: set() for role in ROLES}
    for route in GETS:
        asked, by_anybody = asks(setting, route), set()
        for turn, role in roles_from(GETS.index(route)):
            now = taken(setting, asked, role, turn)
            by_anybody |= {ask.about.row for ask in now if ask.about}
            by_role[role] |= {f"{ask.about.row} {ask.query}{ask.path}" for ask in now if ask.about}
            wanted = {setting.sees(role, ask.case) for ask in asked if ask.case}
            assert {setting.sees(role, ask.case) for ask in now if ask.case} == wanted, (route, role)
        assert by_anybody == {ask.about.row for ask in asked if ask.about}, route
    for role, said in by_role.items():
        for case in setting.cases:
            assert sum(one.startswith(f"{case.row} ") for one in said) >= 5, (role, case.row)


def test_whoever_sees_something_gets_it(setting: Setting) -> None:
    for role in ("publisher", "coordinator", "session"):
        answer = setting.wire.ask("GET", "/api/v1/events", "limit=1000", setting.shown(role))
        seen = {no for case in setting.cases if setting.sees(role, case) for no in case.events}
        ids = {setting.aviary.events[no].envelope["id"] for no in seen}
        assert ids <= {one["id"] for one in json.loads(answer.body)["events"]}


def some_roles(turn: int) -> list[str]:
    """Return who is asked in this turn: whoever shows no token, and a third of the others."""
    return [ROLES[0], *in_turns(ROLES[1:], 3, turn)]


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused_alike(path: str, setting: Setting) -> None:
    known = {one.partition(" ")[0] for one in ROUTES if one.partition(" ")[2] == path}
    allowed = known | ({"HEAD"} if "GET" in known else set())
    parts = {**PARTS, "source": f"urn:hub:partner:{FIRST}", "id": "x", "ref": f"lawyer:{FIRST}.1"}
    for turn, method in enumerate((*METHODS, "PROPFIND", "get"), PATHS.index(path)):
        if method not in allowed:
            answers = {
                setting.wire.ask(method, _filled(path, parts), "", setting.shown(role))
                for role in some_roles(turn)
            }
            assert len(answers) == 1, method
            answer = answers.pop()
            assert answer.status == 405
            assert set(answer.header("allow").split(", ")) == allowed
            refuse_badly_formed(answer)


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_parameter_is_refused_alike(route: str, setting: Setting) -> None:
    method, _, path = route.partition(" ")
    parts = {**PARTS, "source": f"urn:hub:partner:{FIRST}", "id": "x", "ref": f"lawyer:{FIRST}.1"}
    place = list(ROUTES).index(route)
    for turn, query in enumerate(in_turns(UNKNOWN_PARAMETERS, 2, place), place // 2):
        answers = {
            setting.wire.ask(method, _filled(path, parts), query, {**setting.shown(role), "origin": ORIGIN})
            for role in some_roles(turn)
        }
        assert len(answers) == 1, query
        answer = answers.pop()
        assert (answer.status, json.loads(answer.body)["type"]) == (400, "urn:hub:problem:query-refused")
        refuse_badly_formed(answer)


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_header_changes_no_byte(route: str, setting: Setting) -> None:
    method, place = route.partition(" ")[0], list(ROUTES).index(route)
    # The first question has an answer for most: it asks for all, or for what everybody sees.
    ask = asks(setting, route)[0]
    unknown = {name: UNKNOWN_HEADERS[name] for name in UNKNOWN_HEADERS if (route, name) not in KNOWN_HEADERS}
    for role in ROLES:
        shown = {**setting.shown(role), **({"content-type": "application/json"} if method == "POST" else {})}
        plain = setting.wire.ask(method, ask.path, ask.query, shown, b"{}")
        tries = [unknown]
        if role == "publisher":
            tries += [{name: unknown[name]} for name in in_turns([*unknown], 7, place)]
        for more in tries:
            answer = setting.wire.ask(method, ask.path, ask.query, {**shown, **more}, b"{}")
            # The metrics count the calls, so that they are never the same twice.
            counted = route == "GET /metrics" and answer.status == plain.status == 200
            assert counted or answer == plain, (role, more)


@pytest.mark.parametrize("route", POSTS)
def test_each_role_may_post_what_the_tables_say(route: str, setting: Setting) -> None:
    path = _filled(route.partition(" ")[2], PARTS)
    for role in ROLES:
        slug = SECOND if role in {"observer", "coordinator", "revoked", "expired"} else FIRST
        body = json.dumps(event(slug, "posted") if ROUTES[route] == "publish" else {}).encode()
        query = "dry_run=true" if ROUTES[route] == "publish" else ""
        headers = {**setting.shown(role), "content-type": "application/json"}
        answer = setting.wire.ask("POST", path, query, headers, body)
        assert answer.status == int(KINDS[ROUTES[route]][role]), (role, answer.body)
        assert heard(answer.whole, setting.hidden(role)) == [], role
        refuse_badly_formed(answer)


def event(slug: str, event_id: str) -> dict[str, Json]:
    """Return a small event."""
    data = {"threat": f"threat:{slug}.1", "targets": [f"lawyer:{slug}.1"], "categories": ["liberty.arrest"]}
    source = f"urn:hub:partner:{slug}"
    return {"specversion": "1.0", "id": event_id, "source": source, "type": "threat.reported", "data": data}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_follow_what_the_tables_say(role: str, setting: Setting) -> None:
    shown, hidden = setting.shown(role), setting.hidden(role)
    for ask in taken(setting, asks(setting, "GET /api/v1/feed"), role, ROLES.index(role)):
        answer = setting.wire.listen(ask.path, ask.query, shown)
        status = int(KINDS["answer"][role])
        assert answer.status == (101 if status == 200 else status)
        assert heard(answer.whole, hidden) == []
        refuse_badly_formed(answer)
        foreign = setting.wire.listen(ask.path, ask.query, {**shown, "origin": "https://other.test"})
        assert foreign.status == 403
        others = {name: value for name, value in UNKNOWN_HEADERS.items() if name != "sec-fetch-site"}
        assert setting.wire.listen(ask.path, ask.query, {**shown, **others}) == answer
    for query in UNKNOWN_PARAMETERS:
        assert setting.wire.listen("/api/v1/feed", query, shown).status == 400


def test_a_sight_of_somebody_else_is_found(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    purge, other, pages = ReadingRoom.purge, Reader(SECOND, "ann", "red"), setting.wire.state["shared"]
    pages._forget()  # whoever asked before has the true ones
    monkeypatch.setattr(ReadingRoom, "purge", lambda room, _: purge(room, other))
    found = set()
    for route in GETS:
        for ask in asks(setting, route):
            answer = setting.wire.ask("GET", ask.path, ask.query)
            wrong = answer.status != expected(setting, route, "public", ask)
            if wrong or heard(answer.whole, setting.hidden("public")):
                found.add(route)
                break
    pages._forget()  # these are not true
    bearing = {route for route in GETS if ROUTES[route] in {"answer", "thing", "event", "tie"}}
    # Of hearings that are near the events of this matrix say nothing, and of countries they all say the same;
    # test_calendar.py and test_non_interference.py have them.
    without = {"GET /api/v1/me", "GET /api/v1/erasures", "GET /hearings.ics", "GET /api/v1/coverage"}
    countries = {"GET /api/v1/countries", "GET /countries", "GET /countries/{code}"}
    for_partners = {"GET /board", "GET /publish", "GET /review"}
    log = {f"GET /api/v1/log/{name}" for name in ("checkpoint", "consistency", "key")}
    assert bearing - found == without | countries | for_partners | log
