"""Whatever happens in whatever order: who applies his letters has what he may see, each letter once, in order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import Reader
from events.cursor import Cursors
from events.event import Position
from events.intake import Intake
from events.store import open_store
from events.submission import Publisher
from hub.access import Callers
from hub.accounts import Accounts, open_accounts
from hub.keys import cursor_key, open_vault
from hub.subscriptions.letters import Letter
from hub.subscriptions.log import DeliveryLog
from hub.subscriptions.opening import open_shelf
from hub.subscriptions.outbox import Answer, Outbox, Tools
from hub.subscriptions.shelf import Shelf
from hub.subscriptions.signing import new_pens, write_pens
from hub.subscriptions.standing import Standing
from hub.subscriptions.subscription import Kept, Place, Subscription
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from tests.running import World, make_world, threat

Json = Any
Purge = Callable[[Reader], Sight]
SOURCE = "urn:hub:partner:harbour-bar-watch"
READER = Reader("open-docket", "observer", "amber")
TLPS = ("clear", "green", "amber", "amber+strict", "red")

published = st.tuples(st.just("publish"), st.sampled_from(TLPS))
about = st.integers(0, 5)
steps = st.one_of(
    published,
    st.tuples(st.just("relabel"), about),
    st.tuples(st.just("retract"), about),
    st.tuples(st.just("take"), st.sampled_from((204, 204, 204, 500, None))),
    st.tuples(st.just("restart"), st.none()),
)


@dataclass
class Following:
    """A follower's side and the hub's side of one webhook."""

    world: World
    intake: Intake
    room: ReadingRoom
    accounts: Accounts
    shelf: Shelf
    outbox: Outbox
    names: Iterator[int] = field(default_factory=lambda: count(1))
    events: list[str] = field(default_factory=list)
    came: list[Letter] = field(default_factory=list)
    have: dict[str, Json] = field(default_factory=dict)

    def publish(self, tlp: str) -> None:
        number = next(self.names)
        self.record(threat(number, tlp=tlp))
        self.events.append(f"t-{number}")

    def relabel(self, no: int) -> None:
        if self.events:
            self.amend("record.corrected", no, {"tlp": "red" if no % 2 else "amber+strict"})

    def retract(self, no: int) -> None:
        if self.events:
            self.amend("record.retracted", no, {"reason": "superseded"})

    def amend(self, event_type: str, no: int, more: Json) -> None:
        data = {"about_event": self.events[no % len(self.events)], **more}
        name = f"a-{next(self.names)}"
        self.record({"specversion": "1.0", "id": name, "source": SOURCE, "type": event_type, "data": data})

    def record(self, event: Json) -> None:
        checked = self.intake.check(Publisher("harbour-bar-watch", "tests"), event)
        assert self.intake.record([checked])[0].status == "stored"
        self.room.catch_up()

    def take(self, status: int | None) -> bool:
        """Serve one letter, which is taken, refused, or taken without the hub hearing so; False if there is none."""
        ready = self.outbox.take("sub_1")
        if ready is None:
            return False
        if status != 500 and ready.letter.webhook_id not in {one.webhook_id for one in self.came}:
            self.came.append(ready.letter)
            self.apply(ready.letter)
        if status is not None:
            self.outbox.settle(ready, Answer(status, "" if status == 204 else "refused"))
        self.world.clock.move(days=1)
        return True

    def apply(self, letter: Letter) -> None:
        said = orjson.loads(letter.body)
        if said["type"] == "withdrawn":
            self.have.pop(said["data"]["id"], None)
            return
        found = self.room.purge(READER).event(said["data"]["source"], said["data"]["id"])
        assert found is not None, said
        self.have[said["data"]["id"]] = found["event"]

    def restart(self, _: None) -> None:
        self.shelf.close()
        self.shelf, self.outbox = opened(self.world, self.room, self.accounts, self.intake)

    def visible(self) -> dict[str, Json]:
        page = self.room.purge(READER).events(EventQuery(types=("threat.*",), limit=1000))
        return {one["id"]: one for one in page.events}


def opened(
    world: World, room: ReadingRoom, accounts: Accounts, intake: Intake, purge: Purge | None = None
) -> tuple[Shelf, Outbox]:
    data = world.settings.data
    shelf = open_shelf(data, world.chance)
    standing = Standing(accounts, Callers(accounts, intake.rights, world.clock), world.clock)
    cursors = Cursors(cursor_key(data))
    log = DeliveryLog(shelf)
    asked = purge or room.purge
    return shelf, Outbox(Tools(shelf, log, standing, asked, cursors, world.clock, world.chance))


@contextmanager
def following(folder: Path) -> Iterator[Following]:
    world = make_world(folder)
    store = open_store(world.settings.store_url, world.registry, open_vault(folder, world.chance))
    accounts = open_accounts(folder, world.chance)
    intake, room = (
        Intake(world.registry, store, world.clock),
        ReadingRoom(world.registry, store, folder / "v.sqlite"),
    )
    room.catch_up()
    shelf, outbox = opened(world, room, accounts, intake)
    made = Following(world, intake, room, accounts, shelf, outbox)
    account = world.accounts["observer"]
    now = world.clock()
    one = Subscription(
        id="sub_1",
        account=account.id,
        partner=account.partner,
        name=account.name,
        query=EventQuery(types=("threat.*",)),
        channel="webhook",
        target="https://hooks.example/",
        rate="each",
        place=Place(Position(0)),
        created=now,
        confirmed=now,
        due=now,
        schemes=("v1",),
    )
    shelf.add(one, Kept("", write_pens(new_pens(one.schemes, world.chance))))
    try:
        yield made
    finally:
        made.shelf.close()
        room.stop()
        accounts.close()
        store.close()


@settings(max_examples=25)
@given(st.lists(steps, min_size=5, max_size=30))
def test_letters_applied_give_what_the_reader_may_see(taken: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder, following(Path(folder)) as one:
        for act, what in taken:
            getattr(one, act)(what)
        one.shelf.resume("sub_1", one.world.clock())  # ten refusals pause it
        while one.take(204):
            pass
        assert one.have == one.visible()
        places = [letter.place for letter in one.came if letter.place is not None]
        assert [(at, part or 2**62) for at, part in places] == sorted(
            (at, part or 2**62) for at, part in places
        )
        assert len(set(places)) == len(places)
        kept = one.shelf.get("sub_1")
        assert kept is not None
        # It stands at the last letter, and nowhere that the follower was not told of.
        assert kept.place == (places[-1] if places else Place(Position(0)))


def test_nothing_leaves_unsigned_when_it_is_removed_while_its_letter_is_written(tmp_path: Path) -> None:
    with following(tmp_path) as one:
        one.publish("green")

        def purge(reader: Reader) -> Sight:
            one.shelf.remove("sub_1")
            return one.room.purge(reader)

        shelf, outbox = opened(one.world, one.room, one.accounts, one.intake, purge)
        assert outbox.take("sub_1") is None
        shelf.close()
