"""The shelf of subscriptions: what is due, what is forgotten, and that nothing is written about one who moved."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from events.event import Position
from hub.keys import make_subscriptions_key
from hub.office import FileTables
from hub.office_postgres import PostgresOffice
from hub.subscriptions.log import DeliveryLog
from hub.subscriptions.opening import open_shelf
from hub.subscriptions.rows import SCHEMA
from hub.subscriptions.shelf import FILE, Shelf
from hub.subscriptions.subscription import Channel, Delivery, Kept, Place, Subscription
from hub.subscriptions.terms import (
    ASKS_AFTER,
    ENDS_AFTER,
    MOST_DELIVERIES,
    PERIODS,
    REMEMBERED_FOR,
    TRIES,
    WITH_ENDED,
)
from hub.subscriptions.turn import Turn
from projections.event_query import EventQuery
from tests.postgres import fresh_database
from tests.running import NOON, Chance

DAY = timedelta(days=1)


@pytest.fixture(params=["file", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[PostgresOffice | None]:
    """Give what hubs share, or nothing: then everything is in a file."""
    if request.param == "file":
        yield None
        return
    with closing(PostgresOffice(fresh_database())) as opened:
        yield opened


@pytest.fixture
def shelf(tmp_path: Path, office: PostgresOffice | None) -> Iterator[Shelf]:
    make_subscriptions_key(tmp_path, Chance("key"), tmp_path / "keys")
    opened = open_shelf(tmp_path, Chance("shelf"), tmp_path / "keys", office)
    yield opened
    opened.close()


def test_the_keys_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    open_shelf(tmp_path, Chance("shelf"), tmp_path / "elsewhere" / "keys").close()
    assert [one.name for one in (tmp_path / "elsewhere" / "keys").iterdir()] == ["subscriptions.key"]


def made(shelf: Shelf, name: str = "sub_1", channel: Channel = "mail", **more: object) -> Subscription:
    one = Subscription(
        id=name,
        account="abc",
        partner="open-docket",
        name="anna",
        query=EventQuery(types=("threat.*",), about=("threat:x.1",)),
        channel=channel,
        target="anna@docket.example" if channel == "mail" else "https://hooks.example/",
        rate="daily" if channel == "mail" else "each",
        place=Place(Position(5), 2),
        created=NOON,
        confirmed=NOON,
        due=NOON + PERIODS["daily"],
    )
    one = replace(one, **more)  # type: ignore[arg-type]  # each test names fields that there are
    shelf.add(one, Kept("A note.", b"secret"))
    return one


def test_what_is_kept_comes_back_as_it_was(
    shelf: Shelf, tmp_path: Path, office: PostgresOffice | None
) -> None:
    one = made(shelf, schemes=("v1", "v1a"), channel="webhook")
    assert shelf.get("sub_1") == one
    assert shelf.kept("sub_1") == Kept("A note.", b"secret")
    assert shelf.kept("sub_2") == Kept()
    shelf.close()
    again = open_shelf(tmp_path, Chance("again"), tmp_path / "keys", office)
    assert again.listing("abc") == [one]
    assert again.listing("other") == []
    again.close()


def test_the_language_of_mails_is_kept_encrypted_at_its_place_and_forgotten_with_them(shelf: Shelf) -> None:
    for name, language in (("sub_1", "ar"), ("sub_2", "fr")):
        assert made(shelf, name, language=language) == shelf.get(name)
    made(shelf, "sub_3", "webhook")
    with shelf.reading() as db:
        boxes = dict(map(tuple, db.execute("SELECT subscription, language FROM spoken")))
    assert boxes.keys() == {"sub_1", "sub_2"}
    assert len({len(bytes(box)) for box in boxes.values()}) == 1
    assert not {b"ar", b"fr"} & {bytes(box) for box in boxes.values()}
    with shelf.writing() as db:
        db.execute("UPDATE spoken SET language = ? WHERE subscription = 'sub_1'", (boxes["sub_2"],))
    assert [one.language for one in shelf.listing()] == ["en", "fr", "en"]
    assert shelf.remove("sub_2")
    with shelf.reading() as db:
        assert [row[0] for row in db.execute("SELECT subscription FROM spoken")] == ["sub_1"]


def test_a_file_of_an_earlier_release_speaks_english_and_stays_sound(tmp_path: Path) -> None:
    first = open_shelf(tmp_path, Chance("shelf"), tmp_path / "keys")
    one = made(first, language="fr")
    first.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.executescript("DROP TABLE spoken; DELETE FROM row_checks WHERE name = 'spoken'")
    with closing(open_shelf(tmp_path, Chance("again"), tmp_path / "keys")) as shelf:
        assert shelf.get("sub_1") == replace(one, language="en")
        assert made(shelf, "sub_2", language="fr") == shelf.get("sub_2")
    with closing(FileTables(tmp_path / FILE, SCHEMA)) as tables:
        assert tables.damages() == []


def test_mail_is_due_at_its_rate_and_once(shelf: Shelf) -> None:
    one = made(shelf)
    made(shelf, "sub_2", "webhook")
    assert shelf.due(NOON) == []
    assert shelf.due(NOON + DAY) == [one]
    assert shelf.due(NOON + DAY, "webhook") == [shelf.get("sub_2")]
    assert shelf.mark(one, Place(Position(9)), NOON + DAY, NOON + 2 * DAY)
    assert shelf.due(NOON + DAY) == []
    [later] = shelf.due(NOON + 2 * DAY)
    assert (later.place, later.sent) == (Place(Position(9)), NOON + DAY)


def test_what_is_told_of_one_that_moved_meanwhile_counts_for_nothing(shelf: Shelf) -> None:
    one = made(shelf)
    assert shelf.move(one.id, Place(Position(3)), NOON)
    assert not shelf.mark(one, Place(Position(9)), NOON, NOON)
    assert not shelf.miss(one, NOON, NOON)
    moved = shelf.get(one.id)
    assert moved is not None
    assert moved.place == Place(Position(3))
    assert shelf.pause(one.id, "failing", NOON)
    assert not shelf.mark(moved, Place(Position(9)), NOON, NOON)
    assert not shelf.move(one.id, Place(Position(9)), NOON)
    assert not shelf.pause(one.id, "failing", NOON)
    assert shelf.due(NOON + DAY) == []


def test_misses_are_counted_until_something_arrives(shelf: Shelf) -> None:
    one = made(shelf)
    for no, wait in enumerate(TRIES[:3]):
        assert shelf.miss(one, NOON + no * DAY, NOON + no * DAY + wait)
    missed = shelf.get(one.id)
    assert missed is not None
    assert (missed.tries, missed.failing, missed.due) == (3, NOON, NOON + 2 * DAY + TRIES[2])
    assert shelf.mark(missed, Place(Position(6)), NOON + 3 * DAY, None)
    arrived = shelf.get(one.id)
    assert arrived is not None
    assert (arrived.tries, arrived.failing, arrived.due) == (0, None, None)


def test_notices_go_once_by_each_address(shelf: Shelf) -> None:
    made(shelf, "sub_hook", "webhook")
    mail = made(shelf, "sub_mail")
    made(shelf, "sub_same")
    other = made(shelf, "sub_other", target="ben@docket.example")
    made(shelf, "sub_else", account="xyz", target="cleo@harbour.example")
    assert shelf.unsent_notices() == []
    shelf.pause("sub_hook", "failing", NOON)
    notices = shelf.notices("abc")
    assert [(one.subscription, one.code, one.since) for one in notices] == [("sub_hook", "paused", NOON)]
    assert shelf.unsent_notices() == [(mail, notices), (other, notices)]
    shelf.mark_notices(mail, notices)
    shelf.mark_notices(mail, notices)
    assert shelf.unsent_notices() == [(other, notices)]
    shelf.mark_notices(other, notices)
    assert shelf.unsent_notices() == []
    # Another pause is another notice.
    shelf.resume("sub_hook", NOON)
    shelf.pause("sub_hook", "failing", NOON + DAY)
    assert [one.id for one, _ in shelf.unsent_notices()] == ["sub_mail", "sub_other"]


def test_a_follow_asks_then_ends_then_is_forgotten(shelf: Shelf) -> None:
    made(shelf)
    made(shelf, "sub_kept")
    shelf.age(NOON + ASKS_AFTER - timedelta(seconds=1))
    assert [one.asked for one in shelf.listing()] == [None, None]
    asks = NOON + ASKS_AFTER
    shelf.age(asks)
    assert [one.asked for one in shelf.listing()] == [asks, asks]
    assert [one.code for one in shelf.notices("abc")] == ["asks", "asks"]
    shelf.age(asks + DAY)
    one = shelf.get("sub_1")
    assert one is not None
    assert (one.asked, one.expires) == (asks, asks + ENDS_AFTER)
    shelf.told_asked(one)
    assert shelf.confirm("sub_kept", asks + DAY)
    ends = asks + ENDS_AFTER
    shelf.age(ends)
    ended = shelf.get("sub_1")
    assert ended is not None
    assert (ended.state, ended.reason, ended.ended, ended.target) == ("ended", "stale", ends, "")
    assert shelf.kept("sub_1") == Kept()
    assert not shelf.confirm("sub_1", ends)
    assert not shelf.end("sub_1", "gone", ends)
    assert not shelf.resume("sub_1", ends)
    shelf.age(ends + REMEMBERED_FOR)
    assert [one.id for one in shelf.listing()] == ["sub_kept"]


def test_one_that_a_target_ended_leaves_the_list_when_it_would_have_anyway(shelf: Shelf) -> None:
    made(shelf)
    shelf.end("sub_1", "gone", NOON)
    shelf.age(NOON + REMEMBERED_FOR + DAY)
    assert shelf.get("sub_1") is not None
    shelf.age(NOON + ASKS_AFTER + ENDS_AFTER + REMEMBERED_FOR)
    assert shelf.get("sub_1") is None


def test_an_account_has_only_so_many_however_many_it_asks_for_at_once(shelf: Shelf) -> None:
    one = made(shelf)
    with ThreadPoolExecutor(8) as at_once:
        added = at_once.map(lambda no: shelf.add(replace(one, id=f"sub_x{no}"), Kept(), 10), range(40))
    assert (sum(added), len(shelf.listing("abc"))) == (9, 10)
    assert shelf.add(replace(one, id="sub_y", account="def"), Kept(), 10)
    shelf.end(one.id, "stale", NOON)
    assert shelf.add(replace(one, id="sub_z"), Kept(), 10)


def test_an_account_has_only_so_many_that_ended(shelf: Shelf) -> None:
    one = made(shelf)
    shelf.end(one.id, "gone", NOON)
    for no in range(9 * WITH_ENDED):
        shelf.add(replace(one, id=f"sub_x{no}"), Kept(), 9)
        shelf.end(f"sub_x{no}", "gone", NOON)
    assert len(shelf.listing("abc")) == 9 * WITH_ENDED
    shelf.remove(one.id)
    assert shelf.add(replace(one, id="sub_y"), Kept(), 9)


def test_secrets_that_are_replaced_at_once_are_replaced_one_after_another(shelf: Shelf) -> None:
    one = made(shelf, channel="webhook")
    before = len(shelf.kept(one.id).secrets)
    with ThreadPoolExecutor(8) as at_once:
        for _ in range(40):
            at_once.submit(shelf.replace_secrets, one.id, lambda secrets: secrets + b"x")
    assert len(shelf.kept(one.id).secrets) == before + 40
    shelf.end(one.id, "revoked", NOON)
    shelf.replace_secrets(one.id, lambda _: b"again")
    assert shelf.kept(one.id).secrets == b""


def test_a_visit_only_leads_forward(shelf: Shelf) -> None:
    made(shelf)

    def stands() -> Place:
        one = shelf.get("sub_1")
        assert one is not None
        return one.place

    for place, expected in ((Place(Position(5), 1), 2), (Place(Position(5), 3), 3), (Place(Position(5)), 0)):
        shelf.visit("sub_1", place, NOON + DAY)
        assert stands() == Place(Position(5), expected)
    shelf.visit("sub_1", Place(Position(5), 9), NOON + DAY)
    assert stands() == Place(Position(5))
    shelf.visit("sub_1", None, NOON + 2 * DAY)
    one = shelf.get("sub_1")
    assert one is not None
    assert one.confirmed == NOON + 2 * DAY


def test_nobody_stands_behind_the_end_of_a_restored_log(shelf: Shelf) -> None:
    made(shelf, place=Place(Position(50), 3))
    made(shelf, "sub_2", place=Place(Position(4), 3))
    shelf.bound(Position(7))
    assert [one.place for one in shelf.listing()] == [Place(Position(7)), Place(Position(4), 3)]


def test_the_log_keeps_so_many_for_so_long(shelf: Shelf) -> None:
    made(shelf, channel="webhook")
    log = DeliveryLog(shelf)
    for no in range(MOST_DELIVERIES + 3):
        log.note(Delivery("sub_1", f"msg_{no}", "event", NOON, 204, "", None, Place(Position(no))))
    rows, is_more = log.page("sub_1", 1000, 0)
    assert (len(rows), is_more, rows[0].webhook_id) == (MOST_DELIVERIES, False, f"msg_{MOST_DELIVERIES + 2}")
    rows, is_more = log.page("sub_1", 2, 1)
    assert ([one.webhook_id for one in rows], is_more) == (
        [f"msg_{MOST_DELIVERIES + no}" for no in (1, 0)],
        True,
    )
    log.note(Delivery("sub_1", "msg_late", "test", NOON + REMEMBERED_FOR, None, "unreachable", None))
    assert [one.webhook_id for one in log.page("sub_1", 10, 0)[0]] == ["msg_late"]
    assert shelf.remove("sub_1")
    assert not shelf.remove("sub_1")
    log.note(Delivery("sub_1", "msg_gone", "test", NOON, 204, "", None))
    with shelf.reading() as db:
        assert db.execute("SELECT count(*) FROM deliveries").fetchone()[0] == 0


def test_one_hub_of_a_folder_sends_until_it_leaves(tmp_path: Path) -> None:
    first, second = Turn(tmp_path), Turn(tmp_path)
    assert [first.is_mine(), second.is_mine(), first.is_mine()] == [True, False, True]
    first.close()
    assert second.is_mine()
    second.close()
