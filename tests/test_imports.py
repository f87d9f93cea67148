"""Who may import whom. The rooms of the package in ranks, the highest first; imports go strictly downwards.

    0  cli
    1  additions   applying   rendering
    2  usage
    3  planning   live
    4  manifests
    5  kinds
    6  connectwise   ledger
    7  http

Siblings do not know each other, and `kinds` knows no HTTP and no tables: what it needs of them is handed to it.
`errors.py` is anybody's but the sandbox's. The sandbox knows nobody, and only the command that serves it knows the
sandbox, so that nothing of the product can lean on its own stand-in. An import under TYPE_CHECKING is one.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reconciler"
RANKS = {
    "cli": 0,
    "additions": 1,
    "applying": 1,
    "rendering": 1,
    "usage": 2,
    "planning": 3,
    "live": 3,
    "manifests": 4,
    "kinds": 5,
    "connectwise": 6,
    "ledger": 6,
    "http": 7,
}
FORBIDDEN = {"kinds": {"connectwise", "ledger"}, "manifests": {"connectwise", "ledger"}, "rendering": {"live"}}
"""Lower rooms that are none of a room's business: only `live` and those above it reach ConnectWise or the ledger, and
a renderer reads a plan's JSON."""
IO = {"aiohttp", "asyncio", "httpx", "io", "os", "pathlib", "random", "shutil", "socket", "sqlalchemy", "sqlite3"}
IO |= {"subprocess", "tempfile", "threading", "time", "urllib"}
PURE = ("additions", "planning", "kinds")

MODULES = sorted(PACKAGE.rglob("*.py"))
AT_RUN_TIME = {"tzdata"}
"""Declared, and imported by no line of ours: `zoneinfo` takes its zones from it where a system has none."""
MODULE_OF = {"py-yaml12": "yaml12", "pyyaml": "yaml", "ruamel-yaml": "ruamel"}
"""Distributions whose module has another name."""
BROUGHT_BY = {"h11": "uvicorn", "multidict": "aiohttp", "pydantic_core": "pydantic", "yarl": "aiohttp"}
"""Packages that a declared one is built on and whose types it takes and gives: they come and go with it."""


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """The dotted names that a module imports, as tuples; a name from a module counts as a part of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they lead"
            yield from ((*str(node.module).split("."), alias.name) for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def neighbours(path: Path) -> set[str]:
    """The rooms, and modules beside them, that a module imports from our own package, its own left out."""
    names = {parts[1] for parts in imported(path) if parts[0] == "reconciler" and len(parts) > 1}
    return names - {room_of(path)}


def ids(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("room", sorted({room_of(path) for path in MODULES if path.parent != PACKAGE}))
def test_every_room_has_its_place(room: str) -> None:
    assert room in RANKS or room == "sandbox"


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in RANKS], ids=ids)
def test_a_room_imports_only_from_below(path: Path) -> None:
    room = room_of(path)
    below = {other for other, rank in RANKS.items() if rank > RANKS[room]} - FORBIDDEN.get(room, set())
    allowed = below | {"errors"} | ({"sandbox"} if path == PACKAGE / "cli" / "sandbox.py" else set())
    assert neighbours(path) <= allowed | ({"__version__"} if room == "cli" else set())


@pytest.mark.parametrize("path", sorted((PACKAGE / "sandbox").rglob("*.py")), ids=ids)
def test_the_sandbox_knows_nobody(path: Path) -> None:
    assert neighbours(path) == set()


def test_errors_know_nobody() -> None:
    assert neighbours(PACKAGE / "errors.py") == set()


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in PURE], ids=ids)
def test_planning_and_kinds_do_no_io(path: Path) -> None:
    assert {parts[0] for parts in imported(path)} & IO == set()


def declared(extra: str = "") -> set[str]:
    """Return the modules of the distributions that the package requires, or that one of its extras adds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = (re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements)
    plain = (re.sub(r"[-_.]+", "-", name).lower() for name in names)
    return {MODULE_OF.get(name, name.replace("-", "_")) for name in plain}


def third_party(paths: Iterable[Path]) -> set[str]:
    found = {parts[0] for path in paths for parts in imported(path)} - sys.stdlib_module_names - {"reconciler"}
    return {BROUGHT_BY.get(name, name) for name in found}


SANDBOX = {path for path in MODULES if room_of(path) == "sandbox"}


def test_every_package_that_is_imported_is_declared() -> None:
    assert third_party(set(MODULES) - SANDBOX) <= declared()
    assert third_party(SANDBOX) <= declared() | declared("sandbox")


def test_the_extra_of_the_sandbox_has_the_packages_that_only_the_sandbox_imports() -> None:
    assert third_party(SANDBOX) - third_party(set(MODULES) - SANDBOX) == declared("sandbox")


def test_every_package_that_is_declared_is_imported() -> None:
    """By the product, or by the benchmarks that hold it to its figures."""
    assert declared() - AT_RUN_TIME <= third_party([*MODULES, *(ROOT / "benchmarks").glob("*.py")])


KIND_NAMES = {"Addition", "Agreement", "Company", "Contact", "IntegratorLogin", "ManagementSolution", "Product"}
KIND_NAMES |= {"ManagedDevicesIntegration", "ManagementItSolution"}


@pytest.mark.parametrize("room", ["live", "applying", "planning", "connectwise"])
def test_where_objects_live_is_said_by_their_kind_and_never_asked_by_its_name(room: str) -> None:
    """`if kind == "Addition"` in these rooms would be a second place that knows how a collection is read."""
    found = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare | ast.MatchValue):
                continue
            named = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)} & KIND_NAMES
            found += [f"{path.name}:{node.lineno}: {name}" for name in named]
    assert found == []
