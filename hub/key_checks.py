"""Which keys a hub had first: a digest of each, kept in its folder, so that one of which a bit flipped is found.

Of the keys that nothing else proves: `vault.key` opens its vault or does not, `log.key` signed its log or did not.
"""

from hashlib import blake2b
from pathlib import Path

from hub.firsts import keep_firsts, read_firsts
from hub.keys import CURSOR_KEY, SUBSCRIPTIONS_KEY, keys_folder

FILE = "key_checks.json"
CHECKED = (CURSOR_KEY, SUBSCRIPTIONS_KEY)
_DIGEST_BYTES = 16


def remember_keys(data: Path, keys: Path | None = None) -> None:
    """Keep the digests of keys that have none yet; those that are known keep what they had first."""
    try:
        known = read_firsts(data / FILE)
    except ValueError:
        return  # damaged: `hub verify` says so
    keep_firsts(data / FILE, known, _digests(data, keys))


def changed_keys(data: Path, keys: Path | None = None) -> list[str]:
    """Return a sentence for each key that is another than it was; of a hub that never served nobody knows."""
    try:
        known = read_firsts(data / FILE)
    except ValueError:
        return [f"{FILE} is damaged: delete it, the next start writes it anew."]
    now = _digests(data, keys)
    return [
        f"{name} is not the key that it was: bring it back from the safe (if it was replaced: delete {FILE})."
        for name, digest in sorted(known.items())
        if now.get(name) != digest
    ]


def _digests(data: Path, keys: Path | None) -> dict[str, str]:
    files = [one for one in (keys_folder(data, keys) / name for name in CHECKED) if one.is_file()]
    return {
        one.name: blake2b(one.read_bytes(), digest_size=_DIGEST_BYTES, person=b"key check").hexdigest()
        for one in files
    }
