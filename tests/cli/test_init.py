"""Tests of `reconciler init`: a new repository that is valid, and that bills nothing before a person says so."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from reconciler.cli import init, pipelines
from reconciler.cli.main import run
from reconciler.cli.schema import every_schema
from reconciler.scaffold.pipelines import NEW
from tests.pipelines.estate import package
from tests.shop import ALDER, Shop

_schemas = cache(init._schemas)


@pytest.fixture(autouse=True)
def generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generate the schemas once for all tests: that takes longer than the rest of an `init`."""
    monkeypatch.setattr(init, "_schemas", _schemas)


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


def test_its_price_cases_pass_also_after_the_customer_is_confirmed_or_removed(shop: Shop, repository: Path) -> None:
    said = shop("test")
    assert (said.code, said.out) == (0, "3 cases in 1 file passed.\n")
    customer = repository / "manifests/customers/example.yaml"
    customer.write_text(customer.read_text("utf-8").replace(", proposed: true", ""), "utf-8")

    assert shop("test").code == 0
    assert {case["outcome"]["state"] for case in shop("test", "--json").json["cases"]} == {"billed"}

    customer.unlink()
    assert shop("test").code == 0


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


def test_each_manifest_names_its_schema_for_editors_without_settings(repository: Path) -> None:
    paths = sorted((repository / "manifests").rglob("*.yaml"))
    assert len(paths) == 5
    for path in paths:
        first = path.read_text("utf-8").splitlines()[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / named).resolve() == (repository / "schemas" / "manifest.schema.json").resolve()


