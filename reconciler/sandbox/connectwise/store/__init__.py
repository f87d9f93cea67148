"""The objects of a tenant: tables, rows, and the references that objects share.

Owns: finding an object by id, name or parent, and keeping indexes and references up to date.
Does not own: rules. The store accepts any value; `tenant` checks a write first.
Always true: all references to one object are the same dictionary, so a renamed object shows its new name everywhere.
"""
