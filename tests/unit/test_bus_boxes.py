"""What travels on the bus, and the settings of one."""

from uuid import UUID

import pytest
from eventsourcing.persistence import Notification

from events.event import Position
from events.travelling import Copies, NoCopies, raw_rows_of, read_copies
from hub.bus.relay import PLACE
from hub.bus.sealing import ForeignBox, Sealer
from hub.settings import Settings, SettingsRefused


def test_boxes_are_few_sizes_and_open_only_with_their_keys_at_their_place() -> None:
    sealer = Sealer((bytes(32), bytes(32)), bytes)
    sizes = {len(sealer.shut(b"x" * length, PLACE)) for length in range(5_000)}
    assert len(sizes) < 11
    box = sealer.shut(b"said", PLACE)
    assert sealer.opened(box, PLACE) == b"said"
    for other, place in ((Sealer((b"1" * 32, bytes(32)), bytes), PLACE), (sealer, b"elsewhere")):
        with pytest.raises(ForeignBox):
            other.opened(box, place)


@pytest.mark.parametrize("odd", [b"", b"[]", b"[1,2,3]", b'[1,2,[[1,"x",1,"s","t"]]]', b'{"a":1}'])
def test_what_no_hub_wrote_is_no_copies(odd: bytes) -> None:
    with pytest.raises(NoCopies):
        read_copies(odd)
    assert raw_rows_of(Position(1), []) is None


def test_of_what_is_too_large_only_that_it_is_there_travels() -> None:
    stream = UUID(int=1)
    raw = raw_rows_of(Position(3), [(4, str(stream), 1, "t.v1", "{}"), (6, stream.hex, 2, "t.v1", "{}")])
    assert raw is not None
    rows = tuple(
        Notification(id=place, originator_id=stream, originator_version=version, topic="t.v1", state=b"{}")
        for place, version in ((4, 1), (6, 2))
    )
    assert read_copies(raw.written()) == Copies(Position(3), Position(6), rows)
    halves = [read_copies(half.written()) for half in raw.halves()]
    assert halves == [Copies(Position(3), Position(4), rows[:1]), Copies(Position(4), Position(6), rows[1:])]
    left = read_copies(raw.without_rows().written())
    assert (left.after, left.last, left.rows) == (3, 6, ())


@pytest.mark.parametrize(
    "environ",
    [
        {"HUB_BUS": "http://127.0.0.1"},
        {"HUB_BUS": "nats://"},
        {"HUB_EDGE": "perhaps"},
        {"HUB_EDGE": "yes"},
        {"HUB_EDGE": "yes", "HUB_BUS": "nats://127.0.0.1", "HUB_STORE": "sqlite:////tmp/x"},
    ],
)
def test_settings_that_make_no_bus_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused):
        Settings.read(environ).for_serving()


def test_the_password_of_the_bus_is_not_shown() -> None:
    read = Settings.read({"HUB_BUS": "nats://hub:secret@127.0.0.1:4222"}).for_serving()
    assert "secret" not in repr(read)
