"""A small estate for the crash matrix: the documents that every workspace has, and the documents of a customer."""

from __future__ import annotations

from tests.crash.place import GB, Place

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {{name: crash}}
spec:
  connectwise:
    site: {{env: CONNECTWISE_SITE}}
    company: {{env: CONNECTWISE_COMPANY}}
    clientId: {{env: CONNECTWISE_CLIENT_ID}}
    publicKey: {{env: CONNECTWISE_PUBLIC_KEY}}
    privateKey: {{env: CONNECTWISE_PRIVATE_KEY}}
    maxConcurrency: {concurrency}
  usage:
    - name: cove
      type: cove
      unit: GB
      url: {{env: COVE_URL}}
      partner: {{env: COVE_PARTNER}}
      username: {{env: COVE_USERNAME}}
      password: {{env: COVE_PASSWORD}}
  billing: {{timezone: UTC, currency: USD}}
  guardrails: {{quantity: {{percent: 100, amount: 100000}}, money: 1000000}}
"""

SETUP = """\
apiVersion: reconciler/v1
kind: IntegratorLogin
metadata: {name: backup}
spec: {username: backup, password: {env: COVE_PASSWORD}, accessAllRecords: true, apis: [Company]}
---
apiVersion: reconciler/v1
kind: ManagedDevicesIntegration
metadata: {name: backup}
spec: {name: Backup, solution: Backup, loginBy: Global, defaultBillingLevel: Detail, integratorLogin: backup}
---
apiVersion: reconciler/v1
kind: ManagementItSolution
metadata: {name: backup}
spec: {name: Backup, type: Custom, solutionName: Backup}
"""

PRODUCT = """\
apiVersion: reconciler/v1
kind: Product
metadata: {{name: {name}}}
spec:
  identifier: {identifier}
  description: Managed backup
  customerDescription: Managed backup
  category: Managed Services
  subcategory: Backup
  type: Agreement
  unitOfMeasure: Each
  productClass: Agreement
  taxable: false
  price: {price}
"""

CUSTOMER = """\
apiVersion: reconciler/v1
kind: Company
metadata: {{name: {slug}}}
spec: {{identifier: {slug}, name: {name}, status: Active, types: [Customer], city: Tampa}}
---
apiVersion: reconciler/v1
kind: Contact
metadata: {{name: {slug}}}
spec: {{company: {slug}, firstName: Ada, lastName: {slug}, email: office@{slug}.example}}
---
apiVersion: reconciler/v1
kind: Agreement
metadata: {{name: {slug}}}
spec:
  name: {name} - Backup
  type: Managed Service
  company: {slug}
  contact: {slug}
  startDate: "2026-01-01"
  endDate: null
---
apiVersion: reconciler/v1
kind: ManagementSolution
metadata: {{name: {slug}}}
spec: {{company: {slug}, solution: Backup, managedId: "{number}", agreement: {slug}, deviceType: BackupStats}}
"""

MAPPING = """\
apiVersion: reconciler/v1
kind: CustomerMapping
metadata: {{name: {slug}}}
spec:
  customer: {{source: cove, id: "{number}", name: {name}}}
  company: {slug}
  agreement: {slug}
  solution: Backup
  managedId: "{number}"
  {charge}
"""

AGREEMENT = """\
apiVersion: reconciler/v1
kind: Agreement
metadata: {{name: second}}
spec:
  name: {name}
  type: Managed Service
  company: {company}
  contact: {company}
  startDate: "2026-01-01"
  endDate: null
"""

EXCLUSION = """\
apiVersion: reconciler/v1
kind: Exclusion
metadata: {{name: left}}
spec: {{customer: {{source: cove, id: "{number}"}}, reason: has left}}
"""

ONE_PRICE = "product: backup"
THREE_LINES = """\
tiering: graduated
  ranges:
    - {upTo: 100, product: backup}
    - {upTo: 200, product: backup-200}
    - {product: backup-above}"""


def write_shared(place: Place, concurrency: int = 1) -> None:
    """Write the documents that all customers share. With a concurrency of 1, the points of every run are the same."""
    place.write("workspace.yaml", WORKSPACE.format(concurrency=concurrency))
    place.write("setup.yaml", SETUP)
    prices = {"backup": "0.15", "backup-200": "0.12", "backup-above": "0.10"}
    products = [PRODUCT.format(name=name, identifier=name.upper(), price=price) for name, price in prices.items()]
    place.write("products.yaml", "---\n".join(products))


def add_customer(place: Place, name: str, gigabytes: int, charge: str = ONE_PRICE) -> int:
    """Add a customer to the console and its documents to the manifests, and return its id in the console."""
    slug = name.lower().replace(" ", "-")
    now = place.sandbox.clock.now()
    number = place.world.add_customer(name, now).id
    place.world.add_device(number, now, gigabytes * GB)
    documents = CUSTOMER + "---\n" + MAPPING
    place.write(f"{slug}.yaml", documents.format(slug=slug, name=name, number=number, charge=charge))
    return number
