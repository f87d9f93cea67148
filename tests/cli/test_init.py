"""Tests of `reconciler init`: a new repository that is valid, and that bills nothing before a person says so."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.cli.schema import every_schema
from tests.shop import ALDER, Shop


@pytest.fixture
def repository(shop: Shop, tmp_path: Path) -> Path:
    """Return the folder of a new repository. The commands of `shop` then use its manifests."""
    shop.only(ALDER)
    folder = tmp_path / "new"
    said = shop("init", str(folder), "--name", "acme", "--timezone", "America/New_York", "--currency", "USD")
    assert said.code == 0
    shop.folder = folder / "manifests"
    shop.patch.setenv("INTEGRATOR_PASSWORD", "secret of the integrator")
    return folder


def test_a_new_repository_is_valid_and_formatted(shop: Shop, repository: Path) -> None:
    assert shop("validate").code == 0
    assert shop("fmt", "--check").code == 0


def test_its_price_cases_pass_also_after_the_customer_is_confirmed(shop: Shop, repository: Path) -> None:
    said = shop("test")
    assert (said.code, said.out) == (0, "3 cases in 1 file passed.\n")
    customer = repository / "manifests/customers/example.yaml"
    customer.write_text(customer.read_text("utf-8").replace(", proposed: true", ""), "utf-8")

    assert shop("test").code == 0
    assert {case["outcome"]["state"] for case in shop("test", "--json").json["cases"]} == {"billed"}


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_its_price_cases_pass_in_every_currency(shop: Shop, tmp_path: Path, currency: str) -> None:
    assert shop("init", str(tmp_path / "new"), "--currency", currency, "--timezone", "Asia/Tokyo").code == 0
    shop.folder = tmp_path / "new" / "manifests"

    assert shop("test").code == 0


def test_the_answers_are_in_the_workspace(shop: Shop, repository: Path) -> None:
    spec = shop("show", "Workspace/acme", "--offline", "--json").json["spec"]

    assert spec["billing"]["timezone"] == "America/New_York"
    assert spec["billing"]["currency"] == "USD"
    assert "@@" not in "".join(path.read_text("utf-8") for path in repository.rglob("*") if path.is_file())


def test_the_schemas_of_all_kinds_are_there_for_the_editor(repository: Path) -> None:
    settings = json.loads((repository / ".vscode/settings.json").read_text("utf-8"))

    assert [*settings["yaml.schemas"].values()][1] == ["tests/**/*.yaml", "tests/**/*.yml"]
    assert all((repository / schema).is_file() for schema in settings["yaml.schemas"])
    assert len(list((repository / "schemas").glob("*.json"))) == len(every_schema())


def test_git_ignores_secrets_plans_and_the_ledger(repository: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    names = [".env", "billing.env", "plan.json", "outcome.json", "report.html", ".reconciler/ledger.db"]
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", *names, ".env.example", "manifests/workspace.yaml"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.split() == names


def test_the_variables_of_the_manifests_are_in_the_example_of_the_environment(repository: Path) -> None:
    named = {line.partition("=")[0] for line in (repository / ".env.example").read_text("utf-8").splitlines()}
    manifests = "".join(path.read_text("utf-8") for path in (repository / "manifests").rglob("*.yaml"))
    used = {part.partition("}")[0] for part in manifests.split("{env: ")[1:]} - {"NAME"}

    assert used <= named


def test_the_first_apply_makes_the_setup_and_no_customer(shop: Shop, repository: Path) -> None:
    shop.apply(code=5)

    assert shop.one("/procurement/catalog", identifier="BACKUP-GB")["price"] == Decimal("0.15")
    assert shop.get("/company/companies", conditions='identifier="Example"') == []
    assert shop.plan()["actions"] == []


def test_without_its_marks_the_example_customer_is_billed(shop: Shop, repository: Path) -> None:
    example = repository / "manifests/customers/example.yaml"
    example.write_text(example.read_text("utf-8").replace(", proposed: true", ""), encoding="utf-8")
    shop.apply()

    assert shop.additions("Example Ltd - Managed Backup") == {"BACKUP-GB": (Decimal(121), Decimal("0.15"))}
    assert shop("plan").code == 0


def test_a_second_init_changes_nothing(shop: Shop, repository: Path) -> None:
    said = shop("--json", "init", str(repository), "--name", "acme", "--timezone", "America/New_York")

    assert said.code == 0
    assert said.json == {"folder": str(repository), "files": []}


def test_files_that_exist_are_named_and_nothing_is_written(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "mine/.gitignore").mkdir()
    said = shop("init", str(tmp_path / "mine"))

    assert said.code == 1
    assert f"there are files already: {tmp_path}/mine/README.md, {tmp_path}/mine/.gitignore" in said.err
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [".gitignore", "README.md"]


def test_many_files_that_exist_are_not_all_named(shop: Shop, repository: Path) -> None:
    for path in (repository / "schemas").glob("*.json"):
        path.write_text("{}", encoding="utf-8")
    said = shop("init", str(repository), "--name", "acme", "--timezone", "America/New_York")

    assert said.code == 1
    assert said.err.count("schema.json") == 5
    assert " and more" in said.err


def test_a_folder_below_a_file_is_an_error(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    said = shop("init", str(tmp_path / "file/below"))

    assert said.code == 1
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--name", ""),
        ("--name", "Two Words"),
        ("--name", "a: b"),
        ("--currency", "euro"),
        ("--timezone", "Mars/Olympus"),
        ("--timezone", ""),
        ("--timezone", "../../etc/passwd"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(shop: Shop, tmp_path: Path, option: str, value: str) -> None:
    said = shop("init", str(tmp_path / "new"), option, value)

    assert said.code == 1
    assert option in said.err
    assert not (tmp_path / "new").exists()
