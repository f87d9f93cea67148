"""The example estate in `manifests/`, which the demo, the docs and the tests use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.kinds.base import Metadata
from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests.loading import load
from reconciler.manifests.parsing import parse

ROOT = Path(__file__).parent.parent / "manifests"
VARIABLES = {
    "CONNECTWISE_SITE",
    "CONNECTWISE_COMPANY",
    "CONNECTWISE_CLIENT_ID",
    "CONNECTWISE_PUBLIC_KEY",
    "CONNECTWISE_PRIVATE_KEY",
    "COVE_URL",
    "COVE_PARTNER",
    "COVE_USERNAME",
    "COVE_PASSWORD",
}


def mapping(name: str) -> dict[str, object]:
    return load(ROOT).by_address[f"CustomerMapping/{name}"].spec.model_dump(mode="json", exclude_unset=True)


def test_the_example_estate_has_no_errors_and_no_warnings() -> None:
    assert load(ROOT).warnings == ()


def test_the_example_estate_uses_every_kind() -> None:
    manifests = load(ROOT)
    assert {item.kind.name for item in (manifests.workspace, *manifests.documents)} == {
        kind.name
        for kind in declarable_kinds()
        if kind.name != "Meter"  # the built-in meters need no document
    }


def test_the_example_estate_reads_its_connection_from_the_nine_variables_of_the_sandbox() -> None:
    lines = [line for path in ROOT.rglob("*.yaml") for line in path.read_text(encoding="utf-8").splitlines()]
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    assert set(re.findall(r"\{env: ([A-Z_]+)\}", text)) == VARIABLES


def test_six_customers_show_five_ways_to_bill_and_an_exclusion() -> None:
    manifests = load(ROOT)
    assert mapping("alder-dental")["product"] == "backup-gb"
    assert mapping("birchwood-legal")["tiering"] == "volume"
    assert mapping("cedar-logistics")["tiering"] == "graduated"
    assert mapping("dogwood-clinic")["included"] == {"amount": "50", "per": "customer"}
    assert mapping("dogwood-clinic")["minimum"] == "40"
    assert mapping("elmhurst-foundry")["adopt"] is True
    (exclusion,) = manifests.of_kind("Exclusion")
    assert exclusion.name == "fir-internal-lab"
    customers = [*manifests.of_kind("CustomerMapping"), exclusion]
    ids = [item.spec.customer.id for item in customers]
    assert ids == [str(1001001 + place) for place in range(6)]


@pytest.mark.parametrize("path", sorted((ROOT / "customers").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_customer_is_one_short_file_that_begins_with_a_comment(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 40
    assert lines[0].startswith("# ")
    assert all(document["metadata"]["name"] == path.stem for _, document in parse("\n".join(lines)).documents)


def test_no_document_is_pinned_to_one_tenant() -> None:
    for document in load(ROOT).documents:
        assert document.metadata == Metadata(name=document.name)
