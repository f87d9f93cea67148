"""Errors of the ledger. Each says what is wrong, where, and what to do."""

from __future__ import annotations

from reconciler.errors import ReconcilerError, Refused


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written."""


class Unwritable(LedgerError):  # noqa: N818  (a name says what happened, as those of connectwise.errors do)
    """The ledger cannot be written or created here: no permission, a read-only disk or a full disk."""


class LockHeld(Refused):
    """Another run holds the workspace's lock."""


class LostLease(Refused):
    """This run no longer holds the workspace's lock, because it did not renew it in time."""
