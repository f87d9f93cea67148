"""Policies: the user's own JSON Schemas."""

from __future__ import annotations

import json
import re
import shutil
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests.loading import load
from reconciler.manifests.policies import check_actions, check_policies
from reconciler.manifests.policy_files import PolicyError, read_policies, read_policy

MANIFESTS = Path(__file__).parents[2] / "manifests"


def policy(folder: Path, schema: Any, name: str = "policy.json") -> Path:
    file = folder / name
    file.write_text(schema if isinstance(schema, str) else json.dumps(schema), encoding="utf-8")
    return file


def of_kind(kind: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": then}


PRICES = of_kind("Product", {"properties": {"spec": {"properties": {"price": {"minimum": 0.13}}}}})


def test_a_violation_is_reported_at_its_place(tmp_path: Path) -> None:
    found = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, PRICES))])

    assert [item.message.split(":")[0] for item in found] == ["Product/backup-gb-1000", "Product/backup-gb-above"]
    assert found[0].file == "products.yaml"
    assert "price: 0.12" in found[0].text
    assert "policy.json" in found[0].suggestion


def test_manifests_that_satisfy_a_policy_have_no_violation(tmp_path: Path) -> None:
    dates = of_kind("Agreement", {"properties": {"spec": {"properties": {"startDate": {"pattern": "-01$"}}}}})

    assert check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, dates))]) == ()


def test_a_policy_sees_default_values(tmp_path: Path) -> None:
    root = tmp_path / "manifests"
    shutil.copytree(MANIFESTS, root)
    active = of_kind("Company", {"properties": {"spec": {"properties": {"status": {"const": "Inactive"}}}}})

    (found,) = check_policies(load(root), [read_policy(policy(tmp_path, active))])

    assert found.message == "Company/alder-dental and 4 more: 'Inactive' was expected"


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [("{", "is not JSON"), ({"type": "nothing"}, "is not a JSON Schema: at type")],
)
def test_a_file_that_is_not_a_schema_is_refused(tmp_path: Path, schema: Any, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        read_policy(policy(tmp_path, schema))


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("#/$defs/none", "refers to #/$defs/none, which is not in this file"),
        ("other.json", "refers to other.json, which is not in this file"),
        ("#", "refers to itself without end"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, reference: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(sentence)):
        check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, {"$ref": reference}))])


def test_a_reference_to_another_host_is_refused_without_a_request(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/policy.json"
        with pytest.raises(PolicyError, match="which is not in this file"):
            check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, {"$ref": address}))])
        with pytest.raises(BlockingIOError):  # nobody has connected
            server.accept()


def test_a_policy_may_refer_to_a_part_of_itself(tmp_path: Path) -> None:
    named = {"$defs": {"any": {"type": "object"}}, "$ref": "#/$defs/any"}

    assert check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, named))]) == ()


def test_a_missing_policy_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path / "none.json")


FLOOR = {
    "title": "Price floor",
    "description": "Sell no gigabyte below 0.13.",
    "properties": {"spec": {"properties": {"price": {"minimum": 0.13}}}},
}


def test_the_name_of_a_file_says_for_which_kind_it_is(tmp_path: Path) -> None:
    products = read_policy(policy(tmp_path, FLOOR, "Product.floor.json"))
    companies = read_policy(policy(tmp_path, FLOOR, "Company.floor.json"))
    every = read_policy(policy(tmp_path, FLOOR, "floor.json"))

    assert [each.target for each in (products, companies, every)] == ["Product", "Company", ""]
    assert len(check_policies(load(MANIFESTS), [products])) == len(check_policies(load(MANIFESTS), [every])) == 2
    assert check_policies(load(MANIFESTS), [companies]) == ()


def test_an_error_has_the_title_and_the_description_of_the_policy(tmp_path: Path) -> None:
    [found, _] = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, FLOOR))])

    assert found.message.startswith("Product/backup-gb-1000: Price floor: 0.12 is less than the minimum of 0.13")
    assert found.suggestion.startswith("Sell no gigabyte below 0.13. (the policy ")


def test_the_part_that_fails_may_have_a_title_of_its_own(tmp_path: Path) -> None:
    price = {"minimum": 0.13, "title": "Too cheap", "description": "Ask Ann."}
    schema = {**FLOOR, "properties": {"spec": {"properties": {"price": price}}}}
    [found, _] = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, schema))])

    assert "Product/backup-gb-1000: Too cheap: " in found.message
    assert found.suggestion.startswith("Ask Ann.")


def test_policies_of_a_repository_are_beside_its_manifests(tmp_path: Path) -> None:
    folder = tmp_path / "schemas/policies"
    folder.mkdir(parents=True)
    policy(folder, FLOOR, "b.json")
    policy(folder, True, "a.json")
    (folder / "README.md").write_text("not a policy", encoding="utf-8")

    assert [Path(each.name).name for each in read_policies(tmp_path / "manifests")] == ["a.json", "b.json"]
    assert read_policies(tmp_path / "elsewhere/manifests") == []


