"""Atom (RFC 4287), paged as RFC 5005 says."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from hub.syndication.head import Head
from hub.syndication.items import Item, ItemPage

MEDIA = "application/atom+xml"
_NS = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not have."""


def atom(page: ItemPage, head: Head) -> bytes:
    """Write a page of items as Atom."""
    register_namespace("", _NS)
    feed = Element(f"{{{_NS}}}feed", {_LANGUAGE: head.language})
    _add(feed, "id", head.urn)
    _add(feed, "title", head.title)
    _add(feed, "updated", page.updated)
    _add(_add(feed, "author"), "name", head.author)
    if head.own is not None:
        _link(feed, {"rel": "self", "type": MEDIA, "href": head.own})
    _link(feed, {"rel": "alternate", "type": "text/html", "href": head.home})
    if head.next is not None:
        _link(feed, {"rel": "next", "type": MEDIA, "href": head.next})
    for item in page.items:
        _entry(feed, item)
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))


def _entry(feed: Element, item: Item) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", item.urn)
    _add(entry, "title", item.title)
    _add(entry, "published", item.published)
    _add(entry, "updated", item.updated)
    _link(entry, {"rel": "alternate", "type": "text/html", "href": item.link})
    _link(entry, {"rel": "related", "type": "application/json", "href": item.api})
    _add(entry, "category").set("term", item.type)
    for code in item.countries:
        country = _add(entry, "category")
        country.set("term", code)
        country.set("scheme", "urn:iso:std:iso:3166")
    if item.kind == "open":
        _add(_add(entry, "author"), "name", item.publisher)
    content = _add(entry, "content", item.text)
    content.set("type", "text")


def _link(parent: Element, said: Mapping[str, str]) -> None:
    SubElement(parent, f"{{{_NS}}}link", dict(said))


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    made = SubElement(parent, f"{{{_NS}}}{name}")
    made.text = None if text is None else _NO_XML.sub("\ufffd", text)
    return made
