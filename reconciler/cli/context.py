"""What every command is given: where the manifests are, the time, the environment, how to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


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
