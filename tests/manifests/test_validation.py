"""Errors in one document, and their messages."""

from __future__ import annotations

import pytest

from tests.manifests.conftest import WORKSPACE, Estate

COMPANY = "identifier: B\nname: Beta\ncity: Bonn\n"
PRODUCT = "identifier: P\ndescription: d\ncustomerDescription: c\nsubcategory: s\ntype: t\n"
LOGIN = "username: u\naccessAllRecords: true\n"
MAPPING = (
    'customer: {source: cove, id: "2"}\ncompany: acme\nagreement: acme-backup\n'
    'solution: Managed Backup\nmanagedId: "7"\n'
)


def found(estate: Estate, kind: str, spec: str) -> list[tuple[int, int, str, str]]:
    """Return (line in the spec, column in the spec, message, suggestion) of every error."""
    errors = estate.add(kind, "new", spec).errors()
    return [(item.line - 4, item.column - 2, item.message, item.suggestion) for item in errors]


def only(estate: Estate, kind: str, good: str, bad: str) -> tuple[int, str, str]:
    """Return the column, message and suggestion of the only error of a spec with a bad last field."""
    ((line, column, message, suggestion),) = found(estate, kind, good + bad)
    assert line == good.count("\n") + 1
    return column, message, suggestion


@pytest.mark.parametrize(
    ("kind", "good", "bad", "column", "message", "suggestion"),
    [
        ("Company", COMPANY, "nmae: x", 1, "there is no field nmae here", "did you mean name?"),
        ("Company", COMPANY, "phoneNumber: 555", 14, "phoneNumber: expected text, got a number", "put it in quotes"),
        ("Company", COMPANY, "zip: true", 6, "zip: expected text, got true or false", "put it in quotes"),
        ("Company", COMPANY, "types: Customer", 8, "types: expected a list, got text", "write [Customer]"),
        ("Company", COMPANY, "types: [a, 5]", 12, "types[1]: expected text, got a number", "put it in quotes"),
        (
            "Company",
            COMPANY,
            f"phoneNumber: '{'5' * 31}'",
            14,
            "phoneNumber has 31 characters, and at most 30 are allowed",
            "shorten it, or ConnectWise refuses it",
        ),
        (
            "Company",
            COMPANY,
            "customFields: {a: [x]}",
            19,
            "customFields.a: expected text, true or false or a number, got a list",
            "",
        ),
        ("Company", COMPANY, "customFields: x", 15, "customFields: expected a mapping, got text", ""),
        ("Product", PRODUCT, "price: '0.10'", 8, "price: expected a number, got text", "write it without quotes"),
        ("Product", PRODUCT, "price: cheap", 8, "price: expected a number, got text", ""),
        ("Product", PRODUCT, "cost: true", 7, "cost: expected a number, got true or false", ""),
        ("Product", PRODUCT, "price: -1", 8, "price is -1 but must be at least 0", ""),
        ("Product", PRODUCT, "productClass: Servce", 15, "productClass cannot be Servce", "did you mean Service?"),
        (
            "Product",
            PRODUCT,
            "productClass: 5",
            15,
            "productClass cannot be a number",
            "use Agreement, Bundle, Inventory, NonInventory or Service",
        ),
        (
            "Product",
            PRODUCT,
            "taxable: yes",
            10,
            "taxable: expected true or false, got text",
            "write true or false: in YAML 1.2, yes, no, on and off are text",
        ),
        (
            "IntegratorLogin",
            LOGIN + "password: {env: X}\n",
            "apis: [Compny]",
            8,
            "apis[0] cannot be Compny",
            "did you mean Company?",
        ),
        (
            "IntegratorLogin",
            LOGIN + "apis: []\n",
            "password: [x]",
            1,
            "password: expected {env: NAME} or {file: PATH}, got a list",
            "",
        ),
        (
            "IntegratorLogin",
            LOGIN + "apis: []\n",
            "password: {env: A, file: B}",
            1,
            "password: expected {env: NAME} or {file: PATH}, got a mapping",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "product: {identifer: X}",
            10,
            "product is looked up by one field: identifier or id",
            "did you mean {identifier: …}?",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "product: {identifier: X, id: 5}",
            10,
            "product is looked up by one field: identifier or id",
            "write {identifier: …} or {id: …}",
        ),
        ("CustomerMapping", MAPPING, "product: {id: '5'}", 15, "product: id must be a whole number above 0", ""),
        ("CustomerMapping", MAPPING, "product: {identifier: 5}", 23, "product: identifier must be text", ""),
        (
            "CustomerMapping",
            MAPPING,
            "product: a b",
            10,
            "product cannot be a b: a name may contain letters, digits, dots, dashes and underscores",
            "write a manifest name, or look it up in ConnectWise with {identifier: …} or {id: …}",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "product: 5",
            10,
            "product: expected a manifest name or {identifier: …} or {id: …}, got a number",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "start: 20260101",
            8,
            'start: a date is written as text, "2026-11-01"',
            "",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "start: '2026-02-30'",
            8,
            "start is not a date: 2026-02-30",
            'write a date in the form "2026-11-01"',
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "rounding: up",
            11,
            "rounding: expected a mapping, got text",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "included: {amount: 5, per: custmer}",
            28,
            "there is no Meter/custmer",
            "did you mean customer? Otherwise, declare it, or name one that is built in: customer, device, storage, "
            "devices, selected-size, physical-servers, virtual-servers, workstations, documents, m365-users, "
            "recovery-testing and standby-image",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "rounding: {step: 0}",
            18,
            "rounding.step is 0 but must be more than 0",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "rounding: {stp: 1}",
            12,
            "there is no field stp in rounding",
            "did you mean step?",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "included: {amount: 5}",
            1,
            "included.per is missing",
            "add per: …",
        ),
        (
            "CustomerMapping",
            MAPPING + "product: gb\n",
            "tiering: null",
            10,
            "tiering cannot be null",
            "use volume or graduated",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "ranges: []",
            9,
            "ranges is an empty list",
            "write at least one entry, or leave the field out",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "ranges: [{upTo: 5, product: gb}]",
            9,
            "ranges end at 5, so more cannot be billed. Leave upTo out of the last range",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "ranges: [{upTo: 5, product: gb}, {upTo: 4, product: gb}, {product: gb}]",
            41,
            "ranges[1].upTo 4 must be more than 5, the upTo before it",
            "",
        ),
        (
            "CustomerMapping",
            MAPPING,
            "ranges: [{product: gb}, {product: gb}]",
            10,
            "ranges[0] has no upTo, so ranges[1] is never reached",
            "",
        ),
    ],
)
def test_an_error_in_a_field_is_reported_in_plain_words_at_its_place(
    estate: Estate, kind: str, good: str, bad: str, column: int, message: str, suggestion: str
) -> None:
    assert only(estate, kind, good, bad) == (column, message, suggestion)


