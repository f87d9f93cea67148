"""The tenant: the store with guarded writes, and the setup tables of a new one.

Owns: insert, update and delete, with every check.
Does not own: the checks of single kinds, which are in `rules`.
Always true: a write is checked by its fields, its references, uniqueness and the rules of its kind.
"""
