"""Sets up the demo's hub: partners, tokens, stories, and the partner that keeps publishing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from threading import Event
from typing import Any

from events.submission import STEWARDS
from hub.accounts import Grant, Role
from hub.client.answers import Turned, Unreachable
from hub.client.door import Door
from hub.client.push import EVENTS
from hub.commands.archive import Archive
from hub.demo.cast import members
from hub.demo.simulator import SLUG, Simulator
from hub.demo.stories import Story
from hub.issuing import grant_of

Json = Any
Say = Callable[[str], None]

LINK_LIVES = timedelta(hours=12)
STORIES_ACCOUNT = "demo-stories"
SHOWN_ACCOUNT = "demo"


@dataclass(frozen=True, slots=True)
class Pass:
    """A way in for whoever tries the demo."""

    role: str
    partner: str
    token: str
    link: str

    def as_json(self, address: str) -> Json:
        """Return the printed form."""
        link = f"{address}/sign-in/{self.link}"
        return {"role": self.role, "partner": self.partner, "token": self.token, "link": link}


def admit_all(archive: Archive) -> None:
    """Admit the partners of the stories; again is harmless."""
    for member in members():
        archive.publish("partner.admitted", member.admission(), f"demo-admission-{member.slug}")


def renew_tokens(archive: Archive) -> dict[str, str]:
    """Revoke what earlier starts of the demo issued, and return a new token for each partner of the stories."""
    now = archive.world.clock()
    for account in archive.accounts.listing():
        if account.name in {STORIES_ACCOUNT, SHOWN_ACCOUNT} and account.holds(now):
            archive.revoke(account.id)
    slugs = [member.slug for member in members()]
    grants = [grant_of(slug, "publisher", STORIES_ACCOUNT, "red") for slug in slugs]
    grants.append(grant_of(STEWARDS, "steward", STORIES_ACCOUNT))
    return {grant.partner: archive.issue(grant)[1] for grant in grants}


def passes(archive: Archive) -> list[Pass]:
    """Return a token and a sign-in link that works once, for each role."""
    roles: Mapping[Role, str] = {
        "publisher": SLUG,
        "observer": "northlight-law-society",
        "coordinator": "lanterns-for-counsel",
        "steward": STEWARDS,
    }
    return [_pass(archive, grant_of(slug, role, SHOWN_ACCOUNT)) for role, slug in roles.items()]


def _pass(archive: Archive, grant: Grant) -> Pass:
    account, token = archive.issue(grant)
    link = archive.link(account.id, LINK_LIVES)
    assert link is not None  # noqa: S101  # it was made the moment before
    return Pass(account.role, account.partner, token, link)


AT_ONCE = 40
"""Events that the simulated partner publishes at first: hearings to come, of which the stories have none for ever."""


class Stage:
    """Publishes through the hub's public door, as the partners do.

    Args:
        doors: a door for each partner.
        say: is told what happens.
        ended: is set when the demo is to end.
    """

    def __init__(self, doors: Mapping[str, Door], say: Say, ended: Event) -> None:
        self._doors = doors
        self._say = say
        self._ended = ended

    def tell(self, story: Story) -> int:
        """Push one story in its order; return how many of its events were new."""
        stored = 0
        for slug, events in story.runs():
            answer = self._doors[slug].post_lines(EVENTS, _ndjson(events), dry_run=False)
            stored += answer["stored"]
            for result in answer["results"]:
                if result["errors"]:
                    first = result["errors"][0]
                    self._say(f"{result['id']} was refused: {first['pointer']}: {first['detail']}")
        return stored

    def tell_all(self, stories: list[Story]) -> int:
        """Push all stories; return how many events were new."""
        stored = 0
        for story in stories:
            if self._ended.is_set():
                break
            new = self.tell(story)
            stored += new
            self._say(f"{story.name}: {new} new events, {len(story.events)} in all")
        return stored

    def close(self) -> None:
        """Close every door."""
        for door in self._doors.values():
            door.close()

    def keep_publishing(self, simulator: Simulator, every_seconds: float) -> None:
        """Publish what the simulator makes up, until the demo ends: first as much as fills a calendar."""
        made = simulator.events()
        batch = list(islice(made, AT_ONCE))
        while not self._ended.is_set():
            try:
                self._doors[SLUG].post_lines(EVENTS, _ndjson(batch), dry_run=False)
            except Unreachable:
                return  # the hub runs in this process: it is about to end
            except Turned as turned:
                self._say(str(turned))
            else:
                last = batch[-1]
                self._say(f"{SLUG} published {last['type']} {last['id']}")
            self._ended.wait(every_seconds)
            batch = [next(made)]


def _ndjson(events: list[Json]) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
