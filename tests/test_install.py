"""`make install` finds a Python that works, and installs .venv again if it is incomplete or out of date.

These tests replace pip. `.ci/run` installs with real pips, old and new, in fresh clones.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
# The interpreter of the virtual environment that runs the tests.
BASE = os.path.realpath(sys._base_executable)


PACKAGES = f".venv/lib/python{THIS}/site-packages"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def python(path: Path, beginning: str = "") -> Path:
    """Write a script that replaces Python: it runs real Python code, but only records calls of venv and pip.

    The calls are in the file `calls` of the working folder. An environment that it creates contains such a script too.
    """
    answering = f"""\
exec {shlex.quote(BASE)} "$@" """
    inside = f"""\
case "$*" in
    "-m pip "*" -e ."*) shift 2; echo "pip $*" >>calls; test ! -e broken-index || exit 1
        mkdir -p {PACKAGES}; printf '%s\\n' "$PWD" >{PACKAGES}/_reconciler.pth ;;
    "-m pip "*) shift 2; echo "pip $*" >>calls; test ! -e broken-index ;;
    "-m compileall "*) ;;
    *) {answering} ;;
esac"""
    return script(
        path,
        f"""{beginning}
case "$1 $2" in
    "-m venv")
        echo "venv $0" >>calls
        mkdir -p "$3/bin"
        cat >"$3/bin/python" <<'END'
#!/bin/sh
{inside}
END
        chmod +x "$3/bin/python" ;;
    *) {answering} ;;
