"""For any estate, the imported manifests are valid, and a plan of them is empty."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.importing.estate import Estate
from reconciler.importing.existing import matcher_of
from reconciler.importing.make import Made, make
from reconciler.importing.selection import Selection
from reconciler.importing.usage import Usage
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.manifests.formatting import formatted
from reconciler.manifests.loading import load
from reconciler.manifests.parsing import parse
from reconciler.manifests.schemas import schemas
from reconciler.metering.period import period_of
from reconciler.planning.retire import Terms
from reconciler.planning.setup import plan_setup

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: w}
spec:
  connectwise: {site: s, company: c, clientId: i, publicKey: p, privateKey: {env: K}}
  billing: {timezone: UTC}
"""
SCHEMAS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}
PERIOD = period_of(datetime(2026, 11, 10, tzinfo=UTC), "UTC")
ODD = [
    "", " ", "null", "007", "1e5", "0o7", "yes", "2026-11-01", "- a", "a: b", "#c", "&a", "*a", "!t", "{x}", "[y", "'",
    '"', "a\tb", "a\nb", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "ACME", "acme", "Acme ", " Acme", "A&amp;B",
    "A&B", "Müller", "Mu\u0308ller", "株式会社", "con", "NUL", "../x", "a/b", "x" * 60, "x" * 200, "a  b", "a\u00a0b",
    "<<", "=", "~",
]  # fmt: skip
KEYS = [
    "ACME", "acme", "Acme ", "A&amp;B", "A&B", "Müller", "Mu\u0308ller", "con", "a  b", "a\u00a0b", "a b", "yes", "007",
    "../x", "株式会社", "株式", "null", "2026-11-01", "x" * 30, "a: b", "[y", "Backup", "backup", "Backup", "1e5",
]  # fmt: skip
"""Names that an object must have. Most are usable, and many are alike."""
MAILS = ["a@x.example", "A@x.example", "b@x.example", "c@x.example"]
DATES = [
    "2026-01-01T00:00:00Z",
    "2025-07-01T00:00:00Z",
    "2026-01-15T00:00:00Z",
    "2027-02-01",
    None,
    "0001-01-01T00:00:00Z",
]
NUMBERS = [None, 0, 1, Decimal("0.15"), Decimal("0.1234567"), Decimal(-1), Decimal("1e10")]
FLAGS = [True, False, None]
TABLES: dict[str, list[dict[str, Any]]] = {
    "company/companies/statuses": [
        {"id": 1, "name": "Active"}, {"id": 2, "name": "Active", "inactiveFlag": True}, {"id": 3, "name": "Dup"},
        {"id": 4, "name": "dup "}, {"id": 5, "name": ""}, {"id": 6, "name": "yes"},
    ],
    "company/companies/types": [{"id": 1, "name": "Customer"}, {"id": 2, "name": "No"}, {"id": 3, "name": "no"}],
    "company/countries": [{"id": 1, "name": "Norway"}],
    "finance/billingTerms": [{"id": 1, "name": "Net 30"}],
    "finance/billingCycles": [{"id": 1, "name": "Monthly"}],
    "finance/agreements/types": [{"id": 1, "name": "Managed"}, {"id": 2, "name": "Old", "inactiveFlag": True}],
    "company/contacts/types": [{"id": 1, "description": "Billing"}],
    "procurement/categories": [{"id": 1, "name": "C"}, {"id": 2, "name": "D"}],
    "procurement/subcategories/": [
        {"id": 1, "name": "S", "category": {"id": 1, "name": "C"}}, {"id": 2, "name": "S", "category": {"id": 2}},
    ],
    "procurement/types": [{"id": 1, "name": "T"}],
    "procurement/unitOfMeasures": [{"id": 1, "name": "Each"}],
    "system/userDefinedFields": [
        {"id": 1, "caption": "Tier", "fieldTypeIdentifier": "Text"},
        {"id": 2, "caption": "Seats", "fieldTypeIdentifier": "Number"},
        {"id": 3, "caption": "VIP", "fieldTypeIdentifier": "Checkbox"},
        {"id": 4, "caption": "Twice", "fieldTypeIdentifier": "Text"},
        {"id": 5, "caption": "twice", "fieldTypeIdentifier": "Text"},
        {"id": 6, "caption": "a: b", "fieldTypeIdentifier": "Date"},
    ],
}  # fmt: skip


