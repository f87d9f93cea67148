"""What can be wrong with a ledger, in sentences."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written; nothing was sent to ConnectWise because of it."""
