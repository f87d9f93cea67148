"""A folder with valid manifests, to which each test adds its own files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load

WORKSPACE = """
    apiVersion: reconciler/v1
    kind: Workspace
    metadata: {name: main}
    spec:
      connectwise:
        site: api-na.myconnectwise.net
        company: acme
        clientId: 0000-1111
        publicKey: {env: PUBLIC}
        privateKey: {env: PRIVATE}
      usage:
        - {name: cove, type: cove, unit: GB, partner: Acme, username: api, password: {env: COVE}}
      billing: {timezone: Europe/Berlin, currency: EUR}
"""
CUSTOMER = """
    apiVersion: reconciler/v1
    kind: Company
    metadata: {name: acme}
    spec: {identifier: ACME, name: Acme Ltd, city: Berlin}
    ---
    apiVersion: reconciler/v1
    kind: Contact
    metadata: {name: acme-office}
    spec: {company: acme, firstName: Ann, email: ann@acme.example}
    ---
    apiVersion: reconciler/v1
    kind: Agreement
    metadata: {name: acme-backup}
    spec:
      name: Backup
      company: acme
      contact: acme-office
      type: Managed Service
      startDate: "2026-01-01"
    ---
    apiVersion: reconciler/v1
    kind: ManagementSolution
    metadata: {name: acme-backup}
    spec: {company: acme, solution: Managed Backup, managedId: "7", agreement: acme-backup}
    ---
    apiVersion: reconciler/v1
    kind: Product
    metadata: {name: gb}
    spec:
      identifier: GB
      description: One GB
      customerDescription: One GB of backup
      subcategory: Backup
      type: Agreement
      price: 0.10
    ---
    apiVersion: reconciler/v1
    kind: CustomerMapping
    metadata: {name: acme}
    spec:
      customer: {source: cove, id: "1001"}
      company: acme
      agreement: acme-backup
      solution: Managed Backup
      managedId: "7"
      product: gb
"""


@dataclass
class Estate:
    """A manifest folder."""

    root: Path

    def write(self, name: str, text: str) -> Estate:
        """Write a file into the manifest folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def add(self, kind: str, name: str, spec: str, *, file: str | None = None, metadata: str = "") -> Estate:
        """Write one more document to a file of its own. Its spec begins in line 5."""
        head = f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}{metadata}}}\nspec:\n"
        body = "\n".join(f"  {line}" for line in dedent(spec).strip("\n").splitlines())
        return self.write(file or f"{kind.lower()}-{name}.yaml", head + body + "\n")

    def load(self, workspace: str | None = None) -> Manifests:
        """Load the manifests."""
        return load(self.root, workspace=workspace)

    def errors(self, workspace: str | None = None) -> tuple[Diagnostic, ...]:
        """Load the manifests and return the diagnostics of the error."""
        with pytest.raises(ManifestError) as caught:
            load(self.root, workspace=workspace)
        return caught.value.diagnostics

    def error(self) -> Diagnostic:
        """Load the manifests and return the only error."""
        (found,) = self.errors()
        return found


@pytest.fixture
def empty_estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


@pytest.fixture
def estate(empty_estate: Estate) -> Estate:
    """Return a manifest folder with a workspace and the documents of one customer."""
    return empty_estate.write("workspace.yaml", WORKSPACE).write("acme.yaml", CUSTOMER)
