"""Usage sources: one module for each type, with its settings and `async pull(settings, now) -> Pull`.

Owns: how each source is read, and the checks on its rows.
Does not own: whether a complete pull is believed, and the records of pulls in the ledger (`metering.collect`).

Always true: a pull never raises an error. If anything goes wrong, it is a failed pull with a message, so one source
never stops the others.
"""
