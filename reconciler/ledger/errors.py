"""What can be wrong with a ledger, in sentences."""

from __future__ import annotations

from reconciler.errors import ReconcilerError, Refused


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written; nothing was sent to ConnectWise because of it."""


class Unwritable(LedgerError):  # noqa: N818  (a name says what happened, as those of connectwise.errors do)
    """The ledger is in order, but cannot be written or made here: no permission, a read-only disk, a full one."""


class LostLease(Refused):
    """The workspace's lock is no longer ours: this run was silent for too long, and another one is at work."""
