"""What lives in this process, whoever made it: for tests of what must not be kept."""

import gc
from typing import Any


def is_a(one: Any, *kinds: type) -> bool:
    """Tell what something is without asking it: a weak proxy stands for what may be gone, and raises."""
    return issubclass(type(one), kinds)


def living(*kinds: type) -> list[Any]:
    """Return what the collector knows of some kinds."""
    return [one for one in gc.get_objects() if is_a(one, *kinds)]
