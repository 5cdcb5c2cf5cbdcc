"""How much every build tries, and how much more a deep run (`make test-deep`) does."""

from typing import TypeVar

from hypothesis import settings

Amount = TypeVar("Amount")


def in_depth(build: Amount, deep: Amount) -> Amount:
    """Return what a build takes, or what a deep run takes."""
    return deep if settings.get_current_profile_name() == "deep" else build
