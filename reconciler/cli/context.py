"""The values of the global options, which every command gets: the manifest folder, the time, how to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import ReconcilerError

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True, slots=True)
class Context:
    """The values of the global options, and the environment variables."""

    root: Path
    """The folder of the manifests."""
    workspace: str | None
    """The name of the workspace. None if the manifests have only one."""
    json: bool
    color: bool
    verbose: bool
    now: datetime
    """The time at the start of the run, in UTC."""
    environ: Mapping[str, str]

    def at(self, text: str) -> Context:
        """Return the context at another time, which is the value of `--now`."""
        return replace(self, now=moment(text))


def moment(text: str) -> datetime:
    """Return an ISO 8601 time in UTC. Raises `ReconcilerError` if it has no time zone, or an unlikely year.

    Without a zone, the month to bill would be a guess.
    """
    advice = "Write the time with its zone: 2026-11-01T00:00:00Z or 2026-11-01T00:00:00+01:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ReconcilerError(f"{text or 'an empty text'} is not a time", where="--now", advice=advice) from None
    if found.tzinfo is None:
        raise ReconcilerError(f"{text} has no time zone", where="--now", advice=advice)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        what = f"{text} is not between the years {_FIRST_YEAR} and {_LAST_YEAR}"
        raise ReconcilerError(what, where="--now", advice="Correct the year.")
    return found.astimezone(UTC)


def folder(text: str | Path) -> Path:
    """Return the path of the manifest folder. Raises `ReconcilerError` for an empty name, as of an unset variable."""
    if not str(text):
        advice = "Name the manifest folder. For the current folder, write: -C ."
        raise ReconcilerError("the name of the folder is empty", where="-C", advice=advice)
    return Path(text)
