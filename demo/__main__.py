"""The script of `make demo`.

It runs the real `reconciler` command against the sandbox over HTTP. Only the time is simulated.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from demo.stage import Stage, started

MANIFESTS = Path(__file__).resolve().parents[1] / "manifests"


def main() -> int:
    """Run the demo in a temporary folder; return 1 if any command ended with an unexpected exit code, else 0."""
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as name:
        folder = Path(name)
        shutil.copytree(MANIFESTS, folder / "manifests")
        with started(folder) as stage:
            play(stage)
            for failure in stage.failures:
                print(f"FAILED: {failure}")
            return 1 if stage.failures else 0


def play(stage: Stage) -> None:
    """Run the steps of the demo in their order."""
    stage.say(f"The sandbox runs an empty ConnectWise tenant and a backup console with six customers: {stage.url}/")
    stage.reconciler("validate")
    stage.say("Plan: see what will be created, and what it bills each month")
    stage.reconciler("plan", "--detailed-exitcode", expect=2)
    stage.say("Apply the setup: steps 2 to 8 of the vendor's guide in one command")
    stage.reconciler("apply", "--only", "setup", "--auto-approve", quiet=True)
    stage.say("A technician adds 280 GB to Elmhurst Foundry's agreement by hand, in ConnectWise")
    bill_by_hand(stage)
    stage.say("Bill three hours of usage. The addition made by hand is adopted, so Elmhurst is not billed twice")
    for hour in range(3):
        stage.hours(1)
        stage.reconciler("apply", "--only", "usage", "--auto-approve", quiet=hour > 0)
    stage.say("Plan again: there is nothing to do")
    stage.reconciler("plan")
    stage.say("Birchwood Legal grows from 460 GB to 620 GB, and crosses the 500 GB price range")
    stage.control("console/customers/1001002", {"bytes": 620_000_000_000})
    stage.hours(1)
    stage.reconciler("plan", "--only", "usage", "--detailed-exitcode", expect=2)
    stage.reconciler("apply", "--only", "usage", "--auto-approve", quiet=True)
    stage.say("Check the result: each addition next to its usage, then the status of each customer")
    stage.reconciler("usage", "report")
    stage.reconciler("usage", "coverage")


def bill_by_hand(stage: Stage) -> None:
    """Create an untagged addition of 280 GB on Elmhurst Foundry's agreement, directly through the ConnectWise API."""
    with stage.connectwise() as connectwise:
        conditions = {"conditions": 'company/identifier="ElmhurstFoundry"'}
        agreement = connectwise.get("/finance/agreements", params=conditions).raise_for_status().json()[0]
        product = connectwise.get("/procurement/catalog", params={"conditions": 'identifier="BACKUP-GB"'})
        body = {
            "product": {"id": product.raise_for_status().json()[0]["id"]},
            "billCustomer": "Billable",
            "quantity": 280,
            "effectiveDate": "2026-11-01T00:00:00Z",
        }
        connectwise.post(f"/finance/agreements/{agreement['id']}/additions", json=body).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
