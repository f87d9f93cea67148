"""Compare charges with the additions in ConnectWise, and plan their changes.

This room owns: the charge of each mapping, the tag and the ownership of additions, the match of desired with live
additions, hand edits (drift), orphans, effective dates, the adjustments of settled months, and the guardrails of usage.
It does not own: how usage is measured (`metering`), how a quantity and a price are computed (`rating`), and how parts
are joined to a plan (`planning`).

Always true in it: every function is pure. Live additions and the ledger's snapshot are read before. There is one
hourly addition for each agreement, tag and product. An addition without our tag is never changed, unless a mapping
adopts it.
"""
