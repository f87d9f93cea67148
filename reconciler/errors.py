"""The base class of every error that this program raises for its user, with the exit code of each.

    ReconcilerError                   exit 1: something could not be read or carried out
    ├── manifests.ManifestError       a manifest is not valid
    ├── manifests.SecretError         a secret is not where a manifest says
    ├── connectwise.ConnectWiseError  ConnectWise refused a request, or there was no usable response
    ├── live.MatchError               a declared object cannot be matched with a live one
    ├── planning.PlanError            no plan can be made from the manifests
    ├── planning.PlanFileError        a file is not a plan, or was edited after planning
    ├── metering.UsageError           a source cannot be read, or usage cannot be charged
    ├── ledger.LedgerError            the ledger cannot be read or written
    └── Refused                       exit 3: the plan is stale, or a guardrail tripped

A message says what happened, where, and what to do next. It never holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from reconciler.exit_codes import ERROR, REFUSED


class ReconcilerError(Exception):
    """An error for the user: `what` happened, `where`, and `advice` on what to do next.

    `str` gives `where: what`, and the advice on a line of its own. `more` has further members for `--json`.
    """

    exit_code: ClassVar[int] = ERROR

    def __init__(self, what: str, *, where: str = "", advice: str = "", more: Mapping[str, Any] | None = None) -> None:
        self.what = what
        self.where = where
        self.advice = advice
        self.more = dict(more or {})
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.advice}" if self.advice else text


class Refused(ReconcilerError):  # noqa: N818  (a name says what happened, as those of connectwise.errors do)
    """The plan must not be carried out: it is stale, or a guardrail tripped. Nothing was written."""

    exit_code = REFUSED


def in_one_line(text: str) -> str:
    """Return a message and its advice, which are on separate lines, on one line."""
    parts = [part for line in text.splitlines() if (part := " ".join(line.split()))]
    return "".join(part if index == 0 else _joined(parts[index - 1], part) for index, part in enumerate(parts))


def _joined(before: str, part: str) -> str:
    return f" {part}" if before[-1] in ".:;,!?" else f"; {part}"
