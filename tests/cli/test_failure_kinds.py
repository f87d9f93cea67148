"""Tests of the kinds of errors that alerts tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.applying.stale import StalePlan
from reconciler.cli.failure_kinds import run_failure
from reconciler.connectwise.errors import BadConnection, Forbidden, ServerFailed, Unauthorized, Unreachable
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger.errors import LedgerError, LostLease, Unwritable
from reconciler.live.problems import MatchError
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.secrets import SecretError
from reconciler.planning.problems import PlanError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StalePlan("changed"), "stale"),
        (Refused("they differ", where="clock"), "clock"),
        (Refused("another apply", where="ledger"), "lock"),
        (LostLease("lost"), "lock"),
        (Refused("guardrails tripped"), "refused"),
        (ManifestError([Diagnostic("bad", "mend it", "a.yaml")], Path()), "manifest"),
        (SecretError("not set"), "secret"),
        (LedgerError("damaged"), "ledger"),
        (Unwritable("read-only"), "ledger"),
        (MatchError([]), "plan"),
        (PlanError([]), "plan"),
        (Unreachable("no response"), "connectwise"),
        (ServerFailed("503"), "connectwise"),
        (Unauthorized("401"), "login"),
        (Forbidden("403"), "login"),
        (BadConnection("no site", setting="site", advice="give it"), "login"),
        (ReconcilerError("something"), "error"),
        (KeyError("hunter2"), "bug"),
    ],
)
def test_errors_with_the_same_remedy_have_the_same_kind(error: BaseException, kind: str) -> None:
    found = run_failure(error)
    assert found.kind == kind
    assert "hunter2" not in found.message


def test_of_many_errors_in_manifests_the_first_is_told() -> None:
    error = ManifestError([Diagnostic(f"bad {line}", "mend it", "a.yaml", line, 1) for line in (2, 3, 4)], Path("m"))
    found = run_failure(error)

    assert (found.where, found.message) == ("m/a.yaml:2:1", "bad 2 (and 2 more errors)")
    assert found.advice == "To list all errors, run: reconciler validate"
