"""JSON Feed 1.1."""

import orjson

from events.event import Json
from hub.syndication.head import Head
from hub.syndication.items import Item, ItemPage

MEDIA = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(page: ItemPage, head: Head) -> bytes:
    """Write a page of items as JSON Feed."""
    feed: dict[str, Json] = {
        "version": VERSION,
        "title": head.title,
        "home_page_url": head.home,
        "language": head.language,
        "authors": [{"name": head.author}],
        "items": [_item(one) for one in page.items],
    }
    if head.own is not None:
        feed["feed_url"] = head.own
    if head.next is not None:
        feed["next_url"] = head.next
    return orjson.dumps(feed)


def _item(item: Item) -> Json:
    said: dict[str, Json] = {
        "id": item.urn,
        "url": item.link,
        "title": item.title,
        "content_text": item.text,
        "date_published": item.published,
        "date_modified": item.updated,
        "tags": [item.type, *item.countries],
        "_hub": {"kind": item.kind, "source": item.source, "id": item.id, "type": item.type, "api": item.api},
    }
    if item.event is not None:
        said["authors"] = [{"name": item.publisher}]
        said["_hub"]["event"] = item.event
    return said
