"""The locks contain every package that an install needs, for each Python and system."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = {"3.11": "3.11.7", "3.12": "3.12.1", "3.13": "3.13.0"}
SYSTEMS = {
    "linux-x86_64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux-aarch64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "macos-x86_64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"},
}
ENTRY = re.compile(r"^(?P<requirement>\S[^\\#]*?)(?P<hashes>(?:\s*\\\n\s+--hash=\S+)*)$", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def version(self) -> str:
        [specifier] = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version


def pins(file: str) -> dict[str, list[Pin]]:
    """Return the pins by canonical name. A name may have several pins, with markers that exclude each other."""
    text = re.sub(r"^\s*#.*\n?", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, list[Pin]] = defaultdict(list)
    for entry in ENTRY.finditer(text):
        requirement = Requirement(entry["requirement"].strip())
        hashes = tuple(re.findall(r"--hash=(\S+)", entry["hashes"]))
        found[canonicalize_name(requirement.name)].append(Pin(requirement, hashes))
    return found


LOCKS = {
    "requirements.lock": ["parquet", "postgresql", "report", "sandbox", "dev"],
    "report.lock": ["parquet", "postgresql", "report"],
    "runtime.lock": ["postgresql"],
    "sandbox.lock": ["postgresql", "sandbox"],
}
"""Each lock, and the extras whose requirements it contains besides those of the package."""


def roots(file: str) -> list[Requirement]:
    """Return the project's own requirements that a lock must contain."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *(each for name in LOCKS[file] for each in extras[name])]
    if file == "requirements.lock":
        wanted += PROJECT["build-system"]["requires"]
    return [Requirement(each) for each in wanted]


def environment(python: str, system: str) -> dict[str, str]:
    return {
        **SYSTEMS[system],
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python,
        "python_full_version": PYTHONS[python],
        "implementation_version": PYTHONS[python],
        "extra": "",
    }


def applies(requirement: Requirement, where: dict[str, str], extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**where, "extra": extra}) for extra in extras or {""})


def lacking(locked: dict[str, list[Pin]], wanted: list[Requirement], where: dict[str, str]) -> list[str]:
    """Return one sentence for each requirement that the lock does not satisfy in the environment `where`."""
    told: list[str] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    left = [each for each in wanted if applies(each, where, set())]
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        if (key := (name, frozenset(requirement.extras))) in seen:
            continue
        seen.add(key)
        held = [pin for pin in locked.get(name, []) if applies(pin.requirement, where, set())]
        if len(held) != 1:
            told.append(f"{requirement} is pinned {len(held)} times")
            continue
        if not requirement.specifier.contains(held[0].version, prereleases=True):
            told.append(f"{requirement} is pinned to {held[0].version}")
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            # It is locked for another Python or system, and not installed here.
            assert not applies(held[0].requirement, {}, set()), f"{name} is locked and not installed: make install"
            continue
        left += [each for each in map(Requirement, needs) if applies(each, where, set(requirement.extras))]
    return told


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_contains_all_dependencies(file: str, python: str, system: str) -> None:
    assert lacking(pins(file), roots(file), environment(python, system)) == []


def test_a_missing_package_of_an_extra_is_found() -> None:
    """An old pip once searched the index for a package of an extra, because the lock did not contain it."""
    locked = pins("requirements.lock")
    (driver,) = locked.pop("psycopg-binary")

    (found,) = lacking(locked, [Requirement("psycopg[binary]")], environment("3.11", "linux-x86_64"))
    assert found.startswith(f"psycopg-binary=={driver.version}")
    assert found.endswith(" is pinned 0 times")


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_has_a_hash_for_every_package_and_names_no_host(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line.strip() and not line.startswith((" ", "#"))]

    assert len(entries) == sum(len(each) for each in pins(file).values())
    assert len(entries) > 40
    for each in pins(file).values():
        for pin in each:
            assert pin.hashes, pin.requirement
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes), pin.requirement
            assert pin.requirement.url is None
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(?!hash=))", text, re.MULTILINE)


@pytest.mark.parametrize("file", ["report.lock", "runtime.lock", "sandbox.lock"])
def test_a_lock_for_users_has_the_tested_versions(file: str) -> None:
    tested = pins("requirements.lock")

    for name, each in pins(file).items():
        assert each == tested[name], name


def test_the_runtime_lock_leaves_out_the_packages_of_the_sandbox() -> None:
    assert pins("sandbox.lock").keys() - pins("runtime.lock").keys() == {"lark", "starlette", "uvicorn", "xlsxwriter"}
    assert pins("runtime.lock").keys() <= pins("sandbox.lock").keys()


def test_the_runtime_lock_leaves_out_the_packages_that_draw_plots_and_write_parquet() -> None:
    added = {"altair", "narwhals", "packaging", "pyarrow", "vl-convert-python"}
    assert pins("report.lock").keys() - pins("runtime.lock").keys() == added
    assert pins("runtime.lock").keys() <= pins("report.lock").keys()


def test_make_lock_resolves_each_lock_with_its_extras() -> None:
    lines = re.findall(r"^\t\$\(COMPILE\) (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    written = {line.rpartition(" ")[2]: set(re.findall(r"--extra (\w+)", line)) for line in lines}
    assert written == {file: set(extras) for file, extras in LOCKS.items()}


def test_the_installed_versions_are_the_locked_ones() -> None:
    for name, each in pins("requirements.lock").items():
        for pin in each:
            if applies(pin.requirement, {}, set()):
                assert metadata.version(name) == pin.version


def test_the_project_declares_the_pythons_that_it_supports() -> None:
    requirement = Requirement(f"reconciler{PROJECT['project']['requires-python']}").specifier
    listed = [each.rsplit(" ", 1)[1] for each in PROJECT["project"]["classifiers"] if " Python :: 3." in each]

    assert listed == list(PYTHONS)
    assert [minor for minor in range(20) if requirement.contains(Version(f"3.{minor}.5"))] == [11, 12, 13]
