"""Applies a plan: checks its preconditions, sends its changes in order, and records each of them in the ledger.

This room owns the requests of an action, the read-back of what ConnectWise stored, and the recovery of a run that was
interrupted. It does not own how objects are read (`live`), nor which values count as the same (`planning.equality`).

Always true here: nothing is written unless the plan still describes ConnectWise. Each write is in the ledger before it
is sent. A create is looked up before it is repeated, so nothing is created twice.
"""
