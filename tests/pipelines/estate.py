"""The estate that the pipelines are tested with: the one that `init` writes, for two customers."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import yaml

from reconciler.cli.main import run
from reconciler.scaffold.pipelines import NEW, Ci, pipelines
from tests.pipelines.forge import Forge
from tests.pipelines.place import GitHub, Pull

CUSTOMERS = {"alder": 1001001, "birch": 1001002}
_WHEEL = b"not really a wheel"


def package(folder: Path) -> Path:
    """Write a folder as `make dist` does, and return it. Its wheel cannot be installed."""
    folder.mkdir()
    digest = hashlib.sha256(_WHEEL).hexdigest()
    (folder / "reconciler-0.1.0-py3-none-any.whl").write_bytes(_WHEEL)
    pins = f"reconciler==0.1.0 \\\n    --hash=sha256:{digest}\nlibrary==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    (folder / "requirements.txt").write_text(f"--find-links wheel.html\n{pins}", encoding="utf-8")
    return folder


def set_up(place: GitHub) -> None:
    """Write the repository with `init`, and apply it by hand as the first push would show."""
    write(place, "github")
    first = place.dispatch("apply")
    digest = first.summary.partition("-f digest=")[2].partition(" ")[0]
    done = place.dispatch("apply", digest=digest)
    assert done.conclusion == "success", done.log


def write(place: Forge, ci: str) -> None:
    """Write the repository with `init`, and push it."""
    clone = place.repository.clone
    dist = package(place.files.parent / "dist")
    code = run(["--now", place.sandbox.clock.now().isoformat(), "init", str(clone), "--name", "acme",
                "--ci", ci, "--package", str(dist)])  # fmt: skip
    assert code == 0
    example = clone / "manifests" / "customers" / "example.yaml"
    text = example.read_text(encoding="utf-8").replace(", proposed: true", "")
    example.unlink()
    for name, number in CUSTOMERS.items():
        title = name.title()
        mine = text.replace("Example Ltd", f"{title} Ltd").replace("example.com", f"{name}.example")
        mine = mine.replace("Example", title).replace("example", name).replace("1001001", str(number))
        mine = mine.replace(f"office@{name}.{name}", f"office@{name}.example")
        (example.parent / f"{name}.yaml").write_text(mine, encoding="utf-8")
    cases = clone / "tests" / "prices.yaml"
    head, _, last = cases.read_text(encoding="utf-8").partition("\n  - name: The last")
    last = last[last.index("\n  - name: A new customer") :].replace("{product: backup-gb}", "alder", 1)
    cases.write_text(head + last, encoding="utf-8")  # the other cases would fail at each other price
    place.edit("manifests/workspace.yaml", "  ledger: ", "  guardrails: {money: 50}\n\n  ledger: ")
    place.repository.commit("The first manifests")
    place.repository.push("main")


def run_step(folder: Path, workflow: str, name: str, **environ: str) -> int:
    """Run one step of a workflow in a folder, without a repository, and return its exit code. It writes summary.md."""
    text = pipelines(Ci.GITHUB, "acme", "main", NEW)[f".github/workflows/{workflow}.yml"]
    (step,) = [each for each in yaml.safe_load(text)["jobs"][workflow]["steps"] if each["name"] == name]
    of_the_runner = {"GITHUB_SHA": "0" * 40, "GITHUB_STEP_SUMMARY": "summary.md", "PATH": os.environ["PATH"]}
    given = {**dict.fromkeys(step["env"], ""), **of_the_runner, **environ}
    bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
    return subprocess.run(bash, cwd=folder, env=given, check=False).returncode


def price(github: GitHub, value: str) -> None:
    """Write another price into the manifest of the product."""
    path = github.repository.clone / "manifests" / "products.yaml"
    before = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("  price: "))
    github.edit("manifests/products.yaml", before, f"  price: {value}")


def opened(github: GitHub, value: str = "0.18", branch: str = "change") -> Pull:
    """Open a pull request with two commits. The second one changes the price of the product."""
    github.repository.branch(branch)
    github.repository.commit("Nothing yet")
    price(github, value)
    return github.open(branch)
