"""Everything that keeps a plan from being made, told at once."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import ReconcilerError


class PlanError(ReconcilerError):
    """The manifests cannot become a plan: each reason on a line of its own."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(f"no plan: {count}\n" + "\n".join(f"  - {text}" for text in problems))
