"""`make dist`: the wheel, and beside it a lock that installs it.

`dist/requirements.txt` pins the wheel by its own hash, and every library it needs at run time by those of runtime.lock.
The package index has another project of the same name and version. pip prefers the file whose hash it knows and wants,
so `dist/wheel.html` names our wheel together with its hash. pip and uv look for that page beside the requirements
file: the three files can be copied anywhere together, and the install works from any folder.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = """\
# Installs {name} {version} and the libraries that it was tested with, and nothing else. The wheel and wheel.html have
# to lie beside this file. The library for a PostgreSQL ledger is included.
#   python -m pip install --no-deps --require-hashes -r requirements.txt
--find-links wheel.html
{name}=={version} \\
    --hash=sha256:{digest}
"""
PAGE = """\
<!doctype html>
<title>{name}</title>
<a href="{file}#sha256={digest}">{file}</a>
"""


def describe(wheel: Path, runtime: str) -> dict[str, str]:
    """The files that go beside a wheel, by name; `runtime` is the text of runtime.lock."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    known = {"name": name, "version": version, "digest": digest, "file": wheel.name}
    return {"requirements.txt": REQUIREMENTS.format(**known) + runtime, "wheel.html": PAGE.format(**known)}


def build(folder: Path) -> Path:
    """Build the wheel with the build backend of the lock, and write beside it what installs it; the wheel."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = folder.glob("*.whl")
    for name, text in describe(wheel, (ROOT / "runtime.lock").read_text(encoding="utf-8")).items():
        (folder / name).write_text(text, encoding="utf-8")
    return wheel


if __name__ == "__main__":
    build(ROOT / "dist")
