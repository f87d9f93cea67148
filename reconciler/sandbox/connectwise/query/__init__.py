"""Lists: the language of conditions, `fields`, `orderBy`, and pages.

Owns: everything that a query parameter of a list means.
Does not own: HTTP, and writes.
Always true: a query reads the store and changes nothing in it.
"""