def test_a_managed_id_has_digits_only(estate: Estate) -> None:
    spec = MAPPING.replace('"7"', "7a") + "product: gb"
    assert [item[2] for item in found(estate, "CustomerMapping", spec)] == [
        "managedId cannot be 7a: it must be digits only"
    ]


def test_an_agreement_begins_on_the_first_of_a_month_unless_another_day_is_allowed(estate: Estate) -> None:
    spec = "name: N\ncompany: acme\ncontact: acme-office\ntype: T\nstartDate: '2026-03-15'\n"
    ((line, _, message, _),) = found(estate, "Agreement", spec)
    assert line == 5
    assert (
        message == "startDate 2026-03-15 is not the first of a month: use 2026-03-01, or set allowMidMonthStart: true"
    )
    assert estate.add("Agreement", "new", spec + "allowMidMonthStart: true").load()


def test_a_missing_required_field_is_reported_at_spec(estate: Estate) -> None:
    assert found(estate, "Exclusion", 'customer: {source: cove, id: "5"}') == [
        (0, -1, "reason is missing", "add reason: …")
    ]


def test_neither_or_both_of_product_and_ranges_is_reported_at_spec(estate: Estate) -> None:
    assert [item[::2] for item in found(estate, "CustomerMapping", MAPPING)] == [(0, "give either product or ranges")]


def test_null_in_a_field_that_cannot_be_cleared_is_an_error(estate: Estate) -> None:
    _, message, suggestion = only(estate, "Company", "name: x\ncity: y\n", "identifier: null")
    assert message == "identifier: expected text, got null"
    assert "cannot be cleared" in suggestion


