"""Selecting one document with the documents that it refers to."""

from __future__ import annotations

import pytest

from reconciler.manifests.closure import closure

from .conftest import Estate


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("Company/acme", {"Company/acme"}),
        ("Product/gb", {"Product/gb"}),
        ("Agreement/acme-backup", {"Agreement/acme-backup", "Company/acme", "Contact/acme-office"}),
        (
            "CustomerMapping/acme",
            {"CustomerMapping/acme", "Agreement/acme-backup", "Company/acme", "Contact/acme-office", "Product/gb"},
        ),
    ],
)
def test_a_closure_has_the_document_and_all_documents_that_it_refers_to(
    estate: Estate, address: str, kept: set[str]
) -> None:
    manifests = estate.load()
    found = closure(manifests, manifests.by_address[address])
    assert set(found.by_address) == kept
    assert found.workspace is manifests.workspace


def test_a_closure_keeps_the_order_of_the_files(estate: Estate) -> None:
    manifests = estate.load()
    found = closure(manifests, manifests.by_address["CustomerMapping/acme"])
    assert [each for each in manifests.documents if each in found.documents] == list(found.documents)


def test_a_closure_needs_no_document_for_a_lookup(estate: Estate) -> None:
    estate.add("Agreement", "other", """
        name: Other
        company: {identifier: ELSEWHERE}
        contact: {email: a@b.example}
        type: Managed Service
        startDate: "2026-01-01"
    """)  # fmt: skip
    manifests = estate.load()
    assert set(closure(manifests, manifests.by_address["Agreement/other"]).by_address) == {"Agreement/other"}
