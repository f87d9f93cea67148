"""Charges against the additions that stand in ConnectWise, and the part of a plan that comes of it.

This room owns: which addition belongs to which charge (tag, id), the match of charges with additions, hand edits
(drift), orphans, effective dates, and the guardrails of usage. It does not own: what was used (`usage`), and how a
plan is put together (`planning`).

Always true in it: every function is pure. The live additions and the ledger's snapshot are read before. One live line
for each agreement, tag and product. An addition that is not ours is never touched, unless a mapping adopts it.
"""
