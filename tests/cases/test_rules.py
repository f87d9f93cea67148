"""Cases see every rule of billing: measures, allowances, rounding, ranges, starts, ends, exclusions, guardrails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.dated_prices import DatedPrice
from reconciler.kinds.workspace import CsvSource
from reconciler.manifests.documents import Document
from tests.cases.trying import D, errors, estate_with, lines, one, outcome, with_spec

RANGES = """
    ranges:
      - {upTo: 100, product: backup-gb-500}
      - {upTo: 200.5, product: backup-gb-1000}
      - {product: backup-gb-above}
"""


def inline(fields: str, usage: str = "{from: 2026-11-01, used: 460.4 GB}") -> str:
    return f"mapping: {{{fields}}}\nperiod: 2026-11\nusage: [{usage}]"


@pytest.mark.parametrize(
    ("rounding", "quantity"),
    [
        ("{mode: up}", "461"),
        ("{mode: nearest}", "460"),
        ("{mode: down, step: 50}", "450"),
        ("{mode: up, step: 0.25}", "460.5"),
        ("{mode: none}", "460.4"),
    ],
)
def test_rounding(rounding: str, quantity: str) -> None:
    assert lines(inline(f"product: backup-gb, rounding: {rounding}")) == {"backup-gb": D(quantity)}


def test_an_allowance_per_device_is_not_pooled() -> None:
    usage = "{device: a, from: 2026-11-01, used: 30 GB}, {device: b, from: 2026-11-01, used: 2 GB}"

    assert lines(inline("product: backup-gb, included: {amount: 5, per: device}", usage)) == {"backup-gb": 25}
    assert lines(inline("product: backup-gb, included: {amount: 5, per: customer}", usage)) == {"backup-gb": 27}


def test_an_allowance_per_device_needs_devices() -> None:
    found = outcome(inline("product: backup-gb, included: {amount: 5, per: device}"))

    assert found.state == "refused"
    assert "reports the customer without devices" in found.reason


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ("100 GB", {"backup-gb-500": 100}),
        ("100000000001", {"backup-gb-500": 100, "backup-gb-1000": D("0.000001")}),
        ("200.5 GB", {"backup-gb-500": 100, "backup-gb-1000": D("100.5")}),
        ("300 GB", {"backup-gb-500": 100, "backup-gb-1000": D("100.5"), "backup-gb-above": D("99.5")}),
    ],
)
def test_graduated_ranges_at_their_borders(used: str, expected: dict[str, object]) -> None:
    text = f"mapping:\n    tiering: graduated\n    rounding: {{mode: none}}{RANGES}"
    if used.isdigit():
        used = str(int(used) + 999)  # with six decimals, one byte is less than the finest quantity

    assert lines(f"{text}period: 2026-11\nusage: [{{from: 2026-11-01, used: {used}}}]") == expected


@pytest.mark.parametrize(("used", "product"), [("100 GB", "500"), ("100.1 GB", "1000"), ("201 GB", "above")])
def test_volume_ranges_at_their_borders(used: str, product: str) -> None:
    text = f"mapping:\n    rounding: {{mode: none}}{RANGES}"

    assert list(lines(f"{text}period: 2026-11\nusage: [{{from: 2026-11-01, used: {used}}}]")) == [
        f"backup-gb-{product}"
    ]


@pytest.mark.parametrize(("measure", "quantity"), [("last", 10), ("peak", 40), ("mean", 11), ("p95", 10)])
def test_measures(measure: str, quantity: int) -> None:
    usage = "{from: 2026-11-01, used: 10 GB}, {from: 2026-11-08, to: 2026-11-08, used: 40 GB}"

    assert lines(inline(f"product: backup-gb, measure: {measure}", usage)) == {"backup-gb": quantity}


def test_a_mean_over_a_part_of_the_hours_is_held_if_a_line_stands() -> None:
    usage = "{from: 2026-11-01, used: 10 GB}, {from: 2026-11-03, to: 2026-11-20, pull: none}"
    text = inline("product: backup-gb, measure: mean", usage)
    found = outcome(f"{text}\nstanding: [{{product: backup-gb, quantity: 9}}]")

    assert (found.state, found.guardrails) == ("held", ("samples",))
    assert outcome(f"{text}\napprove: [samples]\nstanding: [{{product: backup-gb, quantity: 9}}]").state == "billed"


def test_a_start_inside_the_month_is_the_first_day_of_the_line() -> None:
    (line,) = outcome(inline('product: backup-gb, start: "2026-11-10"')).lines
    assert line.first_day == "2026-11-10"

    waiting = outcome(inline('product: backup-gb, start: "2026-12-01"'))
    assert (waiting.state, waiting.lines) == ("waiting", ())


def test_an_end_is_the_last_day_of_the_month_of_the_line() -> None:
    usage = "{from: 2026-11-01, to: 2026-11-12, used: 10 GB}, {from: 2026-11-13, used: 90 GB}"
    text = inline('product: backup-gb, end: "2026-11-12"', usage)
    found = outcome(f"{text}\nstanding: [{{product: backup-gb, quantity: 9, firstDay: 2026-01-01}}]")

    (line,) = found.lines
    assert (line.quantity, line.first_day, line.last_day, found.state) == (10, "2026-01-01", "2026-11-30", "ended")


def test_the_last_month_of_a_line_has_its_money() -> None:
    found = outcome(inline('product: backup-gb, end: "2026-11-12"', "{from: 2026-11-01, used: 10 GB}"))

    assert [(line.quantity, line.amount) for line in found.lines] == [(10, D("1.50"))]


def test_an_exclusion_of_the_estate_applies() -> None:
    found = outcome('customer: "1001006"\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 5 GB}]')

    assert (found.state, found.lines) == ("excluded", ())


def test_a_customer_without_a_mapping_is_reported_with_the_money_at_risk() -> None:
    found = outcome('customer: "77"\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 5.5 GB}]')

    assert found.state == "unmapped"
    assert [(each.customer, each.money) for each in found.customers] == [("77", D("0.90"))]


def test_usage_after_an_invoice_is_reported() -> None:
    text = "mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 5 GB}]"
    found = outcome(f"{text}\ninvoicedThrough: 2026-11-30")

    assert found.state == "invoiced"
    assert [line.first_day for line in found.lines] == ["2026-12-01"]


def test_two_agreements_of_one_company_are_not_confused() -> None:
    found = outcome(inline("product: backup-gb, company: alder-dental, agreement: birchwood-legal"))

    assert (found.state, found.lines) == ("refused", ())
    assert "belongs to company" in found.reason


def test_the_cycle_of_an_agreement_must_be_one_month() -> None:
    quarterly = estate_with(
        lambda each: with_spec(each, billing_cycle="Quarterly") if each.address == "Agreement/alder-dental" else each
    )
    found = outcome("mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 5 GB}]", quarterly)

    assert found.state == "refused"
    assert "which is not one calendar month" in found.reason


# ── mappings and products that exist only in a case ──────────────────────────────────────────────────────


def test_an_inline_mapping_takes_the_defaults_of_the_root_folder() -> None:
    assert lines(inline("measure: peak")) == {"backup-gb": 461}


def test_an_inline_mapping_stands_in_for_the_declared_one_of_its_customer() -> None:
    found = outcome(inline('product: backup-gb, customer: {source: cove, id: "1001001"}'))

    assert [line.address for line in found.lines] == ["Addition/inline.storage:backup-gb"]


def test_a_product_can_have_another_price_in_a_case() -> None:
    text = "mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 10 GB}]"

    assert outcome(text).money == D("1.50")
    assert outcome(f"{text}\nproducts: {{backup-gb: {{price: 0.5}}}}").money == 5


def test_a_product_that_is_only_looked_up_gets_its_price_in_the_case() -> None:
    text = inline("product: {identifier: OLD-GB}")

    assert outcome(text).state == "refused"
    found = outcome(f"{text}\nproducts: {{OLD-GB: {{price: 2}}}}")
    assert [(line.product, line.amount) for line in found.lines] == [("OLD-GB", 922)]


def test_a_look_up_finds_the_product_of_the_case_by_its_identifier() -> None:
    found = outcome(f"{inline('product: {identifier: OLD-GB}')}\nproducts: {{old: {{identifier: OLD-GB, price: 2}}}}")

    assert [(line.product, line.amount) for line in found.lines] == [("OLD-GB", 922)]


def test_an_agreement_is_looked_up_at_its_own_company() -> None:
    """The other customer of the case has an agreement with that name at another company."""
    usage = '{from: 2026-11-01, used: 5 GB}, {from: 2026-11-01, used: 6 GB, customer: "1001001"}'
    agreement = "{name: Alder Dental - Managed Backup}"
    found = outcome(inline(f"product: backup-gb, company: birchwood-legal, agreement: {agreement}", usage))

    assert [(line.address, line.quantity) for line in found.lines] == [
        ("Addition/alder-dental.storage:backup-gb", 6),
        ("Addition/inline.storage:backup-gb", 5),
    ]
    found = outcome(inline(f"product: backup-gb, company: alder-dental, agreement: {agreement}", usage))
    assert [line.quantity for line in found.lines] == [6, 5]


def test_an_agreement_of_a_company_that_is_only_proposed_is_not_found() -> None:
    def proposed(document: Document) -> Document:
        is_company = document.address == "Company/alder-dental"
        return replace(document, metadata=document.metadata.model_copy(update={"proposed": is_company}))

    estate = estate_with(proposed)
    text = inline("product: backup-gb, company: alder-dental, agreement: {name: Other}")
    assert outcome(text, estate).state == "refused"
    case = "name: a, mapping: {product: backup-gb, company: alder-dental, agreement: {name: Other}}, period: 2026-11"
    (found,) = errors(
        f"cases: [{{{case}, standing: [{{product: backup-gb, quantity: 5}}], expect: {{money: 0}}}}]", estate
    )
    assert "the agreement of the mapping is not found | add agreement: …" in found


def test_documents_that_describe_one_object_are_an_error() -> None:
    def pinned(document: Document) -> Document:
        number = 7 if document.kind.name == "Agreement" else None
        return replace(document, metadata=document.metadata.model_copy(update={"id": number}))

    case = "name: a, mapping: alder-dental, period: 2026-11, expect: {money: 0}"
    usage = 'usage: [{from: 2026-11-01, used: 5 GB, customer: "1001002"}]'
    (found,) = errors(f"cases: [{{{case}, {usage}}}]", estate_with(pinned))
    assert "match the same Agreement, id 7" in found


def test_a_bundle_is_refused() -> None:
    found = outcome(f"{inline('product: b')}\nproducts: {{b: {{price: 2, productClass: Bundle}}}}")

    assert found.state == "refused"
    assert "Bundle" in found.reason


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("mapping: alder-dentl", "2:14 there is no CustomerMapping/alder-dentl | did you mean alder-dental"),
        ("mapping: {product: backup-bg}", "2:24 there is no Product/backup-bg | did you mean backup-gb"),
        ("mapping: {product: backup-gb, mesure: peak}", "2:43 there is no field mesure here | did you mean measure?"),
        ("mapping: {measure: [peak]}", "2:24"),
        ("mapping: {customer: {source: cov, id: a}}", "there is no usage source cov in this workspace"),
        ("mapping: {company: acme}", "there is no Company/acme"),
        ("customer: a\n    source: cov", "3:13 there is no usage source cov in this workspace | did you mean cove?"),
        ("mapping: {}\n    products: {x: {prize: 5}}", "there is no field prize here | did you mean price?"),
        ("mapping: {}\n    products: {'x y': {price: 5}}", "a name may contain letters"),
        ("mapping: {}\n    approve: [quantty]", "3:15 no guardrail has this name"),
        ("customer: a\n    standing: [{product: backup-gb, quantity: 5}]", "a customer without a mapping has no lines"),
        ("mapping: {}\n    standing: [{product: backup-bg, quantity: 5}]", "3:26 there is no Product/backup-bg | did"),
        ("mapping: {}\n    standing: [{product: backup-gb, quantity: 5, agreement: x}]", "there is no Agreement/x"),
        (
            "mapping: {product: {identifier: X}}\n    standing: [{product: X, quantity: 5}]",
            "3:16 the manifests give X no price | add unitPrice: …",
        ),
        (
            "mapping: {tiering: graduated, ranges: [{upTo: 5, product: backup-gb, price: 1}, {product: backup-gb}]}",
            "2:14 CustomerMapping/inline spec.ranges: graduated ranges bill product backup-gb at two prices",
        ),
    ],
)  # fmt: skip
def test_a_case_that_does_not_fit_the_manifests_is_an_error_at_its_place(fields: str, error: str) -> None:
    (found,) = errors(f"cases:\n  - {fields}\n    name: a\n    period: 2026-11\n    expect: {{money: 0}}")

    assert error in found


def test_a_case_of_a_workspace_with_two_sources_names_the_other_one() -> None:
    def with_file(document: Document) -> Document:
        if document.kind.name != "Workspace":
            return document
        more = CsvSource(name="files", type="csv", unit="GiB", path="usage.csv")
        return with_spec(document, usage=(*document.spec.usage, more))

    estate = estate_with(with_file)
    text = "mapping: {product: backup-gb}\nsource: files\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 5 GiB}]"
    found = outcome(text, estate)
    assert [(line.quantity, found.unit) for line in found.lines] == [(5, "GiB")]
    other = "{name: a, mapping: alder-dental, period: 2026-11, usage: [{from: 2026-11-01, used: 5 GB, source: files}]"
    (error,) = errors(f"cases: [{other}, expect: {{money: 0}}}}]", estate)
    assert "the customer of the case is in cove, and not in files | add customer: …" in error
    text = "mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, pull: failed, source: files}]"
    assert outcome(text, estate).state == "never seen"


def test_a_workspace_without_a_source_has_no_inline_mapping() -> None:
    estate = estate_with(lambda each: with_spec(each, usage=()) if each.kind.name == "Workspace" else each)

    found = errors("cases: [{name: a, mapping: {}, period: 2026-11, expect: {money: 0}}]", estate)
    assert found == ["1:9 the workspace has no usage source | add one to `usage` of the workspace"]


# ── lines that stand before the run ──────────────────────────────────────────────────────────────────────

STANDS = """
mapping: alder-dental
period: 2026-11
usage: [{from: 2026-11-01, used: %s}]
standing: [{product: backup-gb, %s}]
"""


def test_a_rise_of_more_than_half_is_held_until_it_is_approved() -> None:
    text = STANDS % ("900 GB", "quantity: 100")
    found = outcome(text)

    assert (found.state, found.guardrails, found.money) == ("held", ("quantity",), 15)
    approved = outcome(f"{text}\napprove: [quantity=CustomerMapping/alder-dental]")
    assert (approved.state, approved.guardrails, approved.money) == ("billed", (), 135)


def test_a_fall_in_the_first_run_of_a_month_trips_nothing() -> None:
    text = STANDS % ("100 GB", "quantity: 900")

    assert outcome(text).state == "held"
    assert outcome(text.replace("quantity: 900", "quantity: 900, billed: 2026-10")).state == "billed"


def test_a_hand_edit_is_undone_and_named() -> None:
    found = outcome(STANDS % ("100 GB", "quantity: 7, written: {quantity: 100}"))

    assert [(line.quantity, line.state) for line in found.lines] == [(100, "update")]
    assert found.warnings == ("Addition/alder-dental.storage:backup-gb: edited by hand: quantity 100 → 7",)


@pytest.mark.parametrize(
    "written", ["unitPrice: 0.2", "lastDay: null", 'firstDay: "2026-11-01"'], ids=lambda each: each[:8]
)
def test_each_field_of_a_line_can_be_edited_by_hand(written: str) -> None:
    edited = {"unitPrice": "unitPrice: 0.9", "lastDay": 'lastDay: "2026-12-31"', "firstDay": 'firstDay: "2026-12-05"'}
    name = written.partition(":")[0]
    found = outcome(STANDS % ("100 GB", f"quantity: 100, {edited[name]}, written: {{{written}}}"))

    assert "edited by hand" in " ".join(found.warnings)


def test_a_line_whose_tag_was_cleared_is_found_by_the_ledger() -> None:
    found = outcome(STANDS % ("100 GB", "quantity: 100, tag: cleared"))

    assert [(line.quantity, line.state) for line in found.lines] == [(100, "adopt")]


def test_without_the_ledger_a_cleared_line_is_someone_elses() -> None:
    found = outcome(STANDS % ("100 GB", "quantity: 100, tag: cleared, recorded: false"))

    assert [(line.quantity, line.state) for line in found.lines] == [(100, "create")]


def test_a_line_that_we_never_wrote_is_adopted_if_the_mapping_says_so() -> None:
    text = inline("product: backup-gb, adopt: true", "{from: 2026-11-01, used: 100 GB}")
    found = outcome(f"{text}\nstanding: [{{product: backup-gb, quantity: 90, unitPrice: 9, tag: none}}]")

    assert [(line.quantity, line.unit_price, line.state) for line in found.lines] == [(100, D("0.15"), "adopt")]


def test_a_line_of_a_product_that_the_mapping_no_longer_has_goes_to_0() -> None:
    text = STANDS.replace("backup-gb", "backup-gb-above") % ("100 GB", "quantity: 90")

    assert lines(text) == {"backup-gb": 100, "backup-gb-above": 0}


def test_a_mapping_that_moved_leaves_its_line_on_the_old_agreement() -> None:
    found = outcome(STANDS % ("100 GB", "quantity: 100, agreement: birchwood-legal, firstDay: '2026-01-01'"))

    assert sorted((line.quantity, str(line.last_day)) for line in found.lines) == [(0, "2026-10-31"), (100, "None")]


def test_on_drift_fail_refuses_the_run_and_writes_nothing() -> None:
    def failing(document: Document) -> Document:
        if document.kind.name != "Workspace":
            return document
        return with_spec(document, billing=document.spec.billing.model_copy(update={"on_drift": "fail"}))

    text = STANDS % ("100 GB", "quantity: 7, written: {quantity: 100}")
    found = outcome(text, estate_with(failing))

    assert found.guardrails == ("drift",)
    assert [(line.quantity, line.state) for line in found.lines] == [(7, "not written")]
    assert outcome(f"{text}\napprove: [drift]", estate_with(failing)).money == 15


def test_a_proposed_mapping_shows_the_lines_that_it_would_have() -> None:
    def proposed(document: Document) -> Document:
        metadata = document.metadata.model_copy(update={"proposed": document.name == "alder-dental"})
        return replace(document, metadata=metadata)

    estate = estate_with(proposed)
    found = outcome("mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 100 GB}]", estate)

    assert (found.state, found.money) == ("proposed", 15)
    assert [line.state for line in found.lines] == ["proposed"]
    case = "name: a, mapping: alder-dental, period: 2026-11, standing: [{product: backup-gb, quantity: 1}]"
    assert "is only proposed, so no line" in errors(f"cases: [{{{case}, expect: {{money: 0}}}}]", estate)[0]


DATED = "[{from: '2026-01-01', price: 0.15}, {from: '2026-12-01', price: 0.2}]"


@pytest.mark.parametrize(("period", "money"), [("2026-11", "69.15"), ("2026-12", "92.20")])
def test_the_price_in_force_on_the_first_day_of_the_month(period: str, money: str) -> None:
    usage = f"usage: [{{from: {period}-01, used: 460.4 GB}}]"
    of_mapping = f"mapping: {{product: backup-gb, prices: {DATED}}}\nperiod: {period}\n{usage}"
    of_product = f"mapping: alder-dental\nproducts: {{backup-gb: {{prices: {DATED}}}}}\nperiod: {period}\n{usage}"

    assert outcome(of_mapping).money == D(money)
    assert outcome(of_product).money == D(money)


def test_a_price_of_a_case_replaces_the_dated_prices_of_a_product() -> None:
    entry = DatedPrice.model_validate({"from": "2026-01-01", "price": D("0.9")})
    estate = estate_with(lambda each: with_spec(each, prices=(entry,)) if each.kind.name == "Product" else each)
    usage = "usage: [{from: 2026-11-01, used: 10 GB}]"

    assert outcome(f"mapping: alder-dental\nperiod: 2026-11\n{usage}", estate).money == 9
    assert (
        outcome(
            f"mapping: alder-dental\nproducts: {{backup-gb: {{price: 0.2}}}}\nperiod: 2026-11\n{usage}", estate
        ).money
        == 2
    )


def test_a_line_has_the_cost_that_the_manifests_give() -> None:
    found = outcome("mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 120.4 GB}]")

    assert [(line.unit_cost, line.cost) for line in found.lines] == [(D("0.06"), D("7.26"))]
    assert (found.money, found.cost, found.margin) == (D("18.15"), D("7.26"), D("10.89"))


def test_an_unknown_cost_is_not_0_and_a_declared_0_is_known() -> None:
    unknown = inline("product: new-gb") + "\nproducts: {new-gb: {price: 1}}"
    free = inline("product: new-gb") + "\nproducts: {new-gb: {price: 1, cost: 0}}"

    assert (outcome(unknown).cost, outcome(unknown).margin) == (None, None)
    assert (outcome(free).cost, outcome(free).margin) == (0, 461)


def test_cost_and_margin_are_compared_with_what_a_case_expects() -> None:
    case = "mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 120.4 GB}]\nexpect:\n"
    line = "  lines: [{product: backup-gb, unitCost: 0.07, cost: 8.47}]\n  cost: 8.47\n  margin: 9.68"

    assert [(each.what, each.actual) for each in one(case + line).mismatches] == [
        ("unit cost of backup-gb", D("0.06")),
        ("cost of backup-gb", D("7.26")),
        ("cost", D("7.26")),
        ("margin", D("10.89")),
    ]


def test_a_standing_line_has_its_own_cost_and_an_edit_of_it_is_drift() -> None:
    usage = "mapping: alder-dental\nperiod: 2026-11\nusage: [{from: 2026-11-01, used: 120.4 GB}]\n"
    same = outcome(usage + "standing: [{product: backup-gb, quantity: 121}]")
    other = outcome(
        usage + "standing: [{product: backup-gb, quantity: 121, unitCost: 0.09, written: {unitCost: 0.06}}]"
    )

    assert [line.state for line in same.lines] == ["up to date"]
    assert [line.state for line in other.lines] == ["update"]
    assert any("unitCost 0.06 → 0.09" in each for each in other.warnings)