def test_a_long_value_is_not_repeated_in_full(estate: Estate) -> None:
    _, message, _ = only(estate, "Product", PRODUCT, f"productClass: {'x' * 300}")
    assert len(message) < 80


@pytest.mark.parametrize("secret", ["hunter2", "'hunter2'", "hunter2 # old", "|\n  hunter2", "12345678"])
def test_a_literal_secret_is_an_error_that_does_not_show_it(estate: Estate, secret: str) -> None:
    (item,) = estate.add("IntegratorLogin", "new", LOGIN + f"apis: []\npassword: {secret}").errors()
    assert item.message == "password is a secret and must not be written into a manifest"
    assert (item.line, item.column) == (8, 3)
    for leak in ("hunter2", "12345678"):
        assert leak not in str(item)
        assert leak not in str(item.to_json())


def test_all_secrets_of_a_line_are_masked_for_any_error(estate: Estate) -> None:
    path = estate.root / "workspace.yaml"
    path.write_text(path.read_text().replace("privateKey: {env: PRIVATE}", "privateKey: hunter2, # 'oops"))
    assert "hunter2" not in str([str(item) for item in estate.errors()])


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("type: cove", "type: cov", ["usage[0].type cannot be cov"]),
        ("type: cove, ", "", ["usage[0] has no type"]),
        ("unit: GB", "unit: TB", ["usage[0].unit cannot be TB"]),
        ("partner: Acme, ", "", ["usage[0].partner is missing"]),
        ("{name: cove, type: cove", "5 # {", ["usage[0]: expected a mapping, got a number"]),
        (
            "site: api-na.myconnectwise.net",
            "site: 5",
            ["connectwise.site: expected text, {env: NAME} or {file: PATH}, got a number"],
        ),
        ("site: api-na.myconnectwise.net", "site: ''", ["connectwise.site is empty"]),
        (
            "Europe/Berlin",
            "Mars/Base",
            ["billing.timezone: 'Mars/Base' is not an IANA time zone, such as Europe/Berlin or America/New_York"],
        ),
        (
            "EUR",
            "euro",
            ["billing.currency cannot be euro: it must be a currency code of three capital letters, such as USD"],
        ),
        ("EUR", "EUR, maxAge: 1.5", ["billing.maxAge: expected a whole number, got 1.5"]),
        ("EUR", "EUR, maxAge: '5'", ["billing.maxAge: expected a whole number, got text"]),
        (
            "clientId: 0000-1111",
            "clientId: x\n        maxConcurrency: 100",
            ["connectwise.maxConcurrency is 100 but must be at most 64"],
        ),
    ],
)
def test_errors_in_a_workspace_are_reported(estate: Estate, old: str, new: str, messages: list[str]) -> None:
    path = estate.root / "workspace.yaml"
    text = path.read_text()
    if new.startswith("5 #"):
        text = text.replace(text[text.index("- {name") : text.index("\n", text.index("- {name"))], "- 5")
    path.write_text(text.replace(old, new.replace("        ", "    ")))
    assert [item.message for item in estate.errors() if "usage source" not in item.message] == messages


def test_a_nested_error_does_not_hide_a_wrong_reference_beside_it(estate: Estate) -> None:
    spec = MAPPING + "ranges: [{upTo: 5, product: gb, price: '1'}, {product: nope}]"
    assert [item[2] for item in found(estate, "CustomerMapping", spec)] == [
        "ranges[0].price: expected a number, got text",
        "there is no Product/nope",
    ]


def test_two_usage_sources_with_one_name_are_an_error_at_the_second(estate: Estate) -> None:
    line = next(each for each in WORKSPACE.splitlines() if "type: cove" in each)
    estate.write("workspace.yaml", WORKSPACE.replace(line, f"{line}\n{line}"))
    found = estate.error()
    assert found.message == "usage[1].name cove is already the name of another source"
    assert (found.file.rpartition("/")[2], found.line) == ("workspace.yaml", 13)


def test_the_unit_of_a_usage_source_has_no_default(estate: Estate) -> None:
    estate.write("workspace.yaml", WORKSPACE.replace("unit: GB, ", ""))
    assert "usage[0].unit is missing" in [item.message for item in estate.errors()]
