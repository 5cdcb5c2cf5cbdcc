"""On PostgreSQL too, what the log keeps beside its events is compared with them."""

from collections.abc import Iterator

import psycopg
import pytest

from hub.commands.checks.besides import beside
from hub.settings import Settings
from tests.archive_fixtures import Archive
from tests.postgres import fresh_database

_DIGEST = "UPDATE recorded_keys SET digest = set_byte(digest, 3, get_byte(digest, 3) # 1) WHERE position = 3"
_ALARM = "UPDATE alarms SET moment = replace(moment, '2031-01-02', '2031-01-06')"


@pytest.fixture
def archive() -> Iterator[tuple[Archive, str]]:
    url = fresh_database()
    archive = Archive(url).begin()
    for number in range(3):
        archive.intake.record([archive.threat(number, notbefore=f"2031-01-0{number + 1}T00:00:00Z")])
    yield archive, url
    archive.store.close()


def test_a_key_and_an_alarm_that_are_others_are_found(archive: tuple[Archive, str]) -> None:
    log, url = archive

    def faults() -> list[str]:
        with beside(Settings(store=url)) as tables:
            assert [len(page) for page in tables.watching(iter([log.everything()]))] == [log.store.head()]
        return tables.faults()

    assert faults() == []
    with psycopg.connect(url) as db:
        db.execute(_DIGEST)
    assert faults() == ["The log is damaged: 1 keys of events are not what was recorded."]
    with psycopg.connect(url) as db:
        db.execute(_ALARM)
    assert len(faults()) == 3
