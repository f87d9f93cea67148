"""The exit codes of the command line. `docs/reference/commands.md` explains them.

An exit code says what was done to the tenant. A closed pipe or a full disk never turns a completed apply into 1.
"""

from __future__ import annotations

from typing import Final

DONE: Final = 0
"""Everything was done, or there was nothing to do, and all usage is accounted for."""

ERROR: Final = 1
"""The command could not be carried out and wrote nothing, or a check failed, as in `validate` and `fmt --check`."""

CHANGES: Final = 2
"""With `plan --detailed-exitcode`: the plan has changes."""

REFUSED: Final = 3
"""Refused, and nothing was written: the plan is stale or of another tenant, a guardrail of the run tripped, the clock
is wrong, a month to close has gaps, another apply is running, or you did not confirm."""

PARTIAL: Final = 4
"""Applied in part, also after Ctrl-C. The outcome names the actions that failed or did not start, and a second run
continues. If 5 also applies, the exit code is 4."""

UNACCOUNTED: Final = 5
"""Everything was done, but some usage is not accounted for, or a guardrail holds a customer. If 2 also applies, the
exit code is 5."""

INTERRUPTED: Final = 130
"""Ctrl-C before anything was written: while reading, or at the question of `apply`."""

NOTHING_WRITTEN: Final = "interrupted; nothing was written to ConnectWise"
"""The message that goes with `INTERRUPTED`."""
