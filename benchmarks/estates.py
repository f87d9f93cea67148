"""Write an estate of N customers with five documents each, and start a sandbox that has the same customers.

The sandbox's console generates its customers from a fixed seed, so every mapping finds its usage. The manifests have
one file per customer, and common fields in `Defaults`, as in a real estate.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from urllib.request import Request, urlopen

NOW: Final = "2026-11-01T00:00:00Z"
"""The time of the sandbox and of each run. It does not move, so usage does not grow between an apply and a plan."""

DOCUMENTS_PER_CUSTOMER: Final = 5
FIRST_CUSTOMER_ID: Final = 1_001_001

_WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata:
  name: bench
spec:
  connectwise:
    site: {env: CONNECTWISE_SITE}
    company: {env: CONNECTWISE_COMPANY}
    clientId: {env: CONNECTWISE_CLIENT_ID}
    publicKey: {env: CONNECTWISE_PUBLIC_KEY}
    privateKey: {env: CONNECTWISE_PRIVATE_KEY}
  usage:
    - name: cove
      type: cove
      unit: GB
      url: {env: COVE_URL}
      partner: {env: COVE_PARTNER}
      username: {env: COVE_USERNAME}
      password: {env: COVE_PASSWORD}
  billing:
    timezone: America/New_York
    currency: USD
    graceHours: 24
    unmapped: error
"""

_DEFAULTS = """\
apiVersion: reconciler/v1
kind: Defaults
metadata:
  name: everyone
spec:
  Company:
    status: Active
    types: [Customer]
    country: United States
  Agreement:
    type: Managed Service
    startDate: "2026-01-01"
    endDate: null
    billingCycle: Monthly
    prorate: false
  ManagementSolution:
    solution: Managed Backup
    deviceType: BackupStats
  Product:
    category: Managed Services
    subcategory: Backup
    type: Agreement
    unitOfMeasure: Each
    productClass: Agreement
    taxable: false
  CustomerMapping:
    solution: Managed Backup
    product: backup-gb
"""

_SETUP = """\
apiVersion: reconciler/v1
kind: IntegratorLogin
metadata:
  name: backup
spec:
  username: backup-billing
  password: {env: COVE_PASSWORD}
  accessAllRecords: true
  apis: [ManagedServices, Company, Product, Reporting]
---
apiVersion: reconciler/v1
kind: ManagedDevicesIntegration
metadata:
  name: managed-backup
spec:
  name: Managed Backup
  solution: Managed Backup
  loginBy: Global
  defaultBillingLevel: Detail
  integratorLogin: backup
  disableNewCrossReferences: false
  matchOnSerialNumber: true
---
apiVersion: reconciler/v1
kind: ManagementItSolution
metadata:
  name: managed-backup
spec:
  name: Managed Backup
  type: Custom
  solutionName: Managed Backup
"""

_PRODUCTS = """\
apiVersion: reconciler/v1
kind: Product
metadata:
  name: backup-gb
spec:
  identifier: BACKUP-GB
  description: Managed backup, per GB
  customerDescription: Managed backup storage, per gigabyte and month
  price: 0.15
  cost: 0.06
"""

_CUSTOMER = """\
apiVersion: reconciler/v1
kind: Company
metadata:
  name: customer-{number:05d}
spec:
  identifier: Customer{number:05d}
  name: Customer {number:05d} and Partners
  addressLine1: {number} Mill Road
  city: Tampa
  state: FL
  zip: "33602"
  phoneNumber: "8135550100"
---
apiVersion: reconciler/v1
kind: Contact
metadata:
  name: customer-{number:05d}
spec:
  company: customer-{number:05d}
  firstName: Ada
  lastName: Number{number:05d}
  email: office@customer-{number:05d}.example
---
apiVersion: reconciler/v1
kind: Agreement
metadata:
  name: customer-{number:05d}
spec:
  name: Customer {number:05d} - Managed Backup
  company: customer-{number:05d}
  contact: customer-{number:05d}
---
apiVersion: reconciler/v1
kind: ManagementSolution
metadata:
  name: customer-{number:05d}
spec:
  company: customer-{number:05d}
  managedId: "{id}"
  agreement: customer-{number:05d}
---
apiVersion: reconciler/v1
kind: CustomerMapping
metadata:
  name: customer-{number:05d}
spec:
  customer:
    source: cove
    id: "{id}"
    name: Customer {number:05d} and Partners
  company: customer-{number:05d}
  agreement: customer-{number:05d}
  managedId: "{id}"
"""


def write_estate(root: Path, customers: int) -> int:
    """Write the manifests of `customers` customers below `root`, and return the number of documents."""
    folder = root / "customers"
    folder.mkdir(parents=True)
    common = {"workspace": _WORKSPACE, "defaults": _DEFAULTS, "setup": _SETUP, "products": _PRODUCTS}
    for name, text in common.items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    for number in range(1, customers + 1):
        text = _CUSTOMER.format(number=number, id=FIRST_CUSTOMER_ID + number - 1)
        (folder / f"customer-{number:05d}.yaml").write_text(text, encoding="utf-8")
    return customers * DOCUMENTS_PER_CUSTOMER + sum(text.count("kind:") for text in common.values())


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox in its own process: the variables that it printed, and its control requests."""

    variables: Mapping[str, str]
    url: str

    def state(self) -> dict[str, Any]:
        """Return the counts of objects in the tenant, of requests, and of injected faults."""
        return self._asked("/sandbox/state")

    def requests(self) -> dict[str, Any]:
        """Return the number of requests by route since `forget_requests`. Dropped requests count too."""
        return self._asked("/sandbox/requests")

    def forget_requests(self) -> None:
        """Reset the counts of requests to 0."""
        self._asked("/sandbox/requests", {"reset": True})

    def make_invoices(self, through: str) -> None:
        """Make the invoices of all agreements for all months that begin by this day."""
        self._asked("/sandbox/invoices", {"through": through})

    def move_clock(self, moment: str) -> None:
        """Set the time. Invoices that become due on the way are made."""
        self._asked("/sandbox/clock", {"now": moment})

    def _asked(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"content-type": "application/json"})
        with urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def sandbox(customers: int, *faults: str, messy: bool = False, clock: str = NOW) -> Iterator[RunningSandbox]:
    """Run `reconciler sandbox` with an empty tenant and `customers` customers in its console, and stop it at the end.

    `clock` is its time, which does not move by itself.

    `faults` are passed on as `--fault`; docs/reference/sandbox.md lists them. A `messy` tenant is not empty: it has an
    estate to import.
    """
    command = [sys.executable, "-m", "reconciler", "sandbox", "--customers", str(customers), "--clock", clock]
    command += ["--population", "messy"] if messy else []
    for fault in faults:
        command += ["--fault", fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            variables = _first_json(process)
            running = RunningSandbox(variables, variables["CONNECTWISE_SITE"])
            _until_up(running)
            yield running
        finally:
            process.terminate()


def _first_json(process: subprocess.Popen[str]) -> dict[str, str]:
    text = ""
    for line in process.stdout or ():
        text += line
        if line.startswith("}"):
            found: dict[str, str] = json.loads(text)
            return found
    raise RuntimeError("the sandbox did not start; run `reconciler sandbox` to see why")


def _until_up(running: RunningSandbox, patience: float = 30.0) -> None:
    """Wait until the sandbox responds. It prints its variables slightly earlier, when its socket starts to listen."""
    deadline = monotonic() + patience
    while True:
        try:
            running.state()
            return
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.05)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables for a run of `reconciler` against a sandbox."""
    return {**os.environ, **variables, "RECONCILER_NOW": NOW, "NO_COLOR": "1"}
