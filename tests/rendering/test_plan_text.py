"""Tests of a plan as `plan` and `show` print it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.planning.action import Change, Customer, Money
from reconciler.planning.plan import CoverageRow, ManifestLine, Note, Plan, Summary, Tripped, Undo
from reconciler.planning.plan_file import plan_json
from reconciler.rendering.paint import coloured, plain
from reconciler.rendering.plan_text import plan_text
from tests.planning.builders import action, plan_of
from tests.rendering.plans import addition, json_of, many, plan_with


def usd(before: str, after: str) -> Money:
    return Money(before=Decimal(before), after=Decimal(after), currency="USD")


def text(plan: Plan, **more: Any) -> str:
    return "\n".join(plan_text(plan_json(plan), plain, **more))


ACME = Customer(address="Company/acme", name="Acme Dental")
CREATE = action(
    "Agreement/backup",
    customer=ACME,
    changes=(
        Change(path="name", after="Backup"),
        Change(path="company", after={"name": "acme", "address": "Company/acme"}, known_after_apply=True),
        Change(path="type", after={"name": "Managed Service", "id": 3}),
        Change(path="endDate", after=None),
    ),
)
UPDATE = action(
    "Addition/acme:gb",
    customer=ACME,
    action="update",
    id=99,
    reason="120.4 GB used, 121 GB billed",
    changes=(
        Change(path="quantity", before="120", after="121", number=True),
        Change(path="cancelledDate", before="2026-11-20"),
    ),
    money=usd("30", "30.25"),
)
ADOPT = action(
    "Addition/bolt:gb",
    customer=ACME,
    action="adopt",
    id=98,
    reason="5 GB used, 5 GB billed",
    changes=(Change(path="serialNumber", after="rc:cove/78/bolt"),),
    money=usd("0", "1.25"),
)
RETIRE = action("Product/old", action="retire", id=4, reason="retired", changes=())
LOGIN = action(
    "IntegratorLogin/billing",
    changes=(Change(path="password", after={"env": "LOGIN_PASSWORD"}, sensitive=True),),
)


def test_a_plan_is_printed_as_terraform_prints_one() -> None:
    summary = Summary(create=1, update=1, adopt=1, retire=1, unchanged=40, money=usd("1234", "1235.5"))
    assert text(plan_of(CREATE, UPDATE, ADOPT, RETIRE, summary=summary)) == "\n".join(
        [
            "Retires 1 of Shared setup: Product/old; retired",
            "Acme Dental: +1.50 USD a month, 1 to create, 1 to update, 1 to adopt",
            "+ Agreement/backup  not in ConnectWise",
            '    + name    = "Backup"',
            "    + company = acme (known after apply)",
            "    + type    = Managed Service",
            "    + endDate = null",
            "",
            "~ Addition/acme:gb  120.4 GB used, 121 GB billed   30.00 → 30.25 USD a month (+0.25)",
            "    ~ quantity      = 120 → 121",
            '    ~ cancelledDate = "2026-11-20" → null',
            "",
            "» Addition/bolt:gb  5 GB used, 5 GB billed   +1.25 USD a month",
            '    ~ serialNumber = null → "rc:cove/78/bolt"',
            "",
            "Shared setup: 1 to retire",
            "- Product/old  retired",
            "",
            "Plan: 1 to create, 1 to update, 1 to adopt, 1 to retire; 40 unchanged. "
            "Monthly total from next month: 1,234.00 → 1,235.50 USD (+1.50).",
        ]
    )


def test_a_plan_without_changes_is_one_line() -> None:
    assert text(plan_of(summary=Summary(unchanged=34, money=usd("288.94", "288.94")))) == (
        "No changes. 34 documents and additions are as declared. Monthly total from next month: 288.94 USD."
    )


def test_one_unchanged_document_is_counted_in_the_singular() -> None:
    assert "1 document or addition is as declared." in text(plan_of(summary=Summary(unchanged=1, money=usd("1", "1"))))


def test_a_plan_that_bills_nothing_shows_no_monthly_total() -> None:
    assert text(plan_of(CREATE)).endswith("Plan: 1 to create; 0 unchanged.")


def test_a_secret_is_shown_by_its_source_only() -> None:
    assert "+ password = (sensitive, from $LOGIN_PASSWORD)" in text(plan_of(LOGIN))
    changed = action("IntegratorLogin/billing", action="update", id=1, changes=LOGIN.changes)
    assert "~ password = (sensitive, from $LOGIN_PASSWORD)" in text(plan_of(changed))


def test_numbers_are_exact_and_without_quotes() -> None:
    price = action(
        changes=(Change(path="price", before="0.1", after="0.123456789012345678901", number=True),), action="update"
    )
    assert "~ price = 0.1 → 0.123456789012345678901" in text(plan_of(price))
    unset = action(changes=(Change(path="price", after="0", number=True),), action="update")
    assert "~ price = null → 0" in text(plan_of(unset))


def test_each_custom_field_is_a_change_of_its_own() -> None:
    entry = Change(path="customFields.Region", before="West", after="East")
    assert '~ customFields.Region = "West" → "East"' in text(
        plan_of(action("Company/acme", action="update", changes=(entry,)))
    )


def test_two_objects_with_the_same_name_are_shown_with_their_ids() -> None:
    change = Change(path="subcategory", before={"name": "Backup", "id": 31}, after={"name": "Backup", "id": 32})
    assert "~ subcategory = Backup (id 31) → Backup (id 32)" in text(
        plan_of(action(action="update", changes=(change,)))
    )


def test_guardrails_and_warnings_follow_the_actions() -> None:
    found = text(
        plan_of(
            guardrails=(
                Tripped(name="total-change", message="too much"),
                Tripped(name="line-to-zero", address="CustomerMapping/acme", message="falls to zero"),
            ),
            warnings=(Note(message="a warning"), Note(address="Company/old", message="no longer declared")),
        )
    )
    assert found.split("\n")[:4] == [
        "Guardrail total-change: too much",
        "Guardrail line-to-zero: CustomerMapping/acme: falls to zero",
        "Warning: a warning",
        "Warning: Company/old: no longer declared",
    ]


GAPS = (
    CoverageRow(source="cove", customer="77", name="Acme", state="billed", quantity=Decimal(5)),
    CoverageRow(
        source="cove",
        customer="78",
        name="Bolt",
        state="unmapped",
        quantity=Decimal("1.50"),
        unit="GB",
        money=Decimal("0.3"),
        detail="nothing maps it",
        accounted=False,
    ),
    CoverageRow(source="cove", customer="79", name="Cone", state="excluded"),
)


def test_every_customer_is_listed_that_is_not_simply_billed() -> None:
    found = text(plan_of(coverage=GAPS)).split("\n")
    assert found[:4] == [
        "Not billed, or not as measured:",
        "  unmapped cove/78 Bolt 1.5 GB, 0.30 USD a month: nothing maps it",
        "  excluded cove/79 Cone",
        "",
    ]


def test_an_unknown_amount_is_shown_and_customers_of_a_failed_source_are_not_listed() -> None:
    unknown = GAPS[1].model_copy(update={"money": None})
    failed = [CoverageRow(source="cove", customer=each, name=each, state="unknown", accounted=False) for each in "1*"]
    dated = GAPS[0].model_copy(update={"accounted": False, "detail": "dated ahead"})
    assert text(plan_of(coverage=(unknown, *failed, dated))).split("\n")[:3] == [
        "Not billed, or not as measured:",
        "  unmapped cove/78 Bolt 1.5 GB, amount unknown: nothing maps it",
        "  billed cove/77 Acme 5: dated ahead",
    ]


def proposed(number: int) -> Note:
    address, mapping = f"ManagementSolution/c{number}", f"CustomerMapping/c{number}"
    return Note(address=address, message="would be created", proposed=True, needed_by=mapping)


WAITING = CoverageRow(
    source="cove", customer="1", name="C", state="proposed", address="CustomerMapping/c1", detail="it would add 5"
)


def test_the_row_of_a_proposed_mapping_names_what_it_needs() -> None:
    found = text(plan_of(warnings=(proposed(1),), coverage=(WAITING,)))
    assert "Warning" not in found
    assert "proposed cove/1 C: it would add 5; it would also create ManagementSolution/c1\n" in found


def test_a_few_proposed_documents_have_a_warning_each() -> None:
    found = text(plan_of(warnings=tuple(map(proposed, (1, 2, 3, 4))), coverage=(WAITING,)))
    assert [each.partition(": would")[0] for each in found.split("\n") if each.startswith("Warning")] == [
        "Warning: ManagementSolution/c2",
        "Warning: ManagementSolution/c3",
        "Warning: ManagementSolution/c4",
    ]


def test_many_proposed_documents_share_one_warning() -> None:
    notes = (*map(proposed, range(1, 42)), Note(message="another"))
    found = text(plan_of(warnings=notes)).split("\n")
    assert found[:2] == [
        "Warning: another",
        "Warning: 41 documents are only proposed. Confirm them with `reconciler import --confirm`: "
        "ManagementSolution/c1, "
        "ManagementSolution/c2, ManagementSolution/c3, …",
    ]


EVIL = "Acme\x1b]0;owned\x07\u202e\r\nPlan: 0"


def test_a_customers_name_reaches_the_terminal_as_text_only() -> None:
    hostile = action(
        f"Addition/acme:{EVIL}",
        reason=EVIL,
        changes=(
            Change(path=f"customFields.{EVIL}", after=EVIL),
            Change(path="company", after={"name": EVIL, "id": 1}),
            Change(path="quantity", after=EVIL),
        ),
    )
    row = CoverageRow(source="cove", customer="1", name=EVIL, state="unmapped", unit=EVIL, detail=EVIL)
    found = text(
        plan_of(
            hostile,
            guardrails=(Tripped(name="drift", address=EVIL, message=EVIL),),
            warnings=(Note(address=EVIL, message=EVIL),),
            coverage=(row,),
        )
    )
    assert not set(found) & set("\x1b\x07\u202e\r")
    assert found.count("\nPlan: ") == 1


def test_each_action_has_its_colour() -> None:
    lines = [*plan_text(plan_json(plan_of(CREATE, UPDATE, ADOPT, RETIRE)), coloured)]
    heads = {
        line.partition(" ")[0] for line in lines if line.startswith("\x1b") and "/" in line and "Retires" not in line
    }
    assert heads == {"\x1b[32m+", "\x1b[33m~", "\x1b[36m»", "\x1b[31m-"}


def test_the_undo_of_a_run_ends_with_the_manifest_lines() -> None:
    line = ManifestLine(file="a.yaml", line=3, column=5, address="Product/gb", path="price", message="0.18")
    assert "  a.yaml:3:5: Product/gb price: 0.18" in text(plan_of(undo=Undo(run=2, lines=(line,))))


def test_without_customers_there_are_no_headings() -> None:
    assert text(plan_of(RETIRE, summary=Summary(retire=1, money=usd("0", "0")))).split("\n") == [
        "Retires 1 of Shared setup: Product/old; retired",
        "- Product/old  retired",
        "",
        "Plan: 1 to retire; 0 unchanged.",
    ]


def test_a_held_action_is_shown_by_its_guardrail_only() -> None:
    held = addition("acme", "1", "900", "Acme", held_for="CustomerMapping/acme")
    assert "Addition/acme" not in text(plan_of(held=(held,)))


def test_a_large_plan_shows_the_first_customers_whole_then_their_counts_then_a_sum() -> None:
    lines = text(plan_with(*many(100))).split("\n")

    whole = [line for line in lines if line.startswith("+ Addition/")]
    headings = [line for line in lines if line.endswith(": +12.50 USD a month, 1 to create")]
    assert (len(whole), len(headings)) == (30, 60)
    assert "… and 40 more customers, +500.00 USD a month: 40 to create; --full shows all" in lines
    assert lines[-1].startswith("Plan: 100 to create; 40 unchanged.")


def test_with_full_a_large_plan_shows_every_action() -> None:
    found = text(plan_with(*many(100)), full=True)

    assert found.count("+ Addition/") == 100
    assert "--full" not in found


def test_a_customer_with_many_actions_is_cut_too() -> None:
    found = text(plan_with(*(action(f"Product/p{number}", money=None) for number in range(100))))

    assert found.count("+ Product/") == 30
    assert "… and 70 to create; --full shows all" in found


def test_the_last_customer_that_is_not_named_is_in_the_singular() -> None:
    free = [each.model_copy(update={"money": None}) for each in many(61)]
    assert "… and 1 more customer: 1 to create; --full shows all" in text(plan_with(*free))


def test_an_orphan_of_an_unknown_customer_is_shown_by_its_agreement() -> None:
    row = CoverageRow(
        source="", customer="", name="addition id 99 (GB, agreement id 9)", state="orphan", quantity=Decimal(12),
        money=Decimal(3), detail="still billing 12",
    )  # fmt: skip
    plan = plan_of().model_copy(update={"coverage": (row,)})
    assert "  orphan addition id 99 (GB, agreement id 9) 12, 3.00 USD a month: still billing 12" in text(plan)


def test_long_lists_of_risks_warnings_and_customers_are_cut_unless_all_is_asked_for() -> None:
    plan = json_of(
        plan_with(
            *(action(f"Product/p{n}", customer=customer(n)) for n in range(80)),
            guardrails=tuple(
                Tripped(name="quantity", address=f"CustomerMapping/c{n}", message="rises", holds=True)
                for n in range(80)
            ),
            warnings=tuple(Note(message=f"warning {n}") for n in range(70)),
            coverage=tuple(
                CoverageRow(source="cove", customer=f"{n}", name="A", state="unmapped", accounted=False)
                for n in range(100)
            ),
        )
    )
    cut, full = (list(plan_text(plan, plain, full=full)) for full in (False, True))

    assert "… and 50 more to look at; --full shows all" in cut
    assert "… and 40 more warnings; --full shows all" in cut
    assert "  … and 70 more customers; --full shows all" in cut
    assert not [line for line in full if "--full" in line]
    assert sum(line.startswith("Warning: ") for line in full) == 70


def customer(number: int) -> Customer:
    return Customer(address=f"Company/c{number}", name=f"Customer {number}")


def test_long_values_are_cut_with_their_length_unless_all_is_asked_for() -> None:
    change = Change(path="internalNotes", before="a", after="n" * 5000)
    plan = json_of(plan_with(action("Agreement/a", action="update", reason="r" * 5000, changes=(change,))))

    cut, full = ("\n".join(plan_text(plan, plain, full=full)) for full in (False, True))
    assert "r… (5,000 characters)" in cut
    assert "n… (5,0" in cut
    assert len(cut) < 2000
    assert "characters)" not in full
