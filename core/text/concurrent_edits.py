"""Concurrent edits: a three-way merge of the fields of a text that two people changed at once.

Whoever is shown a text to change is given its version, and sends it back with what she wrote (optimistic concurrency).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from core.errors import EditedMeanwhile

DIGITS = 12  # of the digest of a field
SHOWN = 500  # letters of what somebody else wrote


def version_of(fields: Mapping[str, str]) -> str:
    """Return the version of a text: a digest of each field, in the order of their names."""
    return ".".join(_digest(fields[name]) for name in sorted(fields))


def require_seen(seen: Sequence[str], now: str, mine: str) -> None:
    """Raise EditedMeanwhile where a text is to become `mine` that says something else by now than was ever seen of it.

    `seen` is what it said when the change was begun, and what was sent of the change before and may have arrived.
    Without any of them `mine` replaces it.
    """
    known = {_digest(one) for one in (*seen, mine)}
    if seen and _digest(now) not in known:
        raise EditedMeanwhile(_shown(now))


def require_version(version: str, now: str, mine: str) -> None:
    """Raise EditedMeanwhile where a text is to become `mine` that is not of this version any more.

    `version` is that of a text of one field; without one nothing is compared.
    """
    if version and _digest(now) not in (version, _digest(mine)):
        raise EditedMeanwhile(_shown(now))


def merge_edit(seen: str, now: Mapping[str, str], mine: Mapping[str, str]) -> dict[str, str]:
    """Return the fields after an edit: `mine` where they were changed, else as they are `now`.

    `seen` is the version that was changed; without one nothing is compared, and `mine` replaces all.
    Raises EditedMeanwhile with the names of the fields that somebody else has changed to something else since.
    """
    names, digests = sorted(mine), seen.split(".")
    if len(digests) != len(names):
        return dict(mine)
    before = dict(zip(names, digests, strict=True))
    changed = {name for name in names if _digest(mine[name]) != before[name]}
    twice = [
        name for name in changed if _digest(now[name]) != before[name] and _digest(now[name]) != _digest(mine[name])
    ]
    if twice:
        raise EditedMeanwhile(_shown(*(now[name] for name in sorted(twice))), tuple(sorted(twice)))
    return {name: mine[name] if name in changed else now[name] for name in names}


def _shown(*texts: str) -> str:
    """Return what the fields say, as the other writer is shown it."""
    theirs = "; ".join(" ".join(one.split()) or "nothing" for one in texts)
    return theirs if len(theirs) <= SHOWN else theirs[:SHOWN] + "…"


def _digest(text: str) -> str:
    """Return a digest of the words: browsers write the ends of lines in their own way."""
    return sha256(" ".join(text.split()).encode()).hexdigest()[:DIGITS]
