"""Check exports in the FOCUS format with FOCUS's own validator, which has an environment of its own.

    python -m tools.focus FOLDER

`FOLDER` is a virtual environment with the packages of tools/focus.lock. `.ci/run` makes it. The validator needs Python
3.12, and other versions of libraries than we do. It ends with 0 also if rules fail, so its report is read here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from pathlib import Path
from unittest import mock

from reconciler.cli.main import run
from reconciler.rendering.report.focus import VERSION, focus_csv, focus_rows
from reconciler.rendering.report.focus_parquet import focus_parquet
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.rendering.report.reports import charge, customer, line, report
from tests.times import START

ROOT = Path(__file__).resolve().parents[1]
FEATURES = ("ACCOUNT_NAMING", "NEGOTIATED_PRICING", "SUB_ACCOUNT", "TAGGING", "UNIT_PRICING")
"""The features of the specification that we have, and whose rules are checked. USAGE_MEASUREMENT is left out: its rules
in the validator read a column of commitment discounts, which we do not have. `test_focus.py` checks them instead."""
ALTERNATIVES = ("InvoiceId-C-004-C", "InvoiceId-C-005-C")
"""Rules of which a row can keep only one: `InvoiceId` must be null without an invoice, and must not be null with one.
The validator takes the column as valid if one of them passes, and reports the other one as failed."""
ENOUGH = 150
"""How many rules must at least have passed. A file that the validator cannot read passes none."""
_RULE = re.compile(r"([\w-]+): (PASS|FAIL|SKIPPED)")


def exports(folder: Path) -> list[Path]:
    """Return the files to check: what the program exports of an example month, and a month with adjustments."""
    files = [folder / "billed.csv", folder / "billed.parquet", folder / "adjusted.csv", folder / "adjusted.parquet"]
    clock = Clock(START)
    with RunningSandbox(Sandbox(clock=clock, console=Console(clock, World(1, 6, START)))) as running:
        shutil.copytree(ROOT / "manifests", folder / "manifests")
        with mock.patch.dict(os.environ, {**running.variables(), "RECONCILER_NOW": START.isoformat()}):
            here = ["-C", str(folder / "manifests"), "--workspace", "example"]
            for words in (
                ["apply", "--auto-approve"],
                *(["usage", "export", "--out", str(each)] for each in files[:2]),
            ):
                with redirect_stdout(StringIO()):
                    code = run([*here, *words])
                if code not in (0, 5):
                    raise SystemExit(f"reconciler {' '.join(words)} failed")
    rows = focus_rows(adjusted(), "Example MSP")
    files[2].write_text(focus_csv(rows), encoding="utf-8", newline="")
    files[3].write_bytes(focus_parquet(rows))
    return files


def adjusted() -> dict[str, object]:
    """Return the report of a month with an adjustment and a credit for earlier months, and with unknown usage."""
    credit = line(corrects="2026-09", quantity=Decimal(1), unit_price=Decimal("-3.20"), amount=Decimal("-3.20"))
    more = line(corrects="2026-08", quantity=Decimal(1), unit_price=Decimal("1.05"), amount=Decimal("1.05"))
    return report(
        customer(charges=(charge(billed=(line(), credit, more)),)),
        customer(name="Birchwood", identifier="BIRCH", charges=(charge(rating=None),)),
    )


def failures(output: str) -> list[str]:
    """Return what is wrong by the validator's report of a file. Empty if the file keeps all rules."""
    results = dict(_RULE.findall(output))
    passed = sum(each == "PASS" for each in results.values())
    failed = [name for name, each in results.items() if each == "FAIL" and name not in ALTERNATIVES]
    if all(results.get(name) == "FAIL" for name in ALTERNATIVES):
        failed += ALTERNATIVES
    return failed if passed >= ENOUGH or failed else [f"only {passed} rules passed"]


def check(environment: Path, file: Path) -> list[str]:
    """Run the validator on a file, and return what is wrong."""
    python = environment / "bin" / "python"
    where = "import focus_validator, pathlib; print(pathlib.Path(focus_validator.__file__).parents[1])"
    found = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True)
    words = ["--data-file", file, "--block-download", "--validate-version", VERSION, "--output-type", "console"]
    words += ["--applicability-criteria", ",".join(f"{each}_SUPPORTED" for each in FEATURES)]
    done = subprocess.run(
        [environment / "bin" / "focus-validator", *words],
        cwd=found.stdout.strip(),  # the validator looks for its list of currencies in the folder that it runs in
        check=False,
        capture_output=True,
        text=True,
    )
    wrong = failures(done.stdout + done.stderr)
    if wrong:
        print(done.stdout[-4000:], done.stderr[-2000:])
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Check all exports. Return 1 if one of them breaks a rule."""
    environment = Path(arguments[0]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        wrong = {file.name: check(environment, file) for file in exports(Path(folder))}
    for name, rules in wrong.items():
        print(f"{name}: {'all rules of FOCUS ' + VERSION + ' pass' if not rules else ', '.join(rules)}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
