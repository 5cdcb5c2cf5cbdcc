"""Every address of the hub, in one list."""

from hub.action_routes import action_addresses
from hub.address import API, Address, Answer, ok
from hub.api import (
    catalogue,
    conflicts,
    erasures,
    events,
    glass,
    graph,
    health,
    me,
    measures,
    peers,
    questions,
    reading,
    search,
    suggestions,
)
from hub.api import parameters as p
from hub.api.lists import NAMES, dossier_of, lister
from hub.board_routes import board_addresses
from hub.feeds.sse import follow_events
from hub.feeds.websocket import follow_websocket
from hub.law_routes import law_addresses
from hub.log_routes import log_addresses
from hub.outside import outside_addresses
from hub.pages.addresses import page_addresses
from hub.subscriptions.addresses import subscription_addresses
from hub.support_routes import support_addresses
from hub.trial_routes import trial_addresses
from hub.truth_routes import truth_addresses

PROMETHEUS = "text/plain"


def addresses() -> tuple[Address, ...]:
    """Return the table: the router and OpenAPI are made from it."""
    return (
        *_events(),
        *_graph(),
        *_measures(),
        *_questions(),
        *_identity(),
        *log_addresses(),
        *action_addresses(),
        *law_addresses(),
        *_lists(),
        *support_addresses(),
        *trial_addresses(),
        *truth_addresses(),
        *_documents(),
        *_stewards(),
        *_glass(),
        *_erasures(),
        *board_addresses(),
        *subscription_addresses(),
        *outside_addresses(),
        *_operations(),
        *page_addresses(),
    )


def _events() -> tuple[Address, ...]:
    one = f"{API}/events/{{source}}/{{id:path}}"
    posted = (
        Answer(201, "Stored.", component="Receipt"),
        Answer(200, "A duplicate; or a batch without rejections.", component="Receipt"),
        Answer(207, "A batch with rejections.", component="BatchReport"),
    )
    filters = p.EVENT_FILTERS
    paged = (p.after, p.limit(100, p.MAX_EVENTS), *filters)
    fed = ok("FeedMessage", "Messages, one by one.", "text/event-stream")
    feed = f"{API}/feed"
    follow = "Follow the feed (WebSocket, or server-sent events)"
    return (
        Address("POST", f"{API}/events", "postEvents", events.post_events, "Publish one or many events",
                "Events", (p.atomic, p.dry_run), posted),
        Address("GET", f"{API}/events", "listEvents", reading.list_events, "Events in the order of recording",
                "Events", paged, ok("EventPage", "A page.")),
        Address("GET", one, "showEvent", reading.show_event, "One event with what was said about it",
                "Events", (), ok("EventRecord", "The event.")),
        Address("GET", feed, "follow", follow_events, follow, "Events", (p.feed_after, *filters), fed,
                follower=follow_websocket),
        Address("GET", f"{API}/search", "search", search.search, "Full text over what you may see", "Events",
                (p.words, p.kinds, p.limit(20, 100), p.offset), ok("SearchPage", "A page of hits.")),
        Address("GET", f"{API}/timeline/{{ref}}", "showTimeline", search.show_timeline,
                "Everything about a reference, in order", "Events",
                (p.choice("order", "By world date, or as recorded.", ("world", "log"), "world"),
                 p.limit(200, p.MAX_LISTED), p.offset), ok("Listing", "A page.")),
        Address("GET", f"{API}/me", "showMe", me.show_me, "Who the hub takes you for", "Events", (),
                ok("Me", "You.")),
    )  # fmt: skip


