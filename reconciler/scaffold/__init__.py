"""The files of a new user's repository, which `reconciler init` writes.

Owns: the texts in `files/`, which file gets which name, and the lock from which the pipelines install this program.
Does not own: writing them, and the schemas of the kinds.

Always true: the manifests are valid, and an apply of them creates no customer before a person removes its mark. A
pipeline passes secrets only to the steps that need them, and never to a pull request from a fork.
"""
