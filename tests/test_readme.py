"""The README shows what the demo prints, and docs/how-to/first-customer.md bills a customer as written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from demo.recording import END, FIRST, PICTURE, WIDTH, drawn, excerpt, printed
from reconciler.cli.main import run
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.blocks import commands
from tests.test_doc_commands import reason
from tests.times import START
from tools.dist import LOCKS, describe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_CUSTOMER = ROOT / "docs" / "how-to" / "first-customer.md"
INSTALL = ROOT / "docs" / "how-to" / "install.md"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """Serve an empty tenant and a console with six customers, and work in an empty folder."""
    clock = Clock(START)
    with RunningSandbox(Sandbox(clock=clock, console=Console(clock, World(1, 6, START)))) as served:
        for name, value in served.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("INTEGRATOR_PASSWORD", "practice")
        monkeypatch.setenv("RECONCILER_NOW", START.isoformat())
        monkeypatch.chdir(tmp_path)
        yield served


def follow(page: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the commands of a page as a reader would, and return what the last one prints."""
    printed = ""
    for each in commands(page):
        words = shlex.split(each.command)
        if reason(each.command) is not None:
            continue
        if words[0] == "cd":
            os.chdir(words[1])
        elif words[0] == "reconciler":
            capsys.readouterr()
            assert run(words[1:]) == each.code, each.command
            printed = capsys.readouterr().out
        else:
            subprocess.run(words, check=True)
    return printed


def tenant() -> httpx.Client:
    """Return an HTTP client for the tenant that uses no code of reconciler."""
    site, company = os.environ["CONNECTWISE_SITE"], os.environ["CONNECTWISE_COMPANY"]
    codebase = httpx.get(f"{site}/login/companyinfo/{company}").raise_for_status().json()["Codebase"]
    return httpx.Client(
        base_url=f"{site}/{codebase}apis/3.0",
        auth=(f"{company}+{os.environ['CONNECTWISE_PUBLIC_KEY']}", os.environ["CONNECTWISE_PRIVATE_KEY"]),
        headers={"clientId": os.environ["CONNECTWISE_CLIENT_ID"]},
    )


def test_the_steps_of_the_page_bill_the_first_customer(
    running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert " 121 " in follow(FIRST_CUSTOMER, capsys)

    with tenant() as connectwise:
        [agreement] = connectwise.get("/finance/agreements").json()
        [addition] = connectwise.get(f"/finance/agreements/{agreement['id']}/additions").json()
    assert (addition["product"]["identifier"], addition["quantity"], addition["unitPrice"]) == ("BACKUP-GB", 121, 0.15)


def test_the_hour_after_the_last_step_has_nothing_to_do(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(FIRST_CUSTOMER, capsys)

    assert run(["plan", "--only", "usage", "--detailed-exitcode"]) == 0
    assert "No changes." in capsys.readouterr().out


def test_a_company_that_exists_is_used_and_not_created_twice(
    running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant() as connectwise:
        body = {
            "identifier": "AlderDental",
            "name": "Alder Dental",
            "addressLine1": "12 Mill Road",
            "status": {"name": "Active"},
            "types": [{"name": "Customer"}],
            "site": {"name": "Main"},
        }
        made = connectwise.post("/company/companies", json=body).raise_for_status().json()["id"]
        follow(FIRST_CUSTOMER, capsys)

        assert [each["id"] for each in connectwise.get("/company/companies").json() if each["id"] == made] == [made]
        assert connectwise.get("/finance/agreements").json()[0]["company"]["id"] == made


def test_the_page_needs_the_variables_of_the_sandbox_and_one_more(running: RunningSandbox) -> None:
    assert run(["init", "new"]) == 0
    texts = [path.read_text(encoding="utf-8") for path in Path("new/manifests").rglob("*.yaml")]
    needed = {name for text in texts for name in re.findall(r"^[^#\n]*\{env: (\w+)\}", text, re.MULTILINE)}
    assert needed == {*Sandbox().variables(""), "INTEGRATOR_PASSWORD"}
    example = Path("new/.env.example").read_text(encoding="utf-8")
    assert needed <= set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_the_short_walk_of_the_readme_is_part_of_the_long_one() -> None:
    long = [each.command for each in commands(FIRST_CUSTOMER)]
    short = [each.command for each in commands(ROOT / "README.md") if each.command.startswith("reconciler")]

    assert len(short) == 6
    for command in short:
        assert any(each.startswith(command) for each in long), command


def test_the_readme_fits_two_screens() -> None:
    assert len(README.splitlines()) <= 100


def test_the_folder_that_the_page_builds_installs_the_wheel_with_its_pip_command(tmp_path: Path) -> None:
    """The libraries are left out here: .ci/run installs them too, from the package index."""
    folder = tmp_path / "dist"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    for name, text in describe(wheel, dict.fromkeys(LOCKS.values(), "")).items():
        (folder / name).write_text(text, encoding="utf-8")
    page = INSTALL.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `dist/(\S+)`", page, re.MULTILINE)) == {each.name for each in folder.iterdir()}

    words = [shlex.split(each.command) for each in commands(INSTALL)]
    [given] = [arguments for arguments in words if arguments[1:3] == ["-m", "pip"]]
    into = ["--no-index", "--quiet", "--disable-pip-version-check", "--target", str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, *given[1:], *into], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "reconciler" / "__main__.py").is_file()


@pytest.fixture(scope="module")
def demo_story() -> str:
    """Run `make demo` once, over real HTTP, and return what it prints. It must succeed."""
    return printed()


def test_the_demo_ends_well_and_shows_the_main_job(demo_story: str) -> None:
    said = re.sub(r"\x1b\[[0-9;]*m", "", demo_story)
    assert "Plan: 34 to create; 0 unchanged. Monthly total from next month: 0.00 → 288.94 USD (+288.94)." in said
    assert "» Addition/elmhurst-foundry.storage:backup-gb" in said
    assert "No changes. 34 documents and additions are as declared." in said
    assert "1 to update; 6 unchanged. Monthly total from next month: 288.94 → 298.92 USD (+9.98)." in said
    assert "6 customers accounted for." in said


def test_the_picture_is_what_the_demo_prints(demo_story: str) -> None:
    assert f"({PICTURE.relative_to(ROOT).as_posix()})" in README
    assert PICTURE.read_text(encoding="utf-8") == drawn(demo_story), "run `make readme`"


def test_the_picture_shows_plan_apply_and_report_and_can_be_read(demo_story: str) -> None:
    shown = excerpt(demo_story).plain.rstrip().splitlines()

    ran = [line.split()[2] for line in shown if line.startswith("$ ")]
    assert ran == ["plan", "apply", "usage"]
    assert max(map(len, shown)) <= WIDTH <= 120
    assert len(shown) <= 75


def test_the_picture_loads_nothing_from_the_network() -> None:
    picture = PICTURE.read_text(encoding="utf-8")

    assert re.findall(r"\w+://[^\s\"<)]+", picture) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|@font-face|url\((?!#)|<script|href", picture)
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_picture_begins_and_ends_at_the_lines_that_it_names() -> None:
    story = f"before\n{FIRST} a\n\n$ one\n\x1b[32m+ two\x1b[0m\n{END}\nafter\n"

    assert excerpt(story).plain == f"{FIRST} a\n\n$ one\n+ two\n"
    assert drawn(story) == drawn(story)
    assert "before" not in drawn(story)
    assert "after" not in drawn(story)
