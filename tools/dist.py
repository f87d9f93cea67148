"""`make dist`: build the wheel, and the lock that installs it.

`dist/requirements.txt` pins the wheel by its hash, and every library that it needs at run time by the hashes of
runtime.lock. The package index has another project with the same name and version. `dist/wheel.html` links to our
wheel and names its hash, and pip prefers the file with the hash that it expects. pip and uv look for that page beside
the requirements file, so you can copy the three files together to any folder and install from there.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = """\
# Installs {name} {version} and the libraries that it was tested with, including the one for a PostgreSQL ledger.
# Keep the wheel and wheel.html in the same folder as this file.
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
    """Return the texts of the two files beside a wheel, by file name. `runtime` is the text of runtime.lock."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    known = {"name": name, "version": version, "digest": digest, "file": wheel.name}
    return {"requirements.txt": REQUIREMENTS.format(**known) + runtime, "wheel.html": PAGE.format(**known)}


def build(folder: Path) -> Path:
    """Build the wheel into `folder`, write the two files beside it, and return the path of the wheel.

    `folder` is emptied first. The build backend is the one of requirements.lock.
    """
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = folder.glob("*.whl")
    for name, text in describe(wheel, (ROOT / "runtime.lock").read_text(encoding="utf-8")).items():
        (folder / name).write_text(text, encoding="utf-8")
    return wheel


if __name__ == "__main__":
    build(ROOT / "dist")
