"""PostgreSQL dies under load and its standby takes over: what was acknowledged is there, once; nothing else is said."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import tuple_row

from events import postgres_line
from events.intake import Intake
from events.postgres_line import Fence, FormerPrimary, Line, servers
from events.store import Store, open_store
from events.submission import Publisher, StoreUnavailable
from events.vault import Vault
from tests.faults.counting import count
from tests.many import Load, beside, every_id, listening, make_shared_world, push, until
from tests.postgres import Pair
from tests.running import SetClock, admit, registry, serving, threat
from tests.vaults import KEY

Json = Any
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
BEGAN = "SELECT max(xact_start)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
CANCEL = "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Give a primary with its standby; each test ends them in its own way."""
    with Pair() as running:
        yield running


@pytest.fixture(scope="module")
def whole() -> Iterator[Pair]:
    """Give a pair that nobody breaks."""
    with Pair() as running:
        yield running


class Archive:
    """A log on a pair, with one publisher."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intake = Intake(registry(), store, SetClock())

    def push(self, number: int) -> str:
        checked = self.intake.check(Publisher("harbour-bar-watch", "tests"), threat(number))
        return self.intake.record([checked])[0].status

    def push_until_taken(self, number: int) -> None:
        def take() -> bool:
            with suppress(StoreUnavailable):
                return self.push(number) in {"stored", "duplicate"}
            return False

        until(take)

    def ids(self) -> list[str]:
        return [str(one.envelope["id"]) for one in self.store.read(type(self.store.head())(0), 1000)]


@pytest.fixture
def archive(pair: Pair, tmp_path: Path) -> Iterator[Archive]:
    store = open_store(
        pair.fresh(), registry(), Vault(tmp_path / "vault.sqlite", KEY), fence=tmp_path / "fence"
    )
    try:
        opened = Archive(store)
        opened.intake.admit_stewards({"en": "Stewards"})
        admit(opened.intake, "harbour-bar-watch", ["monitor"])
        yield opened
    finally:
        store.close()


def test_a_primary_that_dies_takes_nothing_with_it(pair: Pair, tmp_path: Path) -> None:
    world = make_shared_world(tmp_path / "a", pair.fresh(), pair.fresh())
    other = beside(world, tmp_path / "b")
    publisher, observer = world.bearer("publisher"), world.bearer("observer")
    with serving(world) as first, serving(other) as second:
        with listening(lambda: second.url, observer) as listener:
            with Load(lambda: first.url, publisher) as load:
                load.wait_for(20)
                pair.fail_over()
                load.wait_for(20)
                # It comes back as if nothing had happened, and is named first: nobody may believe it.
                pair.primary.launch()
                load.wait_for(10)
            # As long as it listens: whoever stops first may miss the last one.
            listener.wait_for(set(load.acknowledged))
        for url in (first.url, second.url):
            until(partial(has_all, url, observer, load.acknowledged))
            kept = every_id(url, observer)
            assert sorted(kept) == sorted(load.acknowledged)
        count("postgresql_promoted", load.acknowledged, kept, refused_and_sent_again=len(load.refused))
        assert len(listener.ids) == len(set(listener.ids))
        assert set(load.refused) <= {503, 0}
        assert httpx.get(f"{first.url}/readyz").status_code == 200
        assert pair.primary.ask("SELECT count(*) FROM stored_events", database(world.settings.store)) < len(
            kept
        )


def has_all(url: str, headers: dict[str, str], wanted: list[str]) -> bool:
    return len(every_id(url, headers)) >= len(wanted)


def database(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


def test_what_no_standby_has_is_refused_and_sent_again(
    pair: Pair, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_line, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("events.postgres._LOCK_SECONDS", 1)
    monkeypatch.setattr("events.store._PATIENCE_SECONDS", 1.0)
    pair.standby.kill()
    with pytest.raises(StoreUnavailable):
        archive.push(1)
    # The first attempt is written at the primary, and its session still waits: that is no reason to acknowledge.
    with pytest.raises(StoreUnavailable):
        archive.push(1)
    monkeypatch.setattr(postgres_line, "ANSWER_SECONDS", 20.0)
    pair.standby.launch()
    assert until(lambda: pair.primary.ask(WAITING) == 0) is True
    assert archive.push(1) == "duplicate"
    pair.fail_over()
    archive.push_until_taken(2)
    assert archive.ids()[-2:] == ["t-1", "t-2"]


def begun_since(pair: Pair, moment: str) -> str:
    """Return when the transaction began that waits for the standby; nothing if none began later than that."""
    began = str(pair.primary.ask(BEGAN) or "")
    return began if began > moment else ""


def test_a_wait_for_the_standby_that_somebody_cancels_is_no_acknowledgement(
    pair: Pair, archive: Archive
) -> None:
    pair.standby.halt()
    said: list[str] = []
    pushing = Thread(target=lambda: said.append(archive.push(1)))
    pushing.start()
    began = ""
    for _ in range(2):
        # The second time it is the repeated attempt, which finds what the first has written.
        began = until(partial(begun_since, pair, began))
        assert not said
        pair.primary.ask(CANCEL)
    pair.standby.go_on()
    pushing.join(30)
    assert said == ["duplicate"] or said == ["stored"]
    pair.fail_over()
    archive.push_until_taken(2)
    assert archive.ids()[-2:] == ["t-1", "t-2"]


def test_a_server_that_was_replaced_is_known_again_after_a_restart(pair: Pair, tmp_path: Path) -> None:
    url, alone = pair.fresh(), pair.primary.url()
    said: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(url)}
    Line.connect(**said, fence=Fence(tmp_path / "fence")).close()
    pair.fail_over()
    pair.primary.launch()
    with Line.connect(**said, fence=Fence(tmp_path / "fence")) as line:
        assert line.info.host == str(pair.standby.folder)
    old: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(alone)}
    with pytest.raises(FormerPrimary):
        Line.connect(**old, fence=Fence(tmp_path / "fence"))
    Line.connect(**old, fence=Fence()).close()


def test_a_standby_takes_no_writes_and_is_no_log(whole: Pair) -> None:
    said: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(whole.standby.url())}
    with pytest.raises(psycopg.OperationalError, match="no server takes writes"):
        Line.connect(**said, fence=Fence())


def test_a_log_confirms_when_it_is_written_whatever_the_server_says(whole: Pair) -> None:
    said: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(whole.fresh())}
    for told, kept in (("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")):
        with Line.connect(**said, options=f"-c synchronous_commit={told}", fence=Fence()) as line:
            assert [*line.cursor(row_factory=tuple_row).execute("SHOW synchronous_commit")] == [(kept,)]


def test_servers_are_named_each_with_its_port() -> None:
    both = servers({"host": "one,two", "port": "5001,5002", "dbname": "hub", "target_session_attrs": "any"})
    assert [(one["host"], one["port"], one["dbname"]) for one in both] == [
        ("one", "5001", "hub"),
        ("two", "5002", "hub"),
    ]
    assert [one["port"] for one in servers({"host": "one,two", "port": "5001"})] == ["5001", "5001"]
    assert "port" not in servers({"host": "one"})[0]
    assert "target_session_attrs" not in both[0]


def test_a_hub_whose_database_is_gone_says_so_and_comes_back(pair: Pair, tmp_path: Path) -> None:
    world = make_shared_world(tmp_path / "a", pair.fresh(), pair.fresh())
    with serving(world) as hub:
        with Load(lambda: hub.url, world.bearer("publisher")) as load:
            load.wait_for(5)
            pair.primary.kill()
            pair.standby.kill()
            until(lambda: 503 in load.refused)
            assert push(hub.url, 2, world.bearer("publisher")) == 503
            pair.standby.launch()
            pair.primary.launch()
            load.wait_for(5)
        until(lambda: httpx.get(f"{hub.url}/readyz").status_code == 200)
        told = {*load.acknowledged, "t-2"}
        assert push(hub.url, 2, world.bearer("publisher")) in {200, 201}
        until(lambda: has_all(hub.url, world.bearer("observer"), [*told]))
        kept = every_id(hub.url, world.bearer("observer"))
        count("postgresql_killed", told, kept, refused_and_sent_again=len(load.refused))
        assert sorted(kept) == sorted(told)
