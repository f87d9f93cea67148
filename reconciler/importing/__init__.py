"""Importing: write manifests for an estate that already exists.

    ConnectWise ──▶ documents ──▶ defaults factored out ──▶ YAML files
    usage sources ─▶ customers ─┐
                                ├─▶ matching ──▶ proposals ──▶ mappings, import-review.md
    ConnectWise ──▶ companies ──┘

Owns: which documents describe what ConnectWise holds, how they are laid out in files, and which company a customer of
a usage source is proposed for (`matching`).
Does not own: what a document means (`kinds`, `manifests`), how ConnectWise is read (`live`), and whether an addition is
adopted (`additions`): a plan decides that from the manifests.

Always true: an import writes files and nothing else. No run bills a proposed mapping before a person has confirmed it.
If two companies are equally near, matching chooses neither. `matching` does no I/O.
"""