REASON = {
    "title": "A retirement needs a reason",
    "if": {"properties": {"action": {"const": "retire"}}},
    "then": {"properties": {"reason": {"not": {"const": "ensure: retired"}}}},
}


def test_a_policy_of_actions_is_reported_at_the_document(tmp_path: Path) -> None:
    rule = read_policy(policy(tmp_path, REASON, "actions.reason.json"))
    actions = [
        {"address": "Product/backup-gb", "action": "retire", "reason": "ensure: retired"},
        {"address": "Company/gone", "action": "retire", "reason": "ensure: retired"},
        {"address": "Company/alder-dental", "action": "retire", "reason": "left in November"},
    ]
    found = check_actions(load(MANIFESTS), [rule], actions)

    assert [(each.file, each.message.partition(": A retirement needs a reason: ")[0]) for each in found] == [
        ("products.yaml", "Product/backup-gb"),
        ("workspace.yaml", "Company/gone"),
    ]
    assert check_policies(load(MANIFESTS), [rule]) == ()


def test_a_policy_of_documents_is_not_for_actions(tmp_path: Path) -> None:
    rule = read_policy(policy(tmp_path, False, "Product.never.json"))
    assert check_actions(load(MANIFESTS), [rule], [{"address": "Product/backup-gb"}]) == ()


def test_a_price_may_be_exactly_at_the_limit(tmp_path: Path) -> None:
    limit = {"properties": {"spec": {"properties": {"price": {"minimum": 0.1, "multipleOf": 0.01}}}}}
    assert check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, limit, "Product.json"))]) == ()


@pytest.mark.parametrize(("value", "fits"), [(1, True), (Decimal(2), True), (Decimal("2.5"), False), (True, False)])
def test_a_decimal_without_a_fraction_is_an_integer(tmp_path: Path, value: Any, fits: bool) -> None:
    rule = read_policy(policy(tmp_path, {"type": "integer"}))
    assert rule.validator.is_valid(value) is fits


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"propertys": {}}', 'the unknown keyword "propertys", which checks nothing'),
        ('{"properties": {"spec": {"$defs": {}, "minumum": 1}}}', 'the unknown keyword "minumum"'),
        ('{"minimum": 1, "minimum": 2}', 'has "minimum" twice'),
        ('{"minimum": NaN}', "NaN is no number"),
        ('{"format": "uri"}', 'has the format "uri", which is not checked'),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', "is written for another version of JSON Schema"),
        ('{"not": ' * 5000 + "{}" + "}" * 5000, "is nested too deeply"),
        ('{"then": {"$ref": "#/$defs/none"}}', "refers to #/$defs/none, which is not in this file"),
    ],
)
def test_a_policy_that_would_check_nothing_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(sentence)):
        read_policy(policy(tmp_path, text))


@pytest.mark.parametrize(
    "name", ["product.floor.json", "Produt.json", "products.json", "action.x.json", "Addition.json"]
)
def test_a_name_that_is_almost_a_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(policy(tmp_path, FLOOR, name))


@pytest.mark.parametrize(
    "text", ['{"minLength": 2.0}', '\ufeff{"x-owner": {"mail": 1}}', '{"$id": "a.json", "$ref": "#/$defs/b"}', "true"]
)
def test_what_json_schema_allows_is_read(tmp_path: Path, text: str) -> None:
    assert read_policy(policy(tmp_path, text)).target == ""


def test_formats_are_checked(tmp_path: Path) -> None:
    mail = {"properties": {"spec": {"properties": {"email": {"format": "ipv4"}}}}}
    [first, *_] = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, mail, "Contact.mail.json"))])
    assert "is not a 'ipv4'" in first.message


def test_a_value_of_defaults_is_reported_at_its_line_there(tmp_path: Path) -> None:
    rule = {"properties": {"spec": {"properties": {"status": {"const": "Inactive"}}}}}
    (found,) = check_policies(load(MANIFESTS), [read_policy(policy(tmp_path, rule, "Company.json"))])

    assert (found.file, found.text.strip()) == ("defaults.yaml", "status: Active")


def test_an_addition_is_reported_at_its_mapping(tmp_path: Path) -> None:
    rule = read_policy(policy(tmp_path, False, "actions.never.json"))
    actions = [{"address": f"Addition/alder-dental{charge}:backup-gb"} for charge in ("", ".storage")]
    [one, other] = check_actions(load(MANIFESTS), [rule], actions)
    assert one.file == other.file == "customers/alder-dental.yaml"
    assert other.message == "Addition/alder-dental:backup-gb: this is not allowed"


def test_policies_in_subfolders_count(tmp_path: Path) -> None:
    folder = tmp_path / "schemas/policies/finance"
    (folder / ".hidden").mkdir(parents=True)
    policy(folder, FLOOR, "Product.JSON")
    policy(folder / ".hidden", "not JSON", "x.json")
    assert [each.target for each in read_policies(tmp_path / "manifests")] == ["Product"]


def test_a_link_to_no_policies_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/policies").symlink_to(tmp_path / "gone")
    with pytest.raises(PolicyError, match="is not a folder"):
        read_policies(tmp_path / "manifests")
