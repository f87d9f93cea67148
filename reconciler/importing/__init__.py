"""Importing: write manifests for an estate that already exists.

    ConnectWise ──▶ documents ──▶ defaults factored out ──▶ YAML files
    usage sources ─▶ customers ─┐
                                ├─▶ matching ──▶ proposals ──▶ mappings, import-review.md
    ConnectWise ──▶ companies ──┘

Owns: the documents that describe the objects of ConnectWise, their layout in files, and the company that is proposed
for each customer of a usage source (`matching`).
Does not own: the meaning of a document (`kinds`, `manifests`), how ConnectWise is read (`live`), and whether an
addition is adopted (`additions`): a plan decides that from the manifests.

Always true: an import writes files and nothing else, and all of its files or none. No run bills a proposed mapping
before a person has confirmed it. If two companies are equally near, matching chooses neither. `matching` does no I/O.
"""
