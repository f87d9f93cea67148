"""What every command is given: where the manifests are, the time, the environment, how to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import ReconcilerError

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True, slots=True)
class Context:
    root: Path
    """The folder of the manifests."""
    workspace: str | None
    """The workspace that was asked for, where there are several."""
    json: bool
    color: bool
    verbose: bool
    now: datetime
    """Aware, UTC; fixed for the whole run."""
    environ: Mapping[str, str]

    def at(self, text: str) -> Context:
        """The same at another time, which `--now` gives."""
        return replace(self, now=moment(text))


def moment(text: str) -> datetime:
    """An ISO time with its zone, in UTC. Without a zone it is an error: a guess here would bill another month."""
    advice = "Write it with its zone: 2026-11-01T00:00:00Z or 2026-11-01T00:00:00+01:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ReconcilerError(f"{text or 'an empty text'} is not a time", where="--now", advice=advice) from None
    if found.tzinfo is None:
        raise ReconcilerError(f"{text} has no zone", where="--now", advice=advice)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        what = f"{text} is outside of the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise ReconcilerError(what, where="--now", advice="Nothing is billed then. Correct the year.")
    return found.astimezone(UTC)


def folder(text: str | Path) -> Path:
    """The folder of the manifests. An empty name is a variable that is not set: the current folder is not meant."""
    if not str(text):
        advice = "Name the manifest folder; `-C .` is the current one."
        raise ReconcilerError("an empty text is not a folder", where="-C", advice=advice)
    return Path(text)
