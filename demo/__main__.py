"""Tells the story. Every command is the real one, every request real HTTP; only the time is simulated."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from demo.stage import Stage, raised

MANIFESTS = Path(__file__).resolve().parents[1] / "manifests"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as name:
        folder = Path(name)
        shutil.copytree(MANIFESTS, folder / "manifests")
        with raised(folder) as stage:
            tell(stage)
            for failure in stage.failures:
                print(f"NOT AS EXPECTED: {failure}")
            return 1 if stage.failures else 0


def tell(stage: Stage) -> None:
    stage.say(f"An empty ConnectWise tenant and a backup console with customers. Look at them: {stage.url}/")
    stage.reconciler("validate")
    stage.say("What would be created, and what it is worth a month")
    stage.reconciler("plan", "--detailed-exitcode", expect=2)
    stage.say("The setup is made: steps 2 to 8 of the guide, in one go")
    stage.reconciler("apply", "--only", "setup", "--auto-approve", quiet=True)
    stage.say("Somebody bills Elmhurst Foundry by hand, as it was done until today: 280 GB")
    bill_by_hand(stage)
    stage.say("Three hours of usage become additions; the hand-made one is adopted, not doubled")
    for hour in range(3):
        stage.hours(1)
        stage.reconciler("apply", "--only", "usage", "--auto-approve", quiet=hour > 0)
    stage.say("Nothing is left to do")
    stage.reconciler("plan")
    stage.say("Birchwood Legal grows from 460 GB to 620 GB, into the range above 500 GB")
    stage.control("console/customers/1001002", {"bytes": 620_000_000_000})
    stage.hours(1)
    stage.reconciler("plan", "--only", "usage", "--detailed-exitcode", expect=2)
    stage.reconciler("apply", "--only", "usage", "--auto-approve", quiet=True)
    stage.say("Every addition, next to the usage that it came from; and every customer, accounted for")
    stage.reconciler("usage", "report")
    stage.reconciler("usage", "coverage")


def bill_by_hand(stage: Stage) -> None:
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