esac""",
    )


@dataclass(frozen=True)
class Checkout:
    """A folder with the files that an install reads, and a PATH with only the tools of the system."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "path"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": str(self.path), "HOME": str(self.folder / "home"), **variables}
        return subprocess.run(
            ["/bin/sh", *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )

    def install(self, **variables: str) -> list[str]:
        """Run the install, and return the recorded calls of venv and pip."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        done = self.run("tools/install.sh", **variables)
        assert done.returncode == 0, done.stderr
        return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []

    def find(self, *arguments: str) -> str:
        done = self.run("tools/find_python.sh", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def refused(self, *arguments: str) -> str:
        done = self.run("tools/find_python.sh", *arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        return done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "a check out"
    (folder / "tools").mkdir(parents=True)
    for name in ("requirements.lock", "pyproject.toml", "tools/install.sh", "tools/find_python.sh"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "path").mkdir()
    for tool in ("sh", "cat", "dirname", "mkdir", "mv", "rm", "sed", "chmod"):
        found = shutil.which(tool)
        assert found is not None
        (folder / "path" / tool).symlink_to(found)
    return Checkout(folder)


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """Return a checkout with a Python on PATH and a complete .venv."""
    python(checkout.path / f"python{THIS}")
    assert checkout.install()
    return checkout


def other(path: Path, says: str, code: int = 3) -> Path:
    """Write a script for an interpreter that runs but is not usable."""
    return script(path, f"echo {shlex.quote(says)}; exit {code}")


def test_the_name_with_the_version_is_found(checkout: Checkout) -> None:
    found = python(checkout.path / f"python{THIS}")

    assert checkout.find() == str(found)
    assert checkout.find(THIS) == str(found)


def test_a_shim_that_does_not_run_is_skipped(checkout: Checkout) -> None:
    for version in ("3.11", "3.12", "3.13"):
        script(checkout.path / f"python{version}", "echo 'pyenv: command not found' >&2; exit 127")
    found = python(checkout.path / "python3")

    assert checkout.find() == str(found)


def test_an_unsupported_version_and_one_without_venv_are_skipped(checkout: Checkout) -> None:
    other(checkout.path / "python3", "is Python 3.9")
    other(checkout.path / f"python{THIS}", "does not have the modules ensurepip", 4)
    found = python(checkout.path / "python")

    assert checkout.find() == str(found)


@pytest.mark.parametrize(
    "folder", [".pyenv/versions/{0}.99/bin/python", ".local/share/uv/python/cpython-{0}.9-x/bin/python"]
)
def test_a_python_of_pyenv_or_uv_is_found_outside_path(checkout: Checkout, folder: str) -> None:
    found = python(checkout.folder / "home" / folder.format(THIS))

    assert checkout.find() == str(found)


def test_without_a_python_the_message_says_what_to_do(checkout: Checkout) -> None:
    other(checkout.path / "python3", "does not have the modules venv, ensurepip", 4)

    said = checkout.refused()

    assert "error: no Python 3.11, 3.12 or 3.13 was found" in said
    assert "python3 does not have the modules venv, ensurepip" in said
    assert "uv python install 3.11" in said


def test_an_explicit_python_is_used_or_refused_and_never_replaced(checkout: Checkout) -> None:
    found = python(checkout.path / "python3")
    other(checkout.path / "mine", "is Python 3.9")

    assert checkout.find("python3") == str(found)
    assert "PYTHON=mine is Python 3.9" in checkout.refused("mine")
    assert "PYTHON=python3.12 was not found" in checkout.refused("python3.12")
    assert "PYTHON=3.12" in checkout.refused("python3.12")


def test_a_first_install_uses_the_lock_and_resolves_nothing(checkout: Checkout) -> None:
    found = python(checkout.path / "python3")

    made, lock, project, check = checkout.install()

    assert made == f"venv {found}"
    assert lock.endswith("install --no-deps --require-hashes --only-binary :all: -r requirements.lock")
    assert project.endswith("install --no-deps --no-build-isolation -e .")
    assert check.endswith("check")


def test_a_complete_environment_is_not_installed_again(ready: Checkout) -> None:
    assert ready.install() == []
    assert ready.install(PYTHON=THIS) == []


def test_an_environment_whose_install_failed_is_installed_again(checkout: Checkout) -> None:
    python(checkout.path / "python3")
    (checkout.folder / "broken-index").touch()
    assert checkout.run("tools/install.sh").returncode == 1
    assert (checkout.folder / ".venv/bin/python").exists()
    (checkout.folder / "broken-index").unlink()
    (checkout.folder / ".venv/half").touch()

    assert len(checkout.install()) == 4
    assert not (checkout.folder / ".venv/half").exists()


def test_an_environment_without_its_interpreter_is_installed_again(ready: Checkout) -> None:
    (ready.folder / ".venv/bin/python").unlink()
    assert len(ready.install()) == 4

    script(ready.folder / ".venv/bin/python", "exit 126")
    assert len(ready.install()) == 4
    script(ready.folder / ".venv/bin/python", "exit 126")
    assert len(ready.install(PYTHON=THIS)) == 4


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml"])
def test_an_environment_of_another_lock_or_project_is_installed_again(ready: Checkout, file: str) -> None:
    path = ready.folder / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hatchling", "hatchlings"), encoding="utf-8")

    assert len(ready.install()) == 4
    assert ready.install() == []


def test_a_change_of_tool_settings_alone_installs_nothing(ready: Checkout) -> None:
    with (ready.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.other]\nname = "value"\n')

    assert ready.install() == []


def test_an_environment_that_was_moved_is_installed_again(ready: Checkout) -> None:
    """The commands in .venv/bin contain the path of the folder in which they were installed."""
    moved = Checkout(ready.folder.rename(ready.folder.with_name("elsewhere")))

    assert len(moved.install()) == 4


def test_an_environment_of_another_interpreter_is_installed_again(ready: Checkout) -> None:
    stamp = ready.folder / ".venv/.installed"
    stamp.write_text(stamp.read_text(encoding="utf-8").replace(sys.version.split()[0], "3.11.0"), encoding="utf-8")

    assert len(ready.install()) == 4


def test_settings_for_other_projects_do_not_reach_pip(checkout: Checkout) -> None:
    python(checkout.path / "python3", beginning='echo "${PIP_USER-}${PIP_CONSTRAINT-}${PYTHONPATH-}" >>leaked')

    checkout.install(PIP_USER="1", PIP_CONSTRAINT="other.txt", PYTHONPATH="other")

    assert (checkout.folder / "leaked").read_text(encoding="utf-8").strip() == ""


def test_another_pip_is_installed_on_request_and_kept(ready: Checkout) -> None:
    assert ready.install(WITH_PIP="23.0.1")[1].endswith("install pip==23.0.1")
    assert ready.install() == []
    assert ready.install(WITH_PIP="newest")[1].endswith("install --upgrade pip")


def test_the_path_of_a_folder_with_non_ascii_letters_is_written_in_ascii(checkout: Checkout) -> None:
    """Python reads the file at its start. With LC_ALL=C, a non-ASCII letter in it would stop Python."""
    python(checkout.path / "python3")
    strange = Checkout(checkout.folder.rename(checkout.folder.with_name("Zahnärzte")))
    assert strange.install()

    line = (strange.folder / PACKAGES / "_reconciler.pth").read_text(encoding="ascii")
    found: dict[str, object] = {}
    exec(f"{line}found = sys.path.pop()", found)
    assert found["found"] == str(strange.folder)


def test_the_path_of_a_folder_in_ascii_is_not_changed(checkout: Checkout) -> None:
    python(checkout.path / "python3")
    assert checkout.install()
    assert (checkout.folder / PACKAGES / "_reconciler.pth").read_text(encoding="utf-8") == f"{checkout.folder}\n"
