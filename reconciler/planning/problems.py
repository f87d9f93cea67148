"""The error of a plan that cannot be made."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import ReconcilerError


class PlanError(ReconcilerError):
    """No plan can be made from the manifests. The message has all reasons, one on each line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(f"no plan: {count}\n" + "\n".join(f"  - {text}" for text in problems))
