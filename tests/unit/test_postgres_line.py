"""Connections to PostgreSQL: the server that takes writes, on the newest timeline, in bounded time."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row

from events.postgres_line import Fence, FormerPrimary, Line, servers
from tests.postgres import fresh_database


@pytest.fixture
def said() -> dict[str, Any]:
    return {**conninfo_to_dict(fresh_database())}


def test_a_server_on_an_older_timeline_than_was_ever_met_is_not_believed(tmp_path: Path) -> None:
    fence = Fence(tmp_path / "timelines.json")
    for timeline in (1, 3, 3):
        fence.admit("here", timeline)
    fence.admit("elsewhere", 1)
    with pytest.raises(FormerPrimary):
        fence.admit("here", 2)
    again = Fence(tmp_path / "timelines.json")
    with pytest.raises(FormerPrimary):
        again.admit("here", 2)
    forgetful = Fence()
    forgetful.admit("here", 2)
    with pytest.raises(FormerPrimary, match="replaced by another"):
        forgetful.admit("here", 1)


def test_the_log_the_keys_and_the_accounts_may_remember_at_once(tmp_path: Path) -> None:
    """After a failover all of them meet the new timeline in the same moment."""
    together = Barrier(3, timeout=30)

    def remember(fence: Fence) -> None:
        for timeline in range(1, 200):
            together.wait()
            fence.admit("here", timeline)

    with ThreadPoolExecutor(3) as threads:
        ends = [threads.submit(remember, Fence(tmp_path / "timelines.json")) for _ in range(3)]
        for one in ends:
            one.result()
    with pytest.raises(FormerPrimary):
        Fence(tmp_path / "timelines.json").admit("here", 198)


def test_a_fence_that_cannot_be_written_leaves_no_connection_open(
    said: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        Line.connect(**said, fence=Fence(tmp_path / "missing" / "timelines.json"))
    gc.collect()


def test_of_several_servers_those_that_are_there_are_asked(said: dict[str, Any], tmp_path: Path) -> None:
    several = {**said, "host": f"{tmp_path},{said['host']},{said['host']}"}
    with Line.connect(**several, fence=Fence()) as line:
        assert line.cursor(row_factory=tuple_row).execute("SELECT 1").fetchall() == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="no server takes writes"):
        Line.connect(**{**said, "host": f"{tmp_path},{tmp_path}"}, fence=Fence())


def test_a_user_without_rights_of_its_own_is_enough(said: dict[str, Any]) -> None:
    with psycopg.connect(**said, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS plain")
        db.execute("CREATE ROLE plain LOGIN")
    with Line.connect(**{**said, "user": "plain"}, fence=Fence()) as line:
        shown = line.cursor(row_factory=tuple_row).execute("SHOW synchronous_commit").fetchall()
        assert shown == [("on",)]


def test_a_server_that_cannot_say_who_it_is_is_left(said: dict[str, Any]) -> None:
    with psycopg.connect(**said, autocommit=True) as db:
        db.execute("CREATE SCHEMA dumb")
        db.execute(
            "CREATE FUNCTION dumb.pg_control_system() RETURNS TABLE (system_identifier bigint) LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE 'it is a standby'; END $$"
        )
    with pytest.raises(psycopg.OperationalError, match="no server takes writes"):
        Line.connect(**said, options="-c search_path=dumb,pg_catalog", fence=Fence())


def test_a_server_that_was_replaced_is_left(said: dict[str, Any]) -> None:
    with psycopg.connect(**said) as db:
        system = db.execute("SELECT system_identifier::text FROM pg_control_system()").fetchall()[0][0]
    fence = Fence()
    fence.admit(system, 9)
    with pytest.raises(FormerPrimary):
        Line.connect(**said, fence=fence)


def test_nobody_waits_for_ever(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line.connect(**said, fence=Fence())
    monkeypatch.setattr("events.postgres_line.ANSWER_SECONDS", 0.05)
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        line.execute("SELECT pg_sleep(20)")
    assert line.closed


def test_whoever_waits_for_a_while_of_his_own_may_go_on(said: dict[str, Any]) -> None:
    with Line.connect(**said, fence=Fence()) as line:
        line.execute("LISTEN news")
        assert list(line.notifies(timeout=0.01)) == []
        assert not line.closed


def test_a_warning_makes_a_connection_doubtful_and_a_notice_does_not(said: dict[str, Any]) -> None:
    with Line.connect(**said, fence=Fence()) as line:
        line.execute("DO $$ BEGIN RAISE NOTICE 'by the way'; END $$")
        assert not line.is_doubtful
        line.execute("DO $$ BEGIN RAISE WARNING 'no standby has it'; END $$")
        assert line.is_doubtful


def test_each_server_has_its_own_port_or_all_the_same() -> None:
    assert [one["port"] for one in servers({"host": "a,b", "port": "1,2"})] == ["1", "2"]
    assert [one["port"] for one in servers({"host": "a,b", "port": "5433"})] == ["5433", "5433"]
    [one] = servers({"host": "a", "target_session_attrs": "read-write"})
    assert "port" not in one
    assert "target_session_attrs" not in one
