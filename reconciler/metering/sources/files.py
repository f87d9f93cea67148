"""Read a usage file. It must be a regular file of limited size."""

from __future__ import annotations

import stat
from pathlib import Path

from reconciler.metering.sources.errors import SourceError

LARGEST_FILE = 64 * 2**20
"""The largest file in bytes: about half a million rows."""


def read_file(path: Path, source: str, *, largest: int = LARGEST_FILE) -> bytes:
    """Return the content of a file. Raises `SourceError` if it cannot be read, is larger, or is a pipe or a folder."""
    where = f"usage source {source}, {path}"
    advice = "check the path, which is relative to the manifest folder, and its permissions"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError("this is not a file", where=where, advice="give the path of a file, not of a folder")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror or error}", where=where, advice=advice) from None
    except ValueError:
        raise SourceError("the path contains a NUL byte", where=f"usage source {source}", advice=advice) from None
    if len(content) > largest:
        raise SourceError(
            f"the file is larger than {largest / 2**20:g} MiB",
            where=where,
            advice="export only the newest figures; the ledger has the older ones",
        )
    return content
