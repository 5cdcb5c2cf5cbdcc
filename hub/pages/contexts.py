"""Contexts of templates, which let go of a page once it is written.

A context and the macros that it makes hold each other, and with them all that the page says: 77 KB for the front page
of the demo, until the garbage collector looks.
"""

from typing import Any

import jinja2
from jinja2.runtime import Context

CONTEXTS = "contexts_of_this_page"
"""Among the values of a page: a list of the contexts that were made for it."""


class PageContext(Context):
    """A context that is noted among those of its page; a template that was imported without context is of none."""

    def __init__(
        self, environment: jinja2.Environment, parent: dict[str, Any], *more: Any, **named: Any
    ) -> None:
        super().__init__(environment, parent, *more, **named)
        parent.get(CONTEXTS, []).append(self)


def let_go(contexts: list[PageContext]) -> None:
    """Empty the contexts of a page that is written."""
    for one in contexts:
        one.parent.clear()
        one.vars.clear()
    contexts.clear()
