"""Who writes to the log on SQLite, and reads beside it, waits for nobody who waits for him."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from eventsourcing.persistence import ConnectionPoolClosedError, ConnectionUnavailableError

from events.sqlite import SQLiteLogFactory, SQLiteLogRecorder


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[SQLiteLogRecorder]:
    with closing(SQLiteLogFactory(tmp_path / "log.sqlite", os.urandom)) as factory:
        yield factory.application_recorder()


def test_who_writes_may_read_while_another_waits_to_write(recorder: SQLiteLogRecorder) -> None:
    coming, written = Event(), Event()

    def write() -> None:
        coming.set()
        with recorder.unit():
            written.set()

    other = Thread(target=write)
    with recorder.unit():
        other.start()
        assert coming.wait(10)
        for _ in range(200):  # The other waits by now, or with one of the next readings.
            begun = time.monotonic()
            assert recorder.max_notification_id() is None
            assert time.monotonic() - begun < 20, "it waited for one who waited for it"
            time.sleep(0.001)
        assert not written.is_set()
    assert written.wait(10)
    other.join()


def test_whoever_did_not_get_a_turn_takes_none_away(recorder: SQLiteLogRecorder) -> None:
    pool = recorder.datastore.pool
    with recorder.unit(), pytest.raises(ConnectionUnavailableError):
        pool.get_connection(0.01, is_writer=True)
    with recorder.unit():
        pass
    pool.close()
    for _ in range(2):
        with pytest.raises(ConnectionPoolClosedError):
            pool.get_connection(0.01, is_writer=True)
