"""Tests of the lock from which pipelines install reconciler. `.ci/run` installs from it with pip."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.errors import ReconcilerError
from reconciler.scaffold.package import Package
from reconciler.scaffold.package import package_of as read_package
from tools.dist import LOCKS, describe

WHEEL = f"reconciler-{__version__}-py3-none-any.whl"
DIGEST = hashlib.sha256(b"wheel").hexdigest()
URL = f"https://example.com/files/{WHEEL}"
LIBRARIES = f"library==1.0 \\\n    --hash=sha256:{'0' * 64}\n"


def package_of(text: str) -> Package:
    return read_package(text, __version__)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Return a folder with the files that `make dist` writes, for a wheel that cannot be installed."""
    (tmp_path / WHEEL).write_bytes(b"wheel")
    for name, text in describe(tmp_path / WHEEL, dict.fromkeys(LOCKS.values(), LIBRARIES)).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["", WHEEL])
def test_the_lock_installs_the_wheel_from_the_repository(dist: Path, name: str) -> None:
    found = package_of(str(dist / name))

    assert found.wheel == (f"pipeline/{WHEEL}", b"wheel")
    lock = found.lock("github")
    assert f"\n./pipeline/{WHEEL} \\\n    --hash=sha256:{DIGEST}\n{LIBRARIES}" in lock
    assert lock.endswith(LIBRARIES)


def test_the_lock_installs_the_wheel_from_a_url_with_the_libraries_of_this_version() -> None:
    found = package_of(f"{URL}#sha256={DIGEST}")

    assert found.wheel is None
    assert f"\nreconciler @ {URL} \\\n    --hash=sha256:{DIGEST}\n" in found.lock("github")
    assert found.libraries == (Path(__file__).parents[2] / "runtime.lock").read_text(encoding="utf-8")


def test_the_lock_names_no_host_but_that_of_the_package() -> None:
    lock = package_of(f"{URL}#sha256={DIGEST}").lock("github")

    assert lock.count("://") == 1
    assert "index" not in lock


@pytest.mark.parametrize(
    "text",
    [
        URL.replace("https", "http"),
        URL.replace("example.com", "me:secret@example.com"),
        f"{URL}?token=secret",
        URL.replace("reconciler", "other"),
        f"https://example.com/a b/{WHEEL}",
        f"https://example.com/$HOME/{WHEEL}",
        "ftp://example.com/x.whl",
        "https://[",
    ],
)
def test_a_url_that_a_lock_cannot_have_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ReconcilerError, match="is not the URL of a wheel of reconciler") as refused:
        package_of(f"{text}#sha256={DIGEST}")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("fragment", ["", "#", "#sha256=abc", f"#md5={DIGEST}"])
def test_a_url_without_the_hash_of_the_wheel_is_refused(fragment: str) -> None:
    with pytest.raises(ReconcilerError, match="the hash is missing"):
        package_of(URL + fragment)


def test_a_url_of_another_version_is_refused() -> None:
    with pytest.raises(ReconcilerError, match=r"is version 9\.9"):
        package_of(f"https://example.com/reconciler-9.9-py3-none-any.whl#sha256={DIGEST}")


def test_a_wheel_that_the_requirements_beside_it_do_not_pin_is_refused(dist: Path) -> None:
    (dist / WHEEL).write_bytes(b"another wheel")

    with pytest.raises(ReconcilerError, match="does not pin"):
        package_of(str(dist))


def test_a_folder_without_a_wheel_or_with_two_is_refused(dist: Path) -> None:
    (dist / "reconciler-9.9-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(ReconcilerError, match=r"needs one wheel of reconciler, and has .*, "):
        package_of(str(dist))
    for path in dist.glob("*.whl"):
        path.unlink()
    with pytest.raises(ReconcilerError, match="and has none"):
        package_of(str(dist))


@pytest.mark.parametrize("name", ["nothing", "nothing.whl", "requirements.txt", WHEEL.replace("reconciler", "other")])
def test_a_path_without_a_package_is_refused_with_the_command_that_builds_one(dist: Path, name: str) -> None:
    with pytest.raises(ReconcilerError) as refused:
        package_of(str(dist / name))
    assert "make dist" in refused.value.advice


def test_requirements_that_are_not_text_are_refused(dist: Path) -> None:
    (dist / "requirements.txt").write_bytes(b"\xff")

    with pytest.raises(ReconcilerError, match="is not UTF-8 text"):
        package_of(str(dist))
