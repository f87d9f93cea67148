"""Which room may import which, and that no imports form a circle.

The ranks, from the top. A room imports only from rooms of lower ranks:

    0  cli
    1  fleet
    2  importing   closing   applying   cases   scaffold   alerts   reporting
    3  additions
    4  rating   metering
    5  planning
    6  live
    7  manifests
    8  kinds
    9  connectwise   ledger   rendering
   10  http

`amounts`, `errors` and `exit_codes` are for every room but the sandbox. The sandbox imports no other room. Only the
command that serves it imports the sandbox, so the product cannot rely on its own stand-ins. An import under
TYPE_CHECKING counts.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reconciler"
RANKS = {
    "cli": 0,
    "fleet": 1,
    "importing": 2,
    "closing": 2,
    "applying": 2,
    "cases": 2,
    "scaffold": 2,
    "alerts": 2,
    "reporting": 2,
    "additions": 3,
    "rating": 4,
    "metering": 4,
    "planning": 5,
    "live": 6,
    "manifests": 7,
    "kinds": 8,
    "connectwise": 9,
    "ledger": 9,
    "rendering": 9,
    "http": 10,
}
FOR_EVERY_ROOM = {"amounts", "errors", "exit_codes"}
FORBIDDEN = {
    "cases": {"connectwise", "rendering"},
    "kinds": {"connectwise", "ledger", "rendering"},
    "manifests": {"connectwise", "ledger", "rendering"},
    "planning": {"connectwise", "ledger", "live", "rendering"},
    "rating": {"connectwise", "ledger", "live", "rendering"},
    "additions": {"connectwise", "rendering"},
}
"""Lower rooms that a room must not import all the same: a spec uses no network, and a pure room uses no client."""
IO = {"aiohttp", "asyncio", "httpx", "io", "os", "pathlib", "random", "shutil", "socket", "sqlalchemy", "sqlite3"}
IO |= {"subprocess", "tempfile", "threading", "time", "urllib"}
PURE = ("additions", "closing", "rating", "planning", "kinds")
VALUES_OF = {"ledger", "metering", "live", "connectwise"}
"""Rooms that do I/O in some modules: a pure room imports only the others."""

MODULES = sorted(PACKAGE.rglob("*.py"))
AT_RUN_TIME = {"tzdata"}
"""Declared, and imported by no line of ours: `zoneinfo` takes its zones from it where a system has none."""
MODULE_OF = {"py-yaml12": "yaml12", "pyyaml": "yaml", "ruamel-yaml": "ruamel", "vl-convert-python": "vl_convert"}
"""Distributions whose module has another name."""
BROUGHT_BY = {
    "h11": "uvicorn",
    "multidict": "aiohttp",
    "pydantic_core": "pydantic",
    "referencing": "jsonschema",
    "yarl": "aiohttp",
}
"""Packages that a declared one needs and whose types are in its interface. An install of it contains them."""


@cache
def imported(path: Path) -> Sequence[tuple[str, ...]]:
    """Return the dotted names that a module imports, as tuples; a name from a module counts as a part of it."""
    return [name for node in ast.walk(parsed(path)) for name in names_in(node, path)]


@cache
def imported_at_once(path: Path) -> Sequence[tuple[str, ...]]:
    """Return the dotted names that a module imports when it is imported itself."""
    return [name for node in parsed(path).body for name in names_in(node, path)]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def names_in(node: ast.AST, path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}: relative imports hide where they lead"
        yield from ((*str(node.module).split("."), alias.name) for alias in node.names)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def graph() -> Mapping[str, set[str]]:
    """Return the modules of the package, each with the modules that it imports, inside functions too."""
    names = {name_of(path) for path in MODULES}
    found: dict[str, set[str]] = {}
    for path in MODULES:
        dotted = (".".join(parts) for parts in imported(path) if parts[0] == "reconciler")
        modules = {name if name in names else name.rpartition(".")[0] for name in dotted}
        found[name_of(path)] = modules & names - {name_of(path)}
    return found


def folder_of(module: str) -> str:
    """Return the folder of a module. A module at the top level of the package counts as a folder of its own."""
    is_folder = (ROOT / module.replace(".", "/") / "__init__.py").exists() or module.count(".") == 1
    return module if is_folder else module.rpartition(".")[0]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def neighbours(path: Path) -> set[str]:
    """Return the other rooms, and the top-level modules, that a module imports from our own package."""
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
    allowed = below | FOR_EVERY_ROOM | ({"sandbox"} if path == PACKAGE / "cli" / "sandbox.py" else set())
    assert neighbours(path) <= allowed | ({"__version__"} if room == "cli" else set())


@pytest.mark.parametrize("path", sorted((PACKAGE / "sandbox").rglob("*.py")), ids=ids)
def test_the_sandbox_imports_no_other_room(path: Path) -> None:
    assert neighbours(path) == set()


def test_modules_that_every_room_imports_import_no_room() -> None:
    assert neighbours(PACKAGE / "exit_codes.py") == set()
    assert neighbours(PACKAGE / "errors.py") == {"exit_codes"}


def test_imports_form_no_circle() -> None:
    """This holds for modules and for folders. `CycleError` names the circle that you have to break."""
    modules = graph()
    TopologicalSorter(modules).prepare()
    folders: dict[str, set[str]] = {}
    for module, others in modules.items():
        inside = folders.setdefault(folder_of(module), set())
        inside |= {folder_of(other) for other in others} - {folder_of(module)}
    TopologicalSorter(folders).prepare()


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in PURE], ids=ids)
def test_a_pure_room_does_no_io(path: Path) -> None:
    assert io_of(path) == set()


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in PURE], ids=ids)
def test_a_pure_room_takes_only_values_from_rooms_that_do_io(path: Path) -> None:
    paths = {name_of(each): each for each in MODULES}
    taken = {module for module in graph()[name_of(path)] if module.split(".")[1] in VALUES_OF}
    assert {module for module in taken if io_of(paths[module])} == set()


def test_only_the_modules_that_send_alerts_do_io() -> None:
    """So the fleet can find and group the causes of many tenants by the same modules."""
    room = [path for path in MODULES if room_of(path) == "alerts"]
    sending = {path.name for path in room if io_of(path) or "apprise" in third_party([path])}
    assert sending == {"delivery.py", "heartbeat.py", "sending.py"}


def io_of(path: Path) -> set[str]:
    """Return the modules with I/O that a module imports. `urllib.parse` is none."""
    return {parts[0] for parts in imported(path) if parts[:2] != ("urllib", "parse")} & IO


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
    assert third_party(set(MODULES) - SANDBOX) <= declared() | declared("parquet") | declared("report")
    assert third_party(SANDBOX) <= declared() | declared("sandbox")


@pytest.mark.parametrize("extra", ["parquet", "report"])
def test_the_packages_of_an_extra_are_imported_only_when_they_are_needed(extra: str) -> None:
    assert declared(extra) <= third_party(MODULES)
    at_once = {parts[0] for path in MODULES for parts in imported_at_once(path)}
    assert at_once & declared(extra) == set()


def test_the_extra_of_the_sandbox_has_the_packages_that_only_the_sandbox_imports() -> None:
    assert third_party(SANDBOX) - third_party(set(MODULES) - SANDBOX) == declared("sandbox")


def test_every_package_that_is_declared_is_imported() -> None:
    """By the product, or by the benchmarks that hold it to its figures."""
    assert declared() - AT_RUN_TIME <= third_party([*MODULES, *(ROOT / "benchmarks").glob("*.py")])


KIND_NAMES = {"Addition", "Agreement", "Company", "Contact", "IntegratorLogin", "ManagementSolution", "Product"}
KIND_NAMES |= {"ManagedDevicesIntegration", "ManagementItSolution"}


@pytest.mark.parametrize("room", ["live", "applying", "planning", "connectwise"])
def test_no_room_compares_the_name_of_a_kind_to_find_its_objects(room: str) -> None:
    """`if kind == "Addition"` in these rooms would be a second place that decides how a collection is read."""
    found = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Compare | ast.MatchValue):
                continue
            named = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)} & KIND_NAMES
            found += [f"{path.name}:{node.lineno}: {name}" for name in named]
    assert found == []