def _graph() -> tuple[Address, ...]:
    of = f"{API}/graph"
    then = (p.as_of, p.known_on, p.merge)
    asked = (
        p.about,
        p.hops,
        p.kinds,
        p.ties,
        p.one_country,
        *then,
        p.past,
        p.derived,
        p.claims,
        p.limit(500, p.MAX_NODES),
    )
    form = p.choice("format", "Of the file.", tuple(graph.FORMATS), "json")
    files = tuple(
        Answer(200, "The file.", media.partition(";")[0], "GraphFile")
        for media in dict.fromkeys(graph.FORMATS.values())
    )
    return (
        Address("GET", of, "showGraph", graph.show_graph, "A part of the graph", "Graph", asked,
                ok("Graph", "Nodes and ties.")),
        Address("GET", f"{of}/nodes/{{ref}}", "showNode", graph.show_node, "Everything known about a node",
                "Graph", then, ok("NodeDossier", "The node.")),
        Address("GET", f"{of}/edges", "showEdge", graph.show_edge, "Everything known about a tie", "Graph",
                (p.tie_from, p.tie_to, p.tie, *then, p.past), ok("EdgeDossier", "The tie.")),
        Address("GET", f"{of}/changes", "showGraphChanges", graph.show_changes, "What is new since the last visit",
                "Graph", (p.since_cursor, p.limit(500, p.MAX_NODES)), ok("GraphChanges", "What differs.")),
        Address("GET", f"{of}/paths", "showPaths", graph.show_paths, "Shortest introduction paths", "Graph",
                (p.tie_from, p.tie_to, p.ways, p.avoid, p.weigh, p.hostile), ok("Paths", "The paths.")),
        Address("GET", f"{of}/export", "exportGraph", graph.export_graph, "The graph as a file", "Graph",
                (form, *then), files),
    )  # fmt: skip


def _later() -> Answer:
    return Answer(202, "It is being computed; `Location` says where the answer will be.", component="Job")


def _measures() -> tuple[Address, ...]:
    of, job = f"{API}/graph", f"{API}/graph/jobs/{{job}}"
    later = _later()
    by = p.choice("by", "The measure.", measures.CENTRAL, "pagerank")
    most = p.limit(50, p.MAX_LISTED)
    return (
        Address("GET", f"{of}/central", "showCentral", measures.show_central, "Who is in the middle of the graph",
                "Graph", (by, p.kinds, most), (*ok("Central", "The nodes."), later)),
        Address("GET", f"{of}/communities", "showCommunities", measures.show_communities,
                "Groups that have more ties inside than outside", "Graph", (most,),
                (*ok("Communities", "The groups."), later)),
        Address("GET", f"{of}/bridges", "showBridges", measures.show_bridges,
                "Organisations and ties whose loss would cut parts off", "Graph", (most,),
                (*ok("Bridges", "What would break."), later)),
        Address("GET", job, "showJob", measures.show_job, "The answer of a job, or how far it is", "Graph", (),
                (*ok("JobAnswer", "The answer."), later)),
        Address("DELETE", job, "cancelJob", measures.cancel_job, "Cancel a job", "Graph", (),
                (Answer(204, "Cancelled."),)),
    )  # fmt: skip


def _questions() -> tuple[Address, ...]:
    of, then = f"{API}/graph", (p.as_of, p.known_on)
    return (
        Address("GET", f"{of}/alone", "showAlone", questions.show_alone,
                "Lawyers under threat, those first whom the least support reaches", "Graph",
                (p.one_country, p.limit(50, p.MAX_LISTED), p.offset, *then), (*ok("Alone", "A page."), _later())),
        Address("GET", f"{of}/who-acts", "showWhoActs", questions.show_who_acts,
                "Who acts in a matter, what nobody does, and what two do", "Graph", (p.matter, *then),
                ok("WhoActs", "The acts.")),
        Address("GET", f"{of}/invite", "showInvite", questions.show_invite,
                "Whom to invite to an action, with reasons", "Graph",
                (p.matter, p.limit(20, p.MAX_LISTED), *then), ok("Invitations", "Partners, best first.")),
    )  # fmt: skip


def _identity() -> tuple[Address, ...]:
    asked = (p.suggested_about, p.suggested, p.records, p.offset)
    return (
        Address("GET", f"{API}/identity/suggestions", "listSuggestions", suggestions.show_suggestions,
                "Who may be the same person, and what the same incident", "Graph", asked,
                ok("Suggestions", "A page.")),
    )  # fmt: skip


def _lists() -> tuple[Address, ...]:
    then = (p.as_of, p.known_on)
    asked = (
        *p.LIST_FILTERS,
        *then,
        p.limit(50, p.MAX_LISTED),
        p.offset,
    )
    lists = [
        Address("GET", f"{API}/{name}", f"list{name.capitalize()}", lister(name), f"The {name}", "Lists",
                asked, ok("Listing", "A page."))
        for name in NAMES
        if name != "hearings"
    ]  # fmt: skip
    dossiers = [
        Address("GET", f"{API}/{name}/{{ref}}", f"show{name.capitalize()}", dossier_of(name),
                f"One of the {name}", "Lists", then, ok("Dossier", "What is known."))
        for name in NAMES
    ]  # fmt: skip
    return (*lists, *dossiers)


