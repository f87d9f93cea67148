"""The pipelines that `reconciler init --ci` writes, run as they are written.

A test has a tenant, a console, a ledger and a Git repository with a bare remote. The steps of a workflow run with bash,
one after the other, as the runner of the forge does it. Only what needs the forge is replaced: its program (`gh`) by
one that keeps its data in a file and refuses what the forge would refuse, and the actions of others by functions.
"""
