"""Lists: the language of conditions, `fields`, `orderBy`, and pages.

Owns: the meaning of each query parameter of a list.
Does not own: HTTP, and writes.
Always true: a query reads the store and changes nothing in it.
"""
