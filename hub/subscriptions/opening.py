"""Opening the shelf of subscriptions under a hub's folder."""

from collections.abc import Callable
from pathlib import Path

from events.wrapping import Wrapping
from hub.keys import SUBSCRIPTIONS_KEY, KeyMissing, make_subscriptions_key, subscriptions_key
from hub.office import Office
from hub.subscriptions.shelf import FILE, Shelf, WrongKey


def open_shelf(
    data: Path, random: Callable[[int], bytes], keys: Path | None = None, office: Office | None = None
) -> Shelf:
    """Open the subscriptions of a hub, making the file, and in a folder of an earlier version the key.

    Args:
        data: the hub's folder.
        random: gives that many unpredictable bytes.
        keys: the folder of keys, if it is another than `data`/keys.
        office: what the hubs share, if they do.

    Raises:
        KeyMissing: the key is not there, or another than the one that the file was written with.
    """
    if office is None and not (data / FILE).exists():
        make_subscriptions_key(data, random, keys)
    try:
        return Shelf(data / FILE, Wrapping(subscriptions_key(data, keys), random), office)
    except WrongKey as error:
        raise KeyMissing(
            f"The right {SUBSCRIPTIONS_KEY}", "the addresses and secrets of subscriptions"
        ) from error
