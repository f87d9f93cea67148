"""The root of every error this product raises on purpose.

    ReconcilerError                   exit 1: not everything was read, nothing was written
    ├── manifests.ManifestError       the YAML is not in order
    ├── manifests.SecretError         a secret is not where a manifest says it is
    ├── connectwise.ConnectWiseError  the PSA refused, or could not be reached
    ├── live.MatchError               what is declared cannot be tied to what lives
    ├── planning.PlanError            the manifests cannot become a plan
    ├── planning.PlanFileError        a file is no plan, or was changed after it was made
    ├── metering.UsageError           a source cannot be read, or usage cannot be charged
    ├── ledger.LedgerError            the ledger cannot be read or written
    └── Refused                       exit 3: the plan is stale, or a guardrail tripped

A message says what happened, where, and what to do next, and never holds a secret.
"""

from __future__ import annotations

from typing import ClassVar

from reconciler.exit_codes import ERROR, REFUSED


class ReconcilerError(Exception):
    """Something a person has to know about, in sentences made for that person."""

    exit_code: ClassVar[int] = ERROR

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what = what
        self.where = where
        self.advice = advice
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.advice}" if self.advice else text


class Refused(ReconcilerError):  # noqa: N818  (a name says what happened, as those of connectwise.errors do)
    """The plan may not be carried out as it stands; nothing was written."""

    exit_code = REFUSED


def in_one_line(text: str) -> str:
    """A message and its advice, which stand on lines of their own, as one sentence."""
    parts = [part for line in text.splitlines() if (part := " ".join(line.split()))]
    return "".join(part if place == 0 else _joined(parts[place - 1], part) for place, part in enumerate(parts))


def _joined(before: str, part: str) -> str:
    return f" {part}" if before[-1] in ".:;,!?" else f"; {part}"
