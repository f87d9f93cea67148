"""`make dist`: build the wheel, and the locks that install it.

`dist/requirements.txt` pins the wheel by its hash, and every library that it needs at run time by the hashes of
runtime.lock. The package index has another project with the same name and version. `dist/wheel.html` links to our
wheel and names its hash, and pip prefers the file with the hash that it expects. pip and uv look for that page beside
the requirements file, so you can copy the files together to any folder and install from there.

`dist/requirements-sandbox.txt` installs the same wheel, and with sandbox.lock also the libraries of the sandbox.
`dist/requirements-report.txt` does so with report.lock and the libraries that draw plots and write Parquet.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "requirements.txt": "runtime.lock",
    "requirements-report.txt": "report.lock",
    "requirements-sandbox.txt": "sandbox.lock",
}
"""Each requirements file beside the wheel, and the lock that it contains."""
REQUIREMENTS = """\
# Installs {name} {version} and the libraries that it was tested with, including the one for a PostgreSQL ledger.
# Keep the wheel and wheel.html in the same folder as this file.
#   python -m pip install --no-deps --require-hashes -r {requirements}
--find-links wheel.html
{name}=={version} \\
    --hash=sha256:{digest}
"""
PAGE = """\
<!doctype html>
<title>{name}</title>
<a href="{file}#sha256={digest}">{file}</a>
"""


def describe(wheel: Path, locks: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the files beside a wheel, by file name. `locks` holds the text of each lock, by file name."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    known = {"name": name, "version": version, "digest": digest, "file": wheel.name}
    texts = {"wheel.html": PAGE.format(**known)}
    for requirements, lock in LOCKS.items():
        texts[requirements] = REQUIREMENTS.format(**known, requirements=requirements) + locks[lock]
    return texts


def build(folder: Path) -> Path:
    """Build the wheel into `folder`, write the files beside it, and return the path of the wheel.

    `folder` is emptied first. The build backend is the one of requirements.lock.
    """
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = folder.glob("*.whl")
    locks = {lock: (ROOT / lock).read_text(encoding="utf-8") for lock in LOCKS.values()}
    for name, text in describe(wheel, locks).items():
        (folder / name).write_text(text, encoding="utf-8")
    return wheel


if __name__ == "__main__":
    build(ROOT / "dist")
