"""`make demo` tells the story of the README, on real HTTP, from an empty tenant to a customer that grows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_demo_ends_well_and_shows_the_main_job() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Plan: 34 to create; 0 unchanged. A month: 0.00 → 288.94 USD (+288.94)." in done.stdout
    assert "» Addition/elmhurst-foundry:backup-gb" in done.stdout
    assert "No changes. 34 documents and additions are as declared." in done.stdout
    assert "Plan: 1 to create, 1 to update; 6 unchanged. A month: 288.94 → 298.92 USD (+9.98)." in done.stdout
    assert "6 accounted for." in done.stdout


def test_the_readme_shows_what_the_demo_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "A month: 0.00 → 288.94 USD (+288.94)." in readme
    assert "A month: 288.94 → 298.92 USD (+9.98)." in readme