def _documents() -> tuple[Address, ...]:
    schema = ok("JsonSchema", "The schema.", catalogue.SCHEMA)
    return (
        Address("GET", "/schemas", "listSchemas", catalogue.list_schemas, "Every event type", "Contracts", (),
                ok("SchemaIndex", "The types.")),
        Address("GET", "/schemas/{name}", "showSharedSchema", catalogue.show_shared,
                "Parts that types share: common, vocabularies, codes", "Contracts", (), schema),
        Address("GET", "/schemas/{type}/{version}", "showSchema", catalogue.show_schema,
                "The schema of an event type", "Contracts", (), schema),
        Address("GET", "/openapi.json", "showOpenApi", catalogue.show_openapi, "This interface", "Contracts",
                (), ok("OpenApi", "OpenAPI 3.1.")),
        Address("GET", "/asyncapi.json", "showAsyncApi", catalogue.show_asyncapi, "The feed", "Contracts", (),
                ok("AsyncApi", "AsyncAPI 3.0.")),
    )  # fmt: skip


def _stewards() -> tuple[Address, ...]:
    of = f"{API}/conflicts"
    return (
        Address("GET", of, "listConflicts", conflicts.list_conflicts, "Who is kept out of which case",
                "Stewards", (p.limit(50, p.MAX_LISTED), p.offset), ok("Listing", "A page.")),
        Address("POST", of, "judgeConflict", conflicts.judge_conflict, "Lift an exclusion, or uphold it",
                "Stewards", (), (Answer(201, "Recorded.", component="Receipt"),), takes="ConflictJudgement"),
        Address("GET", f"{API}/peers", "listPeers", peers.list_peers,
                "The hubs that this one listens to, and what was not taken of them and why", "Stewards", (),
                ok("Listing", "All of them.")),
    )  # fmt: skip


def _glass() -> tuple[Address, ...]:
    of, one = f"{API}/glass", f"{API}/glass/{{request}}"
    return (
        Address("GET", of, "listGlass", glass.list_glass, "Requests to break glass, waiting or open", "Stewards",
                (), ok("GlassList", "The requests.")),
        Address("POST", of, "askGlass", glass.ask_glass, "Ask to read an event that you may not see",
                "Stewards", (), (Answer(202, "Recorded, whether there is such an event or not.",
                                        component="GlassRequest"),), takes="GlassQuestion"),
        Address("POST", f"{one}/approve", "approveGlass", glass.approve_glass,
                "Agree, as a second steward: open for the two for an hour", "Stewards", (),
                ok("GlassRequest", "Open."), takes="Nothing"),
        Address("GET", one, "showGlass", glass.show_glass, "The event, whole; each reading is recorded first",
                "Stewards", (), ok("GlassEvent", "The event.")),
    )  # fmt: skip


def _erasures() -> tuple[Address, ...]:
    overdue = p.flag("overdue", "Only those that a partner should have answered by now.")
    asked = (overdue, p.limit(50, p.MAX_LISTED), p.offset)
    return (
        Address("GET", f"{API}/erasures", "listErasures", erasures.list_erasures,
                "What was erased, and whose copies are not known to be gone", "Lists", asked,
                ok("ErasureList", "A page, newest first.")),
    )  # fmt: skip


def _operations() -> tuple[Address, ...]:
    ready = (*ok("Readiness", "Ready."), Answer(503, "Not ready.", component="Readiness"))
    return (
        Address("GET", "/healthz", "showHealth", health.show_health, "Whether the hub serves", "Operation",
                (), ok("Health", "It does.")),
        Address("GET", "/readyz", "showReadiness", health.show_readiness, "How far the views are",
                "Operation", (), ready),
        Address("GET", "/metrics", "showMetrics", health.show_metrics, "What the hub counts; for stewards",
                "Operation", (), ok("Metrics", "The counters.", PROMETHEUS)),
    )  # fmt: skip
