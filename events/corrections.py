"""Corrects payloads: pure, and never to the point of breaking their contract."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from events.event import Json


def corrected(data: Json, corrections: Sequence[Json], accepts: Callable[[Json], bool]) -> Json:
    """Return `data` as it reads after all corrections, in the order given; `data` itself stays as it was.

    The changes of one correction are tried together; if the outcome is not accepted, one by one, and those
    that point nowhere or break the contract are left out.

    Args:
        data: a payload that is accepted as it is.
        corrections: the `changes` of each, lists of `{"pointer": ..., "to": ...}`; anything else in it is
            left out.
        accepts: tells whether a payload may stand.
    """
    for changes in corrections:
        data, _ = changed(data, changes, accepts)
    return data


def changed(
    data: Json, changes: Json, accepts: Callable[[Json], bool]
) -> tuple[Json, list[tuple[int, Json]]]:
    """Return `data` as it reads after one correction, and what was left out of that.

    Each change that was left out is told by its place in the list, with what it would have made of the payload as far
    as it had come; None where it points nowhere.
    """
    steps = list(_steps(changes))
    together = data
    for _, pointer, value in steps:
        together = _placed(together, pointer, value)
    if together is not _NOWHERE and accepts(together):
        return together, []
    left_out: list[tuple[int, Json]] = []
    for number, pointer, value in steps:
        alone = _placed(data, pointer, value)
        if alone is not _NOWHERE and accepts(alone):
            data = alone
        else:
            left_out.append((number, None if alone is _NOWHERE else alone))
    return data, left_out


_NOWHERE = object()


def _steps(changes: Json) -> Iterator[tuple[int, list[str], Json]]:
    for number, change in enumerate(changes if isinstance(changes, list) else ()):
        if not isinstance(change, Mapping) or "to" not in change:
            continue
        pointer = change.get("pointer")
        if isinstance(pointer, str) and pointer.startswith("/"):
            yield (
                number,
                [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]],
                change["to"],
            )


def _placed(whole: Json, path: Sequence[str], value: Json) -> Json:
    """Return a copy of `whole` with `value` at `path`, sharing the rest; `_NOWHERE` if there is no place."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(whole, Mapping):
        inner = _placed(whole[name], rest, value) if name in whole else value if not rest else _NOWHERE
        return inner if inner is _NOWHERE else {**whole, name: inner}
    if isinstance(whole, list):
        return _placed_in_list(whole, name, rest, value)
    return _NOWHERE


def _placed_in_list(whole: list[Json], name: str, rest: Sequence[str], value: Json) -> Json:
    if name == "-" or name == str(len(whole)):
        return _NOWHERE if rest else [*whole, value]
    if not name.isdecimal() or not name.isascii() or int(name[:9]) >= len(whole):
        return _NOWHERE
    inner = _placed(whole[int(name)], rest, value)
    return inner if inner is _NOWHERE else [*whole[: int(name)], inner, *whole[int(name) + 1 :]]