class Oddities:
    """Draws the values of an estate. Hypothesis draws the seed, because its own texts are rarely usable names."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def one(self, values: list[Any]) -> Any:
        return self.random.choice(values)

    def text(self) -> str | None:
        if self.random.random() < 0.3:
            return None
        letters = (
            chr(self.random.choice([self.random.randrange(0x80), self.random.randrange(0xD7FF)])) for _ in range(6)
        )
        return self.one([*ODD, "".join(letters)])

    def key(self) -> str | None:
        return self.one(KEYS) if self.random.random() < 0.9 else self.text()

    def entry(self, most: int) -> dict[str, Any] | None:
        """Return a reference to an entry of a setup table. The table may lack it."""
        number = self.random.randint(1, most + 1) if self.random.random() < 0.4 else 1
        return None if self.random.random() < 0.1 else {"id": number, "name": f"entry {number}"}

    def entries(self, most: int) -> list[dict[str, Any]]:
        return [each for _ in range(self.random.randint(0, 2)) if (each := self.entry(most)) is not None]

    def number(self, most: int) -> dict[str, Any] | None:
        """Return a reference to an object as ConnectWise gives it. There may be no such object."""
        number = self.random.randint(1, most)
        return None if self.random.random() < 0.1 else {"id": number, "name": "any", "identifier": "any"}

    def company(self) -> dict[str, Any]:
        captions = ["Tier", "Seats", "VIP", "Twice", "twice", "a: b", "Gone", "\n", ""]
        values = [*ODD, *NUMBERS, *FLAGS]
        return {
            "identifier": self.key(), "name": self.key(), "status": self.entry(6), "types": self.entries(3),
            "addressLine1": self.text(), "city": self.key(), "zip": self.text(), "country": self.entry(1),
            "phoneNumber": self.text(), "website": self.text(), "billingTerms": self.entry(1),
            "accountNumber": self.text(),
            "customFields": [
                {"id": 1, "caption": self.one(captions), "type": self.one(["Text", "Date"]), "value": self.one(values)}
                for _ in range(self.random.randint(0, 3))
            ],
        }  # fmt: skip

    def contact(self) -> dict[str, Any]:
        mail = self.one(MAILS) if self.random.random() < 0.8 else self.text()
        items = [("Email", mail), ("Email", self.one(MAILS)), ("Phone", self.text())][: self.random.randint(0, 3)]
        return {
            "company": self.number(4), "firstName": self.key(), "lastName": self.text(), "title": self.text(),
            "inactiveFlag": self.one(FLAGS), "types": self.entries(1),
            "communicationItems": [
                {"communicationType": way, "value": value, "defaultFlag": self.one(FLAGS)} for way, value in items
            ],
        }  # fmt: skip

    def agreement(self) -> dict[str, Any]:
        return {
            "company": self.number(4), "contact": self.number(5), "name": self.key(), "type": self.entry(2),
            "startDate": self.one(DATES), "endDate": self.one(DATES), "noEndingDateFlag": self.one(FLAGS),
            "cancelledFlag": self.one([False, False, True]), "billingCycle": self.entry(1), "customerPO": self.text(),
            "agreementStatus": self.one(["Active", "Active", "Inactive", "Expired", None]),
            "prorateFlag": self.one(FLAGS), "internalNotes": self.text(),
        }  # fmt: skip

    def solution(self) -> dict[str, Any]:
        names = {"id": self.random.randint(0, 2), "name": self.key(), "setupName": self.text()}
        return {
            "groupIdentifier": self.one(["1001", "1001", " 1002", self.text()]), "agreement": self.number(5),
            "managementSolution": self.one([None, names, names, {"id": 1, "name": "ACME"}]),
            "deviceType": self.one([None, "BackupStats", "Strange"]),
        }  # fmt: skip

    def product(self) -> dict[str, Any]:
        return {
            "identifier": self.key(), "description": self.key(), "customerDescription": self.key(),
            "category": self.entry(2), "subcategory": self.entry(2), "type": self.entry(1),
            "unitOfMeasure": self.entry(1), "price": self.one(NUMBERS), "cost": self.one(NUMBERS),
            "taxableFlag": self.one(FLAGS), "inactiveFlag": self.one(FLAGS),
            "productClass": self.one(["Agreement", "Agreement", "Bundle", "Strange", None]),
        }  # fmt: skip

    def integration(self) -> dict[str, Any]:
        references = [
            {"vendorType": self.key(), "vendorLevel": self.key(), "agreementType": self.entry(2)}
            for _ in range(self.random.randint(0, 2))
        ]
        return {
            "name": self.key(), "solution": self.key(), "loginBy": self.one(["Global", "Member", "Odd"]),
            "defaultBillingLevel": self.one(["Detail", "Summary", None]), "crossReferences": references,
        }  # fmt: skip

    def login(self) -> dict[str, Any]:
        return {"username": self.key(), "companyApiFlag": self.one(FLAGS), "canAccessAllRecordsFlag": self.one(FLAGS)}

    def some(self, kind: str, make: Callable[[], dict[str, Any]], most: int) -> list[LiveObject]:
        count = self.random.randint(1, most)
        return [LiveObject(kind, number, {**make(), "id": number}) for number in range(1, count + 1)]


def estate_of(seed: int) -> Estate:
    """Return an estate in which any value may be odd."""
    odd = Oddities(seed)
    solutions: dict[int, list[LiveObject]] = {}
    for each in odd.some("ManagementSolution", odd.solution, 6):
        parent = odd.random.randint(1, 4)
        solutions.setdefault(parent, []).append(LiveObject(each.kind, each.id, each.raw, parent))
    products = odd.some("Product", odd.product, 4)
    lines = [LiveObject("Addition", each.id, {"id": each.id, "product": {"id": each.id}}, 1) for each in products]
    return Estate(
        {
            "Company": odd.some("Company", odd.company, 5),
            "Contact": odd.some("Contact", odd.contact, 6),
            "Agreement": odd.some("Agreement", odd.agreement, 6),
            "Product": products,
            "IntegratorLogin": odd.some("IntegratorLogin", odd.login, 2),
            "ManagedDevicesIntegration": odd.some("ManagedDevicesIntegration", odd.integration, 2),
            "ManagementItSolution": [],
        },
        {"ManagementSolution": solutions, "Addition": dict.fromkeys(range(1, 7), lines)},
        TABLES,
    )


def estates() -> st.SearchStrategy[Estate]:
    """Return a strategy for estates in which any value may be odd."""
    return st.integers(0, 2**32).map(estate_of)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder with a workspace."""
    path = Path(tempfile.mkdtemp())
    try:
        (path / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
        yield path
    finally:
        shutil.rmtree(path)


def imported(root: Path, estate: Estate) -> Made:
    """Import an estate and write its files."""
    made = make(load(root), estate, Usage(), Selection(everything=True), "", PERIOD)
    for name, text in made.texts.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(text.encode())
    return made


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates())
def test_an_imported_estate_is_valid_and_its_plan_is_empty(estate: Estate) -> None:
    with folder() as root:
        made = imported(root, estate)
        manifests = load(root)
        matcher = matcher_of(manifests, estate)
        matches = matcher.matches(manifests.documents)
        links = {document.address: matcher.links(document) for document in manifests.documents}
        live_state = LiveState(matches=matches, links=links, tables=estate.tables)
        plan = plan_setup(manifests.documents, live_state, terms=Terms("2026-11-30"))

        assert (matcher.problems, plan.problems, plan.actions) == ([], (), ())
        assert len(manifests.documents) == sum(made.documents.values())
        names = [name.casefold() for name in made.texts]
        assert len(names) == len(set(names))
        for name, text in made.texts.items():
            assert formatted(text, where=name) == text
            for _, document in parse(text).documents:
                SCHEMAS[document["kind"]].validate(document)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates())
def test_every_object_is_written_or_listed(estate: Estate) -> None:
    with folder() as root:
        made = imported(root, estate)
        listed = {each.id for each in made.left_out if each.kind == "Company" and each.field is None}
        companies = {each.id for each in estate.of("Company")}

        assert made.documents.get("Company", 0) + len(listed) == len(companies)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates(), st.randoms(use_true_random=False))
def test_a_second_import_in_another_order_writes_nothing(estate: Estate, random: Any) -> None:
    with folder() as root:
        imported(root, estate)
        shuffled = {name: random.sample(list(rows), len(rows)) for name, rows in estate.objects.items()}

        again = make(
            load(root), Estate(shuffled, estate.children, TABLES), Usage(), Selection(everything=True), "", PERIOD
        )

        assert again.texts == {}
        assert again.documents == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates(), st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_change_a_byte(estate: Estate, random: Any) -> None:
    shuffled = {name: random.sample(list(rows), len(rows)) for name, rows in estate.objects.items()}
    with folder() as one, folder() as other:
        first = imported(one, estate)
        second = imported(other, Estate(shuffled, estate.children, TABLES))

        assert (second.texts, second.review) == (first.texts, first.review)
