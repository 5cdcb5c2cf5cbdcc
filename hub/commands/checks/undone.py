"""Does something live that the log says has ended? An older file of keys or accounts would not say so itself."""

from collections.abc import Iterator, Mapping, Sequence

from events.acts import ACTED_STEM
from events.event import Json, RecordedEvent
from events.restoring import Endings
from hub.commands.archive import Archive

MOST_NAMED = 10
_PUT_TOGETHER = (
    "`hub restore` puts log and keys together anew: docs/operations.md, A file beside the log is damaged."
)
_STRANGE = (
    "An earlier release made them, or somebody wrote into the accounts: `hub token revoke` what nobody knows."
)
_REVOKE = "`hub token revoke` each again, and ask who put an older file there."


class Undone:
    """Finds keys that were destroyed and open again, and tokens that were revoked and work again."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._endings = Endings(archive.store.keys())
        self._destroyed: set[str] = set()
        # Before the log is read: what is made meanwhile may stand behind what is read of it.
        self._before = archive.accounts.working()
        self._made: set[str] = set()
        self._revoked: set[str] = set()

    def watching(self, pages: Iterator[Sequence[RecordedEvent]]) -> Iterator[Sequence[RecordedEvent]]:
        """Pass on the pages of the log, remembering what ends."""
        for page in pages:
            for event in page:
                self._destroyed.update(self._endings.hear(event.stem, event.envelope, event.kids.values()))
                if event.stem == ACTED_STEM:
                    self._act(event.data)
            yield page

    def _act(self, said: Mapping[str, Json]) -> None:
        if said["action"] == "token_issued":
            self._made.add(str(said["subject"]))
        elif said["action"] == "token_revoked":
            self._revoked.add(str(said["subject"]))

    def remarks(self) -> list[str]:
        """Return a sentence for tokens that work and that the log knows nothing of: earlier releases made such."""
        strange = sorted(self._before & self._archive.accounts.working() - self._made)
        return _said("The log does not say who made these tokens, which work:", strange, _STRANGE)

    def faults(self) -> list[str]:
        """Return a sentence for keys and one for tokens, if there is a fault, with what ends them again."""
        # Looked at only now: what ended while the log was read has ended here before it stood there.
        living = filter(lambda one: one.destroyed is None, self._archive.store.keys())
        subjects = sorted({one.subject for one in living if one.kid in self._destroyed})
        works = sorted(self._archive.accounts.working() & self._revoked)
        return [
            *_said(
                "vault.sqlite is older than the log: what was destroyed opens again, of",
                subjects,
                _PUT_TOGETHER,
            ),
            *_said("Accounts are older than the log: what was revoked works again:", works, _REVOKE),
        ]


def _said(what: str, names: Sequence[str], remedy: str) -> list[str]:
    if not names:
        return []
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"{what} {', '.join(names[:MOST_NAMED])}{rest}. {remedy}"]
