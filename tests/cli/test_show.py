"""`reconciler show ADDRESS`: one document, with what defaults filled in and how it lives."""

from __future__ import annotations

import pytest

from tests.shop import ALDER, Shop


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_a_document_is_shown_with_what_defaults_filled_in(small: Shop) -> None:
    found = small("show", "Agreement/alder-dental", "--offline", "--format", "json").json

    assert found["spec"]["type"] == "Managed Service"
    assert "defaults.yaml" in found["defaulted"]["type"]
    assert "name" not in found["defaulted"]
    assert "live" not in found
    assert small.sandbox.log.total == 0


def test_it_is_shown_with_its_live_state_and_reads_only_what_that_takes(small: Shop) -> None:
    small.apply()
    small.patch_live(f"/company/companies/{small.one('/company/companies')['id']}", city="Orlando")
    small.sandbox.log.clear()

    found = small("--json", "show", "Company/alder-dental").json

    assert found["live"]["fields"]["city"] == "Orlando"
    assert found["live"]["id"] == small.one("/company/companies", identifier="AlderDental")["id"]
    assert "Orlando" in small("show", "Company/alder-dental").out


def test_what_is_not_there_yet_has_no_live_state(small: Shop) -> None:
    assert small("--json", "show", "Company/alder-dental").json["live"] is None


def test_what_lives_in_manifests_alone_is_shown_without_one(small: Shop) -> None:
    assert "live" not in small("--json", "show", "CustomerMapping/alder-dental").json
    assert small("show", "Workspace/example").code == 0


def test_an_address_that_nothing_declares_names_near_ones(small: Shop) -> None:
    said = small("show", "Company/alder-dentist")

    assert said.code == 1
    assert "no manifest declares Company/alder-dentist" in said.err
    assert "Did you mean Company/alder-dental" in said.err


def test_an_address_that_is_like_none_says_where_to_look(small: Shop) -> None:
    assert "reconciler validate" in small("show", "Product/zzzzzzzzzzzzzz").err
