"""The lock from which pipelines install reconciler: the package by its own hash, and each library by its hashes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from reconciler.errors import ReconcilerError
from reconciler.scaffold.pipelines import LOCK

_ADVICE: Final = "Build it in a checkout of reconciler with `make dist`, and name the folder: --package CHECKOUT/dist"
_PINNED: Final = re.compile(
    r"^reconciler==(?P<version>\S+) \\\n    --hash=sha256:(?P<digest>[0-9a-f]{64})\n", re.MULTILINE
)
"""How `make dist` pins the wheel in `requirements.txt`. The libraries follow."""
_WHEEL: Final = re.compile(r"reconciler-(?P<version>[0-9][0-9A-Za-z.!+_]*)-py3-none-any\.whl")
_URL: Final = re.compile(r"https://[A-Za-z0-9.:\[\]-]+/(?:[\w.~%+-]+/)*(?P<file>[\w.~%+!-]+)", re.ASCII)
"""A URL that is the same text in a requirements file, in which blanks, `#` and `$` have a meaning."""
_FRAGMENT: Final = re.compile(r"sha256=(?P<digest>[0-9a-f]{64})")
_TEXT: Final = """\
# The pipelines install reconciler {version} from this file, with the libraries that it was tested with. Its version is
# nowhere else. For another version, remove this folder and run: reconciler init --ci {ci} --package PATH_OR_URL
#   python -m pip install --no-deps --require-hashes -r {lock}
{requirement} \\
    --hash=sha256:{digest}
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel of reconciler, and what it is installed with."""

    version: str
    requirement: str
    """As pip reads it: a path from the top of the repository, or a name with a URL."""
    digest: str
    """The SHA-256 of the wheel."""
    libraries: str
    """The lock of all libraries, with their hashes."""
    wheel: tuple[str, bytes] | None = None
    """The path in the repository and the content of the wheel. None if it is at a URL."""

    def lock(self, ci: str) -> str:
        """Return the text of the lock."""
        head = _TEXT.format(version=self.version, ci=ci, lock=LOCK, requirement=self.requirement, digest=self.digest)
        return head + self.libraries


def package_of(text: str, version: str) -> Package:
    """Return the package that `--package` names: the folder of `make dist`, a wheel in it, or the URL of a wheel.

    `version` is the version of this program. Requests nothing from the network. Raises `ReconcilerError` if it is no
    such package.
    """
    if re.match(r"[a-z]+://", text):
        return _at_url(text, version)
    path = Path(text)
    return _in_folder(path.parent, path.name) if path.suffix == ".whl" else _in_folder(path, "")


def _in_folder(folder: Path, name: str) -> Package:
    try:
        names = sorted(each.name for each in folder.iterdir() if _WHEEL.fullmatch(each.name))
        requirements = (folder / "requirements.txt").read_text(encoding="utf-8")
        if name and name not in names:
            raise _no_package(folder / name, "is no wheel of reconciler")
        if not name and len(names) != 1:
            found = ", ".join(names) or "none"
            raise _no_package(folder, f"needs one wheel of reconciler, and has {found}")
        wheel = name or names[0]
        content = (folder / wheel).read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise _no_package(Path(getattr(error, "filename", None) or folder / "requirements.txt"), what) from None
    digest = hashlib.sha256(content).hexdigest()
    pinned = _PINNED.search(requirements)
    if pinned is None or pinned["digest"] != digest:
        raise _no_package(folder / "requirements.txt", f"does not pin {wheel}, which is beside it, by its hash")
    place = str(PurePosixPath(LOCK).with_name(wheel))
    return Package(pinned["version"], f"./{place}", digest, requirements[pinned.end() :], wheel=(place, content))


def _at_url(text: str, version: str) -> Package:
    url, _, fragment = text.partition("#")
    known = _FRAGMENT.fullmatch(fragment)
    where, example = "--package", f"https://example.com/reconciler-{version}-py3-none-any.whl#sha256=…"
    if (found := _URL.fullmatch(url)) is None or (wheel := _WHEEL.fullmatch(unquote(found["file"]))) is None:
        what = "is not the URL of a wheel of reconciler, with https and without a login or a query"
        raise ReconcilerError(what, where=where, advice=f"Write it like {example}")
    if known is None:
        advice = f"Append the SHA-256 of the wheel, as `make dist` wrote it into dist/requirements.txt: {example}"
        raise ReconcilerError("the hash is missing", where=where, advice=advice)
    if wheel["version"] != version:
        what = f"is version {wheel['version']}, and this is {version}, whose libraries the lock pins"
        raise ReconcilerError(what, where=where, advice="Run `init` with the version that the pipelines install.")
    return Package(version, f"reconciler @ {url}", known["digest"], _own_libraries())


def _own_libraries() -> str:
    """Return the lock of the libraries that this version was tested with. A wheel has a copy of it."""
    here = Path(__file__)
    packaged = here.with_name("runtime.lock")
    return (packaged if packaged.is_file() else here.parents[2] / "runtime.lock").read_text(encoding="utf-8")


def _no_package(path: Path, what: str) -> ReconcilerError:
    return ReconcilerError(what, where=str(path), advice=_ADVICE)