def test_git_ignores_secrets_plans_and_the_ledger(repository: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    plans = ["plan.json", "setup.json", "ci/plan.json", "outcome.json", "report.html"]
    names = [".env", "billing.env", *plans, ".reconciler/ledger.db"]
    kept = [".env.example", "manifests/workspace.yaml", "schemas/policies/names.json"]
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", *names, *kept],
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
    (tmp_path / "mine/.env.example").write_text("mine", encoding="utf-8")
    (tmp_path / "mine/.gitignore").mkdir()
    said = shop("init", str(tmp_path / "mine"))

    assert said.code == 1
    assert f"there are files already: {tmp_path}/mine/.gitignore, {tmp_path}/mine/.env.example" in said.err
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [".env.example", ".gitignore"]


@pytest.mark.parametrize("left", [None, "manifests/setup.yaml", ".gitignore"])
def test_a_repository_that_its_host_made_keeps_its_readme_and_its_gitignore(
    shop: Shop, tmp_path: Path, dist: str, left: str | None
) -> None:
    """Also if the first run is interrupted after some of its files."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("mine", encoding="utf-8")
    (mine / ".gitignore").write_text("build/\n*.env", encoding="utf-8")
    arguments = ("init", str(mine), "--ci", "github", "--package", dist)
    said = shop(*arguments)
    if left is not None:
        (mine / left).unlink()
        assert shop(*arguments).code == 0

    assert "Read RECONCILER.md there first" in said.out
    assert ".gitignore has more patterns now" in said.err
    assert (mine / "README.md").read_text("utf-8") == "mine"
    assert "## Pipelines" in (mine / "RECONCILER.md").read_text("utf-8")
    patterns = (mine / ".gitignore").read_text("utf-8").splitlines()
    assert patterns[:3] == (["build/", "*.env", ""] if left != ".gitignore" else patterns[:3])
    assert {".env", "!.env.example", ".reconciler/"} < set(patterns)
    assert len(set(patterns) - {""}) == len([each for each in patterns if each])


def test_an_empty_gitignore_gets_the_patterns(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/.gitignore").write_text("", encoding="utf-8")

    assert "Read README.md there first" in shop("init", str(tmp_path / "mine")).out
    assert (tmp_path / "mine/.gitignore").read_text("utf-8").startswith("# reconciler\n.env\n")


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


# ── pipelines ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def dist(tmp_path: Path) -> str:
    """Return a folder as `make dist` writes it, for a wheel that cannot be installed."""
    return str(package(tmp_path / "dist"))


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


PIPELINES = {
    ".github/dependabot.yml",
    ".github/workflows/apply.yml",
    ".github/workflows/drift.yml",
    ".github/workflows/plan.yml",
    ".github/workflows/usage.yml",
    "pipeline/reconciler-0.1.0-py3-none-any.whl",
    "pipeline/requirements.txt",
}


def test_a_new_repository_gets_pipelines_and_a_ledger_that_they_share(shop: Shop, tmp_path: Path, dist: str) -> None:
    folder = tmp_path / "new"
    assert shop("init", str(folder), "--ci", "github", "--package", dist).code == 0

    assert files_of(folder) >= PIPELINES | {"manifests/workspace.yaml"}
    assert "\n  ledger: {env: LEDGER_URL}\n" in (folder / "manifests/workspace.yaml").read_text("utf-8")
    assert "\nLEDGER_URL=\n" in (folder / ".env.example").read_text("utf-8")
    assert "## Pipelines" in (folder / "README.md").read_text("utf-8")
    shop.folder = folder / "manifests"
    assert shop("validate").code == 0
    assert shop("fmt", "--check").code == 0


def test_the_variables_of_a_new_repository_are_those_of_its_manifests(shop: Shop, tmp_path: Path, dist: str) -> None:
    folder = tmp_path / "new"
    shop("init", str(folder), "--ci", "github", "--package", dist)
    _, found = pipelines.of_manifests(folder / "manifests", None)

    assert [list(each) for each in (found.connection, found.usage, found.setup)] == [
        list(each) for each in (NEW.connection, NEW.usage, NEW.setup)
    ]


def test_a_folder_with_manifests_gets_the_pipelines_alone(shop: Shop, dist: str) -> None:
    (shop.folder.parent / "README.md").write_text("mine", encoding="utf-8")
    before = files_of(shop.folder.parent)
    said = shop("init", str(shop.folder.parent), "--ci", "github", "--package", dist)

    assert said.code == 0
    assert files_of(shop.folder.parent) - before == PIPELINES
    assert "Workspace/example has no ledger that the runs of the pipelines can share" in said.err
    plan = (shop.folder.parent / ".github/workflows/plan.yml").read_text("utf-8")
    assert "CONNECTWISE_PRIVATE_KEY: ${{ secrets.CONNECTWISE_PRIVATE_KEY }}" in plan


def test_manifests_in_another_folder_and_one_of_several_workspaces_are_named_in_the_pipelines(
    shop: Shop, tmp_path: Path, dist: str
) -> None:
    repository = shop.folder.parent
    second = (shop.folder / "workspace.yaml").read_text("utf-8").replace("name: example", "name: second")
    (shop.folder / "second.yaml").write_text(second, encoding="utf-8")
    shop.folder = shop.folder.rename(repository / "estate")
    said = shop("--workspace", "second", "init", str(repository), "--ci", "github", "--package", dist)

    assert said.code == 0, said.err
    assert not (repository / "manifests").exists()
    for name in ("apply", "plan", "usage", "drift"):
        text = (repository / f".github/workflows/{name}.yml").read_text("utf-8")
        assert '\nenv:\n  RECONCILER_DIRECTORY: "estate"\n  RECONCILER_WORKSPACE: "second"\n' in text
    apply = (repository / ".github/workflows/apply.yml").read_text("utf-8")
    assert 'paths: ["estate/**", "schemas/policies/**"]' in apply
    shop.patch.chdir(repository)
    shop.patch.setenv("RECONCILER_DIRECTORY", "estate")
    shop.patch.setenv("RECONCILER_WORKSPACE", "second")
    assert run(["show", "Workspace/second", "--offline"]) == 0


def test_a_folder_that_a_pipeline_cannot_name_is_refused(shop: Shop, dist: str) -> None:
    shop.folder = shop.folder.rename(shop.folder.with_name("our estate"))
    said = shop("init", str(shop.folder.parent), "--ci", "github", "--package", dist)

    assert said.code == 1
    assert "the pipelines cannot name the folder our estate of the manifests" in said.err


def test_without_a_remote_the_only_branch_is_taken_and_named(shop: Shop, tmp_path: Path, dist: str) -> None:
    subprocess.run(["git", "init", "-q", "--initial-branch=master", str(tmp_path / "new")], check=True)
    said = shop("init", str(tmp_path / "new"), "--ci", "github", "--package", dist)

    assert "the pipelines apply what is merged into the branch master" in said.err
    assert 'branches: ["master"]' in (tmp_path / "new/.github/workflows/apply.yml").read_text("utf-8")


def test_manifests_with_other_file_names_stay_alone(shop: Shop, dist: str) -> None:
    (shop.folder / "workspace.yaml").rename(shop.folder / "connection.yaml")
    before = files_of(shop.folder)
    assert "there are files already" in shop("init", str(shop.folder.parent)).err
    said = shop("init", str(shop.folder.parent), "--ci", "gitlab", "--package", dist)

    assert files_of(shop.folder) == before
    assert "3 files written" in said.out
    assert "README.md" not in said.out


def test_the_current_folder_has_a_name(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    shop.patch.chdir(tmp_path / "new")
    assert "written to this folder. Read README.md" in shop("init").out


def test_manifests_with_errors_get_no_pipelines(shop: Shop, dist: str) -> None:
    (shop.folder.parent / "README.md").write_text("mine", encoding="utf-8")
    shop.edit("workspace.yaml", "kind: Workspace", "kind: Workshop")
    said = shop("init", str(shop.folder.parent), "--ci", "github", "--package", dist)

    assert said.code == 1
    assert not (shop.folder.parent / ".github").exists()


def test_a_second_init_with_pipelines_needs_no_package_and_changes_nothing(
    shop: Shop, tmp_path: Path, dist: str
) -> None:
    folder = str(tmp_path / "new")
    shop("init", folder, "--ci", "github", "--package", dist)
    said = shop("--json", "init", folder, "--ci", "github")

    assert said.code == 0
    assert said.json["files"] == []


def test_an_init_that_was_interrupted_is_completed(shop: Shop, tmp_path: Path, dist: str) -> None:
    folder = tmp_path / "new"
    shop("init", str(folder), "--ci", "github", "--package", dist)
    for name in ("manifests/setup.yaml", "README.md", "pipeline/requirements.txt", ".github/workflows/plan.yml"):
        (folder / name).unlink()
    said = shop("--json", "init", str(folder), "--ci", "github", "--package", dist)

    assert len(said.json["files"]) == 4


def test_a_pipeline_that_was_changed_is_named_and_nothing_is_written(shop: Shop, tmp_path: Path, dist: str) -> None:
    (tmp_path / "new/.github/workflows").mkdir(parents=True)
    (tmp_path / "new/.github/workflows/plan.yml").write_text("name: mine\n", encoding="utf-8")
    said = shop("init", str(tmp_path / "new"), "--ci", "github", "--package", dist)

    assert said.code == 1
    assert f"there are files already: {tmp_path}/new/.github/workflows/plan.yml" in said.err
    assert files_of(tmp_path / "new") == {".github/workflows/plan.yml"}


def test_the_settings_of_dependabot_that_exist_are_kept(shop: Shop, tmp_path: Path, dist: str) -> None:
    mine = tmp_path / "new/.github/dependabot.yml"
    mine.parent.mkdir(parents=True)
    mine.write_text("version: 2\nupdates: []\n", encoding="utf-8")
    said = shop("init", str(tmp_path / "new"), "--ci", "github", "--package", dist)

    assert said.code == 0
    assert mine.read_text("utf-8") == "version: 2\nupdates: []\n"
    assert ".github/dependabot.yml is kept" in said.err


def test_without_a_package_the_error_says_how_to_build_one(shop: Shop, tmp_path: Path) -> None:
    said = shop("init", str(tmp_path / "new"), "--ci", "github")

    assert said.code == 1
    assert "make dist" in said.err
    assert "reconciler init --ci github --package CHECKOUT/dist" in said.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", ["--package", "--branch"])
def test_options_of_pipelines_need_pipelines(shop: Shop, tmp_path: Path, option: str) -> None:
    said = shop("init", str(tmp_path / "new"), option, "x")

    assert said.code == 1
    assert f"{option} needs --ci" in said.err


@pytest.mark.parametrize("branch", ["-x", "a b", "a'b", "$(touch x)", "ends/"])
def test_a_branch_that_a_workflow_cannot_name_is_refused(shop: Shop, tmp_path: Path, dist: str, branch: str) -> None:
    said = shop("init", str(tmp_path / "new"), "--ci", "github", "--package", dist, f"--branch={branch}")

    assert said.code == 1
    assert "--branch" in said.err


def test_the_branch_is_that_of_the_remote(shop: Shop, tmp_path: Path, dist: str) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", "-C", str(clone), *who, *arguments], check=True, capture_output=True)

    clone = tmp_path / "clone"
    clone.mkdir()
    git("init", "-q", "--bare", "--initial-branch=trunk", str(tmp_path / "remote.git"))
    git("clone", "-q", str(tmp_path / "remote.git"), str(clone))
    git("commit", "-q", "--allow-empty", "-m", "Start")
    git("push", "-q", "origin", "HEAD:trunk")
    git("remote", "set-head", "origin", "-a")
    git("checkout", "-q", "-b", "pipelines")
    shop("init", str(clone), "--ci", "github", "--package", dist)

    assert 'branches: ["trunk"]' in (clone / ".github/workflows/apply.yml").read_text("utf-8")


def test_files_that_git_would_leave_out_are_named(shop: Shop, tmp_path: Path, dist: str) -> None:
    folder = tmp_path / "new"
    shop("init", str(folder), "--ci", "github", "--package", dist)
    subprocess.run(["git", "init", "-q", "--initial-branch=main"], cwd=folder, check=True)
    (folder / ".git/info/exclude").write_text("*.whl\n", encoding="utf-8")
    said = shop("init", str(folder), "--ci", "github", "--package", dist)

    assert "Git ignores pipeline/reconciler-0.1.0-py3-none-any.whl" in said.err
