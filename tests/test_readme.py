"""The README holds what the demo prints today, and its first customer is billed by following it to the letter."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from demo.samples import SAMPLE, outputs, refreshed, told
from reconciler.cli.main import run
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.server import RunningSandbox, Sandbox
from reconciler.sandbox.world import World
from tests.test_docs import EXIT
from tests.times import START

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
FILE = re.compile(r"`(manifests/\S+\.yaml)`")


@dataclass(frozen=True)
class Step:
    """One thing that the section tells a reader to do: write a file, or run a command that ends with a code."""

    file: str = ""
    text: str = ""
    arguments: tuple[str, ...] = ()
    code: int = 0


def section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    end = 0
    for block in BLOCK.finditer(text):
        before, end = text[end : block.start()], block.end()
        if block["language"] == "yaml":
            found.append(Step(file=FILE.findall(before)[-1], text=block["text"]))
        elif block["language"] == "console":
            for line in block["text"].splitlines():
                said = EXIT.search(line)
                arguments = shlex.split(line.removeprefix("$ "), comments=True)
                found.append(Step(arguments=tuple(arguments), code=int(said.group(1)) if said else 0))
    return found


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """An empty folder, an empty tenant, and a console with customers."""
    clock = Clock(START)
    with RunningSandbox(Sandbox(clock=clock, console=Console(clock, World(1, 6, START)))) as served:
        for name, value in served.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_NOW", START.isoformat())
        monkeypatch.chdir(tmp_path)
        yield served


def follow(these: list[Step]) -> None:
    for step in these:
        if step.file:
            path = Path(step.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
        else:
            assert step.arguments[0] == "reconciler"
            assert run(step.arguments[1:]) == step.code, step.arguments


def tenant() -> httpx.Client:
    """The tenant as a person at its screens reaches it."""
    site, company = os.environ["CONNECTWISE_SITE"], os.environ["CONNECTWISE_COMPANY"]
    codebase = httpx.get(f"{site}/login/companyinfo/{company}").raise_for_status().json()["Codebase"]
    return httpx.Client(
        base_url=f"{site}/{codebase}apis/3.0",
        auth=(f"{company}+{os.environ['CONNECTWISE_PUBLIC_KEY']}", os.environ["CONNECTWISE_PRIVATE_KEY"]),
        headers={"clientId": os.environ["CONNECTWISE_CLIENT_ID"]},
    )


def test_the_first_customer_is_billed_by_the_steps_of_the_readme(
    running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(steps(section("Your first customer")))
    assert " 121 " in capsys.readouterr().out

    with tenant() as connectwise:
        [agreement] = connectwise.get("/finance/agreements").json()
        [addition] = connectwise.get(f"/finance/agreements/{agreement['id']}/additions").json()
    assert (addition["product"]["identifier"], addition["quantity"], addition["unitPrice"]) == ("BACKUP-GB", 121, 0.15)


def test_the_hour_after_the_readme_has_nothing_to_do(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(steps(section("Your first customer")))
    capsys.readouterr()

    assert run(["plan", "--only", "usage", "--detailed-exitcode"]) == 0
    assert "No changes." in capsys.readouterr().out


def test_a_company_that_exists_is_used_and_not_made_twice(running: RunningSandbox) -> None:
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
        follow(steps(section("Your first customer")))

        assert [each["id"] for each in connectwise.get("/company/companies").json() if each["id"] == made] == [made]
        assert connectwise.get("/finance/agreements").json()[0]["company"]["id"] == made


def test_the_variables_of_the_readme_are_those_that_its_workspace_reads() -> None:
    text = section("Your first customer")

    exported = re.findall(r"^export (\w+)=", text, re.MULTILINE)
    assert set(exported) == set(re.findall(r"\{env: (\w+)\}", text)) - {"NAME"}
    assert exported == list(Sandbox().variables(""))


@pytest.fixture(scope="module")
def demo_story() -> str:
    """One run of `make demo`, on real HTTP, from an empty tenant to a customer that grows; it has to end well."""
    return told()


def test_the_demo_ends_well_and_shows_the_main_job(demo_story: str) -> None:
    assert "Plan: 34 to create; 0 unchanged. A month: 0.00 → 288.94 USD (+288.94)." in demo_story
    assert "» Addition/elmhurst-foundry.storage:backup-gb" in demo_story
    assert "No changes. 34 documents and additions are as declared." in demo_story
    assert "Plan: 1 to create, 1 to update; 6 unchanged. A month: 288.94 → 298.92 USD (+9.98)." in demo_story
    assert "6 accounted for." in demo_story


def test_the_samples_are_what_the_demo_prints(demo_story: str) -> None:
    assert len(SAMPLE.findall(README)) == 2
    assert refreshed(README, demo_story) == README, "make readme"


def test_a_sample_is_all_that_the_last_run_of_a_command_printed() -> None:
    story = "\n── One\n\n$ a b\nfirst\n\n$ a b\n\nsecond\n  third \n\n── Two\n\n$ c\n"
    page = "x\n<!-- demo: a b -->\n```text\nold\n```\ny"

    assert outputs(story) == {"a b": "second\n  third ", "c": ""}
    assert refreshed(page, story) == "x\n<!-- demo: a b -->\n```text\nsecond\n  third\n```\ny"
