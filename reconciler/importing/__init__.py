"""Importing: write manifests for an estate that already exists.

    ConnectWise ──▶ documents ──▶ defaults factored out ──▶ YAML files
    usage sources ─▶ customers ─┐
                                ├─▶ matching ──▶ proposals ──▶ mappings, import-review.md
    ConnectWise ──▶ companies ──┘

Owns: which documents describe what ConnectWise holds, how they are laid out in files, and which company a customer of
a usage source is proposed for (`matching`).
Does not own: what a document means (`kinds`, `manifests`), how ConnectWise is read (`live`), and whether an addition is
adopted (`additions`): a plan decides that from the manifests.

Always true: an import writes files and nothing else. Nothing is done for a proposed mapping until a person has
confirmed it. Two companies that are equally near are never decided. `matching` does no I/O.
"""
