"""`make docs`: build the site of `docs/` into `site/`, and check it.

The build of zensical is strict: it fails for a link to a page or to a heading that does not exist. `problems` finds in
the built pages what the build does not look at: links to other files, and anything that is loaded from the network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LOADED = re.compile(r"""@import\s+["']?\s*(\S+)|url\(\s*["']?((?:https?:)?//[^"')]*)""")
_LOADS = {"link", "script", "img", "iframe", "source", "video", "audio", "embed", "object", "use"}
"""Elements whose address a browser loads without a click."""


class BrokenDocsError(Exception):
    """The site cannot be built. The message is what zensical says."""


class _Page(HTMLParser):
    """Collects the headings and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[tuple[str, str]] = []
        """(element, address)"""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.ids.add(value)
            if name in {"href", "src", "data", "poster", "srcset"} and value:
                self.addresses.append((tag, value))


def build(project: Path) -> Path:
    """Build the site of a folder with a `zensical.toml`, and return its folder.

    Raises `BrokenDocsError` with the warnings of zensical if a link is broken.
    """
    site = project / "site"
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(project / "zensical.toml")]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=project)
    if run.returncode:
        said = _COLOUR.sub("", run.stdout + run.stderr)
        raise BrokenDocsError(said.partition("Traceback (most recent call last)")[0].strip() or said)
    return site


def problems(site: Path) -> Iterator[str]:
    """Yield each address of a built site that leads nowhere, or that a browser would load from the network."""
    pages = {path: _parsed(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site)
        for tag, address in page.addresses:
            if urlsplit(address).scheme or address.startswith("//"):
                if tag in _LOADS:
                    yield f"{where}: <{tag}> loads {address}"
                continue
            target, _, heading = address.partition("#")
            file = _file(site, path, target)
            if not file.is_file():
                yield f"{where}: {address} does not exist"
            elif heading and file in pages and unquote(heading) not in pages[file].ids:
                yield f"{where}: {address} has no such heading"
    for path in sorted(site.rglob("*.css")):
        for found in _LOADED.finditer(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {found.group(1) or found.group(2)}"


def _parsed(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _file(site: Path, page: Path, target: str) -> Path:
    """Return the file that an address of a page means. An address that begins with a slash begins at the site."""
    if not target:
        return page
    base = site if target.startswith("/") else page.parent
    return Path(os.path.normpath(base / unquote(target.partition("?")[0].lstrip("/"))))


def main() -> int:
    """Build the site of this repository, and print where it is or what is wrong with it."""
    try:
        site = build(ROOT)
    except BrokenDocsError as error:
        print(error, file=sys.stderr)
        return 1
    found = list(problems(site))
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    if not found:
        print(f"{sum(1 for _ in site.rglob('*.html'))} pages: open {site / 'index.html'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
