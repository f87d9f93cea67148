"""docs/reference/permissions.md lists every request that the commands send, and a role that only reads can plan."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from reconciler.kinds.registry import all_kinds
from tests.prepared import prepared
from tests.rich import CHANGES, FILE, make_rich
from tests.shop import ALDER, Shop
from tests.test_retirement import mark, without
from tools.reference.permissions import PLAN, READ_BY_USAGE, SETUP, USAGE, Requests

APPROVED = ("--auto-approve", "--approve", "updates", "--approve", "retirements")
BEFORE_CREDENTIALS = "login/companyinfo/sandbox"


class Watched:
    """A shop that notes which requests each job sends to ConnectWise."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.sent: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """By job: the method and the path of each request, with the path of a list for its objects."""
        self.searched: set[str] = set()
        """The lists that were searched."""

    def __call__(self, job: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> None:
        self.shop.sandbox.log.clear()
        said = self.shop(*arguments)
        assert said.code in codes, said.err
        for route in self.shop.sandbox.log.by_route:
            method, _, path = route.partition(" ")
            if path.startswith("/jsonapi"):
                continue
            path = path.replace(f"/{self.shop.tenant.codebase}apis/3.0", "").strip("/").removesuffix("/{id}")
            if path.endswith("/search"):
                self.searched.add(path.removesuffix("/search"))
            elif path != BEFORE_CREDENTIALS:
                self.sent[job].add((method, path))


def pairs(requests: Requests) -> set[tuple[str, str]]:
    return {(method, path) for path, methods in requests.items() for method in methods.split()}


def all_of(*parts: Requests) -> set[tuple[str, str]]:
    return set().union(*map(pairs, parts))


def test_the_page_lists_every_request_of_every_job_and_no_other(shop: Shop, tmp_path: Path) -> None:
    run = Watched(make_rich(shop))
    file = str(tmp_path / "plan.json")

    # a new customer, an hourly run, and a pull request
    run("plan", "plan")
    run("setup", "apply", "--only", "setup", *APPROVED)
    run("usage", "apply", "--only", "usage", *APPROVED)
    run("plan", "plan", "--detailed-exitcode")

    # every type of field changes
    for old, new in CHANGES:
        shop.edit(FILE, old, new)
    for old, new in (
        ("vendorLevel: Basic", "vendorLevel: Basic, inactive: true"),
        ("disableNewCrossReferences: false", "disableNewCrossReferences: true"),
        ("accessAllRecords: true", "accessAllRecords: false"),
        ("solutionName: Managed Backup", "solutionName: Managed Backups"),
    ):
        shop.edit("setup.yaml", old, new)
    shop.edit(FILE, "agreement: alder-dental}", "agreement: alder-dental, deviceType: Servers}")
    run("setup", "apply", "--only", "setup", *APPROVED)
    shop.edit(FILE, "phone: null", 'phone: "555-0200"')
    run("setup", "apply", "--only", "setup", *APPROVED)
    shop.edit(FILE, 'phone: "555-0200"', 'phone: "555-0300"')
    shop.edit(FILE, "types: []", "types: [Billing]")
    run("setup", "apply", "--only", "setup", *APPROVED)
    shop.advance(1)
    shop.uses(ALDER, "150")
    run("usage", "apply", "--only", "usage", *APPROVED)

    # drift, a look, an import, an undo
    shop.patch_live("/company/companies/1", city="Miami")
    run("plan", "plan", "--detailed-exitcode", codes=(2,))
    for command in (["show", "Company/alder-dental"], ["usage", "coverage"], ["usage", "report"], ["usage", "pull"]):
        run("plan", *command)
    run("plan", "import", "--all", "--dry-run")
    run("plan", "plan", "--undo", "4", "--out", file, codes=(0, 5))
    run("setup", "apply", file, codes=(0, 5))

    # lost responses, no bundles, short addresses, a wrong key
    shop.fault("drop:1")
    run("setup", "apply", "--only", "setup", *APPROVED)
    shop.fault("bundles-off")
    run("plan", "plan")
    shop.fault("uri-limit:size=120")
    run("plan", "plan", codes=(1,))
    shop.fault("auth-404")
    with shop.patch.context() as patch:
        patch.setenv("CONNECTWISE_PRIVATE_KEY", "wrong")
        run("plan", "plan", codes=(1,))
    shop.fault()

    # the customer and the setup are retired
    without(shop, "CustomerMapping", FILE)
    mark(shop, "Company", "Contact", "Agreement", "ManagementSolution", "Product", file=FILE)
    run("setup", "apply", "--only", "setup", *APPROVED)
    mark(shop, "ManagedDevicesIntegration", "ManagementItSolution", "IntegratorLogin", file="setup.yaml")
    run("setup", "apply", "--only", "setup", *APPROVED)
    run("usage", "apply", "--only", "usage", "--prune", *APPROVED, codes=(5,))
    (shop.folder / FILE).unlink()
    run("plan", "plan", codes=(5,))
    run("setup", "apply", "--only", "setup", "--prune", *APPROVED)

    assert run.sent["plan"] == pairs(PLAN)
    assert run.sent["setup"] - pairs(PLAN) == pairs(SETUP) - pairs(PLAN)
    assert run.sent["usage"] - pairs(READ_BY_USAGE) == pairs(USAGE) - pairs(READ_BY_USAGE)
    assert all_of(READ_BY_USAGE) <= all_of(PLAN)
    assert run.searched <= set(PLAN)


def test_the_page_has_the_endpoints_of_every_kind() -> None:
    """A new kind is on the page although the run above has no object of it."""
    for kind in all_kinds().values():
        if kind.collection is None:
            continue
        path = "/".join("{id}" if "{" in part else part for part in kind.collection.split("/"))
        assert "GET" in PLAN[path].split()
        assert {"POST", "PATCH"} <= set((SETUP if kind.declarable else USAGE)[path].split())
        for field in kind.all_fields:
            target = field.mapping.target
            tables = [table.path for table in field.mapping.tables]
            tables += [] if target is None else [path for path in (target.table, target.scope_table) if path]
            assert {PLAN[path.strip("/")] for path in tables} <= {"GET"}


# ── a role that only reads ───────────────────────────────────────────────────────────────────────────────


@prepared
def read_only(shop: Shop) -> Shop:
    """Return a shop with one customer, an hour after it was billed, whose role may only read from now on."""
    shop.only(ALDER)
    shop.apply()
    shop.advance(1)
    shop.uses(ALDER, "130")
    shop.edit("products.yaml", "price: 0.15", "price: 0.18")
    shop.fault("read-only")
    return shop


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["plan", "--detailed-exitcode"], 2),
        (["plan", "--target", "Company/alder-dental"], 0),
        (["show", "Company/alder-dental"], 0),
        (["usage", "coverage"], 0),
        (["usage", "pull"], 0),
        (["import", "--all", "--dry-run"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_reads_needs_a_role_that_only_reads(read_only: Shop, command: list[str], code: int) -> None:
    said = read_only(*command)
    assert said.code == code, said.err
    assert "403" not in said.err


def test_an_apply_with_a_role_that_only_reads_names_the_endpoint_and_what_the_role_lacks(read_only: Shop) -> None:
    said = read_only("apply", "--auto-approve")
    assert said.code == 4
    lines = {line.split()[1].rstrip(":"): line for line in said.out.splitlines() if line.startswith("failed")}
    assert "PATCH /procurement/catalog/" in lines["Product/backup-gb"]
    assert "ConnectWise responded with 403 Forbidden" in lines["Product/backup-gb"]
    assert "Procurement > Product Catalog, Edit Level: All" in said.out
    assert "PATCH /finance/agreements/" in lines["Addition/alder-dental.storage:backup-gb"]
    assert "Finance > Agreements, Edit Level: All" in said.out

    read_only.fault()
    assert read_only.apply().code == 0


def test_a_plan_names_the_function_that_it_may_not_read(read_only: Shop) -> None:
    read_only.fault("forbidden@/procurement/catalog")
    said = read_only("plan")
    assert said.code == 1
    assert said.err == (
        "error: GET /procurement/catalog: ConnectWise responded with 403 Forbidden: "
        "You do not have security permission to perform this action.\n"
        "  The security role of the API member needs Procurement > Product Catalog, Inquire Level: All. If every "
        "request is refused, check that clientId is registered at developer.connectwise.com.\n"
    )


def test_a_role_that_may_not_use_bundles_reads_each_agreement(read_only: Shop) -> None:
    read_only.fault("read-only", "forbidden@/system/bundles")
    assert read_only("plan", "--detailed-exitcode").code == 2
