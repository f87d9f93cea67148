"""Check a requirements file as `pip install --require-hashes` does, without installing: a stand-in for pip."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path


def check(path: Path) -> None:
    """Exit with 1 if a requirement has no hash, or if a file that is named has another one."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in lines:
        name, *options = line.split()
        digests = [each.removeprefix("--hash=sha256:") for each in options]
        if not digests or not all(re.fullmatch("[0-9a-f]{64}", each) for each in digests):
            sys.exit(f"{line}: no hash")
        if name.startswith("./") and hashlib.sha256(Path(name).read_bytes()).hexdigest() not in digests:
            sys.exit(f"{name}: THESE PACKAGES DO NOT MATCH THE HASHES")
    if not any(line.startswith(("./", "reconciler @ ")) for line in lines):
        sys.exit("reconciler is not in the file")


if __name__ == "__main__":
    check(Path(sys.argv[1]))
