"""Completion in bash, zsh and fish: what a word on the command line may become.

A person waits for each answer, so nothing here imports a command or a model. What the commands take is in
`commands.json`, which `make reference` writes. Addresses come from the manifests, and what only a run knows comes from
a ledger in SQLite. Nothing is written, and no network is used.

Always true: a name goes to the shell as data, and the shell never evaluates it.
"""
