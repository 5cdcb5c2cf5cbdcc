"""Forgets the words that comparing has kept in memory, so that an erased name is not left there."""

from projections.names import candidates, parts, scripts, sounds, syllables


def forget() -> None:
    """Empty what was kept of words of names; comparing goes on, a little slower for a while."""
    for module in (candidates, parts, scripts, sounds, syllables):
        for kept in module.KEPT:
            kept.cache_clear()
