"""The exit codes of the command line. `docs/reference/commands.md` explains them.

An exit code says what was done to the tenant. A closed pipe or a full disk never turns a completed apply into 1.
"""

from __future__ import annotations

from typing import Final

DONE: Final = 0
"""Everything was done, or there was nothing to do, and all usage is accounted for."""

ERROR: Final = 1
"""The command could not be carried out and wrote nothing, or a check failed."""

CHANGES: Final = 2
"""With `--detailed-exitcode`: the plan contains changes."""

REFUSED: Final = 3
"""The plan is stale or of another tenant, a guardrail tripped, or another apply is running. Nothing was written."""

PARTIAL: Final = 4
"""Some actions failed. The outcome names them, and a second run continues."""

UNACCOUNTED: Final = 5
"""Everything was done, but some usage is not accounted for."""

INTERRUPTED: Final = 130
"""Ctrl-C before anything was written."""

NOTHING_WRITTEN: Final = "interrupted; nothing was written to ConnectWise"
"""The message that goes with `INTERRUPTED`."""
