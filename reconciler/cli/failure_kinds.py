"""Tell kinds of errors apart, so that an alert about a failed run is sent once, and again for another kind of error."""

from __future__ import annotations

from reconciler.alerts.facts import RunFailure
from reconciler.alerts.runs import REFUSED
from reconciler.applying.stale import StalePlan
from reconciler.cli.failures import failure_of
from reconciler.connectwise.errors import BadConnection, ConnectWiseError, Forbidden, Unauthorized, UnknownCompany
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.live.problems import MatchError
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.policy_files import PolicyError
from reconciler.manifests.secrets import SecretError
from reconciler.planning.problems import PlanError
from reconciler.rendering.counts import numbered


def run_failure(error: BaseException) -> RunFailure:
    """Return the failure of a run that an error has ended."""
    if isinstance(error, ManifestError):
        return _of_manifests(error)
    failure = failure_of(error)
    return RunFailure(_kind_of(error), failure.message, failure.where, failure.advice)


def _of_manifests(error: ManifestError) -> RunFailure:
    """Return the first error of manifests as the failure, because a message has no list of all of them."""
    first, *others = [each for each in error.located if each.severity == "error"]
    where = f"{first.file}:{first.line}:{first.column}" if first.line else first.file
    advice = "To list all errors, run: reconciler validate" if others else first.suggestion
    more = f" (and {numbered(len(others), 'more error')})" if others else ""
    return RunFailure(_kind_of(error), f"{first.message}{more}", where, advice)


def _kind_of(error: BaseException) -> str:
    """Return the kind of an error. Errors that have the same remedy have the same kind."""
    match error:
        case StalePlan():
            return "stale"
        case LostLease():
            return "lock"
        case Refused():
            return {"clock": "clock", "ledger": "lock"}.get(error.where, REFUSED)
        case ManifestError() | PolicyError():
            return "manifest"
        case SecretError():
            return "secret"
        case LedgerError():
            return "ledger"
        case Unauthorized() | Forbidden() | BadConnection() | UnknownCompany():
            return "login"
        case ConnectWiseError():
            return "connectwise"
        case MatchError() | PlanError():
            return "plan"
        case ReconcilerError():
            return "error"
        case _:
            return "bug"
