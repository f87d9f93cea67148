"""The ledger: pulls of usage, the journal of writes, our additions, approvals and the lock of each workspace.

Owns: the tables and their migrations, in SQLite (the default) or PostgreSQL, and every query on them.
Does not: read ConnectWise or a usage source, compute a quantity, or decide what to write.
Always true: every change is one transaction. Times are aware and in UTC. Only the owner can read the ledger's files. A
row that must never change has an entry in the chain of digests, from the same transaction. If the ledger is lost, its
history is lost, but no later run writes anything wrong. `records`, `snapshot` and `errors` do not import SQLAlchemy, so
that pure code can use them.
"""
