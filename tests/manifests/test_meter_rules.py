"""The rules between meters, sources and mappings, with the places of their errors."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import Estate
from tests.manifests.test_rules import mapping


def add_files(estate: Estate) -> None:
    """Add a second source to the workspace: a CSV file."""
    path = estate.root / "workspace.yaml"
    csv = "    - {name: files, type: csv, unit: GB, path: usage.csv}\n  billing:"
    text = path.read_text(encoding="utf-8")
    indent = text[: text.index("usage:")].rpartition("\n")[2]
    path.write_text(text.replace("  billing:", csv) if indent == "  " else text, encoding="utf-8")


METER = "source: cove\ncount: devices\nwhere: {OT: 2, PN: {not: [Documents, Other]}}"


def test_a_mapping_can_name_a_meter_of_its_source(estate: Estate) -> None:
    estate.add("Meter", "servers", METER)
    estate.add("CustomerMapping", "new", mapping(meter="servers"))
    estate.add("CustomerMapping", "other", mapping(customer='{source: cove, id: "3"}', meter="virtual-servers"))
    assert [each.address for each in estate.load().of_kind("Meter")] == ["Meter/servers"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("source: cove", "give one of sum, count and distinct"),
        ("source: cove\nsum: T3\ncount: devices", "give one of sum, count and distinct, not sum and count"),
        ("source: cove\ncount: devices\nunit: GB", "unit goes with sum: a count has no unit"),
        ("source: cove\nsum: I3", "column I3 may contain a password, so it is never read"),
        ("source: cove\ncount: devices\nwhere: {RecoveryTesting: 1, OT: 2}", "counts the console's monthly report and"),
        ("source: cove\nsum: used\nwhere: {RecoveryTesting: 1}", "counts the console's monthly report and its hourly"),
        ("source: covee\nsum: T3", "Workspace/main has no usage source covee"),
    ],
)
def test_a_meter_that_contradicts_itself_is_an_error(estate: Estate, spec: str, message: str) -> None:
    assert message in estate.add("Meter", "mine", spec).error().message


@pytest.mark.parametrize("name", ["storage", "customer", "m365-users"])
def test_a_meter_has_a_name_of_its_own(estate: Estate, name: str) -> None:
    found = estate.add("Meter", name, METER).error()
    assert found.message.startswith(name)
    assert found.suggestion == "choose another name"


def test_a_meter_that_does_not_exist_is_named_with_those_that_do(estate: Estate) -> None:
    found = estate.add("CustomerMapping", "new", mapping(meter="physical-server")).error()
    assert found.message == "there is no Meter/physical-server"
    assert str(found.suggestion).startswith("did you mean physical-servers or virtual-servers?")
    assert "documents" in str(found.suggestion)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"meter": "m365-users", "measure": "peak"}, "measure peak does not go with meter m365-users: the console's"),
        ({"meter": "device"}, "meter device is no meter; to count devices, write devices"),
        (
            {"included": "{amount: 5, per: standby-image}", "measure": "mean"},
            "measure mean does not go with meter standby-image",
        ),
        (
            {"meter": "devices", "included": "{amount: 5, per: device}"},
            "an allowance per device does not go with meter",
        ),
        ({"included": "{amount: 5, per: selected-size}"}, "an allowance per unit of a meter needs a count"),
        ({"meter": "my.meter"}, "has a dot"),
    ],
)
def test_a_charge_whose_meter_does_not_fit_is_an_error(estate: Estate, fields: dict[str, str], message: str) -> None:
    if "." in fields.get("meter", ""):
        estate.add("Meter", fields["meter"], METER)
    assert message in estate.add("CustomerMapping", "new", mapping(**fields)).error().message


def test_a_meter_of_another_source_is_an_error(estate: Estate) -> None:
    add_files(estate)
    estate.add("Meter", "seats", "source: files\nsum: seats")
    found = estate.add("CustomerMapping", "new", mapping(meter="seats")).error()
    assert found.message.startswith("Meter/seats counts the devices of files, at ")
    assert found.suggestion == "use a meter of cove"


def test_a_meter_of_the_console_does_not_count_a_file(estate: Estate) -> None:
    add_files(estate)
    spec = mapping(customer='{source: files, id: "2"}', meter="physical-servers")
    found = estate.add("CustomerMapping", "new", spec).error()
    assert found.message == "meter physical-servers needs columns of the backup console, and files is a csv source"


CHARGES = """
  - {product: gb}
  - {meter: devices, product: gb, price: 3}"""


def test_a_mapping_has_several_charges(estate: Estate) -> None:
    text = mapping(charges=CHARGES).replace("product: gb\n", "", 1)
    estate.add("CustomerMapping", "new", text)
    assert len(estate.load().of_kind("CustomerMapping")) == 2


@pytest.mark.parametrize(
    ("charges", "fields", "message"),
    [
        (CHARGES, {}, "product does not go with charges: give it in each charge"),
        (CHARGES.replace("devices", "storage"), None, "charges[1] has the name storage of another charge: add name: …"),
        (" []", None, "charges is an empty list: write at least one charge"),
        ("\n  - {meter: devices}", None, "give either product or ranges"),
        ("\n  - {meter: devices, product: gb, included: {amount: 1, per: device}}", None, "an allowance per device"),
    ],
)
def test_charges_that_contradict_each_other_are_errors(
    estate: Estate, charges: str, fields: dict[str, str] | None, message: str
) -> None:
    text = mapping(charges=charges)
    if fields is None:
        text = text.replace("product: gb\n", "", 1)
    assert message in estate.add("CustomerMapping", "new", text).error().message


def test_defaults_of_a_charge_do_not_fill_in_a_mapping_with_charges(estate: Estate) -> None:
    estate.add("Defaults", "all", "CustomerMapping: {product: gb, measure: peak}")
    text = mapping(charges=CHARGES).replace("product: gb\n", "", 1)
    estate.add("CustomerMapping", "new", text)
    found = estate.load().by_address["CustomerMapping/new"]
    assert "product" not in found.declared
