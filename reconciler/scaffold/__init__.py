"""The files of a new user's repository, which `reconciler init` writes.

Owns: the texts in `files/`, and which file gets which name.
Does not own: writing them, and the schemas of the kinds.

Always true: the manifests are valid, and an apply of them creates no customer before a person removes its mark.
"""
