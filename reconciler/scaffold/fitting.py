"""Fit the files of a new repository into a folder with a README or a `.gitignore`, as hosts of Git make them."""

from __future__ import annotations

from collections.abc import Mapping

README = "README.md"
OTHER_README = "RECONCILER.md"
"""The name of our README where the repository has its own."""
GITIGNORE = ".gitignore"


def beside_readme(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a new repository, with our README under its other name."""
    return {OTHER_README if path == README else path: content for path, content in contents.items()}


def with_patterns(existing: bytes, ours: bytes) -> bytes:
    """Return an existing `.gitignore` with the patterns of ours that it lacks at its end; as it is if it lacks none."""
    has = {line.strip() for line in existing.splitlines()}
    lacks = [line for line in ours.splitlines() if line and not line.startswith(b"#") and line not in has]
    if not lacks:
        return existing
    ending = b"\r\n" if b"\r\n" in existing else b"\n"
    text = existing if not existing or existing.endswith(b"\n") else existing + ending
    return ending.join([text + (ending if text else b"") + b"# reconciler", *lacks, b""])
