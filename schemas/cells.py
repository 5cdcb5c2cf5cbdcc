"""Texts as cells of a spreadsheet file, so that no program computes what somebody only said."""

import re

_FORMULA = "[\"']*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""What a spreadsheet computes, wide forms included; quotation marks before it may be taken off on the way."""

_APART = "[;\t\r\n]"
"""What divides cells or rows where a comma does not: then quotation marks around a cell hold nothing together."""

_BEGINS = re.compile(_FORMULA)
_DIVIDED = re.compile(_APART)
_BEFORE = re.compile(f"(?:^|(?<={_APART}))(?={_FORMULA})")
_MARKED = re.compile(f"(?:^|(?<={_APART}))'(?={_FORMULA})")


def harmless(text: str) -> str:
    """Put an apostrophe before whatever a spreadsheet would compute, wherever it may take a cell to begin."""
    return _BEFORE.sub("'", text) if _BEGINS.match(text) or _DIVIDED.search(text) else text


def as_said(cell: str) -> str:
    """Take off what `harmless` put into a text."""
    return _MARKED.sub("", cell)
