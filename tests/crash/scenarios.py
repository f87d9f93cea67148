"""The scenarios of the crash matrix: each prepares a place, and names the command that is disturbed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tests.crash.estate import AGREEMENT, EXCLUSION, THREE_LINES, add_customer, write_shared
from tests.crash.place import Place

APPLY = ("apply", "--auto-approve")
USAGE = (*APPLY, "--only", "usage")
PLAN_FILE = ("apply", "{files}/plan.json")

CHANGES = (
    ("acme.yaml", "city: Tampa", 'city: Boston, phoneNumber: "555-0100"'),
    ("acme.yaml", "email: office@acme.example", "email: office@acme.example, title: Owner"),
    ("products.yaml", "price: 0.15", "price: 0.16"),
)
"""Changes in Git of three objects: the file, and the text before and after."""

AWAY = 4
"""The hours from one run to the next of some scenarios. The run reads the hours between from the console's history."""


@dataclass(frozen=True)
class Scenario:
    """A command, and its place. `prepare` begins with an empty place and leaves it in the state before `command`."""

    name: str
    prepare: Callable[[Place], None]
    command: tuple[str, ...] = APPLY
    plan: tuple[str, ...] = ("plan",)
    """The plan that is empty in the end."""
    later: Callable[[Place], None] | None = None
    """What happens before the command runs again. Without it, an undisturbed run is not followed by another."""
    done_already: int | None = None
    """The exit code of a command that refuses to run when it has been carried out, such as `--forget`."""
    daily: bool = False
    """Whether `test_crash` kills it at its points in `make test`, and not only `make crash`."""
    needs_ledger: bool = False
    """Whether a run or a plan without the ledger has less information, so that it cannot be compared after a loss."""


def ran(place: Place, *command: str, code: int = 0) -> None:
    """Run a command without a disturbance. It must end with this code."""
    ended = place.run(*command)
    assert ended.code == code, f"{command} ended with {ended.code}\n{ended.out}\n{ended.err}"


def _setup(place: Place) -> None:
    """An empty tenant, and no ledger."""
    write_shared(place)
    add_customer(place, "Acme", 120)


def _usage(place: Place) -> None:
    """An hour later, one customer has grown, and bills three lines in place of two."""
    write_shared(place)
    customer = add_customer(place, "Acme", 150, THREE_LINES)
    ran(place, *APPLY)
    place.advance()
    place.uses(customer, 250)


def _grow(place: Place) -> None:
    """Another hour later, the customer has grown more."""
    place.advance()
    (customer,) = (each.id for each in place.world.usage(place.sandbox.clock.now()))
    place.uses(customer, 290)


def _month(place: Place) -> None:
    """A new month begins, with less usage."""
    write_shared(place)
    customer = add_customer(place, "Acme", 250, THREE_LINES)
    ran(place, *APPLY)
    place.advance(24 * 30)
    place.uses(customer, 130)


def _adoption(place: Place) -> None:
    """The company has a line that was typed in by hand, which the mapping adopts."""
    write_shared(place)
    add_customer(place, "Acme", 120, "product: backup\n  adopt: true")
    ran(place, *APPLY, "--only", "setup")
    agreement, product = place.found("agreement", name="Acme - Backup"), place.found("catalogItem", identifier="BACKUP")
    line = {"product": {"id": product.id}, "quantity": 100, "billCustomer": "Billable", "unitPrice": Decimal("0.2")}
    place.tenant.create(
        f"finance/agreements/{agreement.id}/additions", {**line, "effectiveDate": "2026-11-01T00:00:00Z"}
    )


def _plan_file(place: Place) -> None:
    """A plan file is applied, and applied again after the crash."""
    _setup(place)
    ran(place, "plan", "--out", str(place.files / "plan.json"))


def _update(place: Place) -> None:
    """Fields of several objects have changed in Git."""
    write_shared(place)
    add_customer(place, "Acme", 120)
    ran(place, *APPLY)
    for name, old, new in CHANGES:
        place.edit(name, old, new)


def _rename(place: Place) -> None:
    """The documents have new names and keys, which `previously` connects with the objects."""
    write_shared(place)
    add_customer(place, "Acme", 120)
    ran(place, *APPLY)
    for kind, old_key in (("Company", "acme"), ("Agreement", "Acme - Backup")):
        head = f"kind: {kind}\nmetadata: {{name: acme"
        place.edit("acme.yaml", head, f"{head}, previously: [{old_key}]")
    place.edit("acme.yaml", "{identifier: acme, name: Acme,", "{identifier: summit, name: Summit,")
    place.edit("acme.yaml", "name: Acme - Backup", "name: Summit - Backup")
    place.edit(
        "products.yaml", "metadata: {name: backup-200}", "metadata: {name: backup-200, previously: [BACKUP-200]}"
    )
    place.edit("products.yaml", "identifier: BACKUP-200", "identifier: BACKUP-TWO")


def _prune(place: Place) -> None:
    """The mapping is gone, and its three lines are retired."""
    _usage(place)
    ran(place, *USAGE)
    head, _, mapping = (place.manifests / "acme.yaml").read_text(encoding="utf-8").rpartition("---\n")
    place.write("acme.yaml", head)
    place.write("exclusions.yaml", EXCLUSION.format(number=re.search(r'id: "(\d+)"', mapping)[1]))


def _end(place: Place, hours: int = AWAY) -> None:
    """The customer leaves: its mapping has an end, and its additions get their last day."""
    write_shared(place)
    add_customer(place, "Acme", 250, THREE_LINES)
    ran(place, *APPLY)
    place.advance(hours)
    place.edit("acme.yaml", "  solution: Backup\n  managedId", '  end: "2026-11-20"\n  solution: Backup\n  managedId')


def _end_late(place: Place) -> None:
    """The same, and the end is a day that has passed, of which a run without the ledger has no figure."""
    _end(place, 24 * 2)
    place.edit("acme.yaml", "2026-11-20", "2026-11-02")


def _move(place: Place) -> None:
    """The mapping moves to another agreement in the middle of a month that is not invoiced."""
    write_shared(place)
    add_customer(place, "Acme", 250, THREE_LINES)
    place.write("second.yaml", AGREEMENT.format(name="Second", company="acme"))
    ran(place, *APPLY)
    place.advance(AWAY)
    place.edit("acme.yaml", "  agreement: acme\n  solution", "  agreement: second\n  solution")


def _move_invoiced(place: Place) -> None:
    """The same, and the month is invoiced on the old agreement: the new one bills from the next month on."""
    _move(place)
    agreement = place.found("agreement", name="Acme - Backup")
    about = {"company": {"id": agreement.data["company"]["id"]}, "agreement": {"id": agreement.id}}
    place.tenant.create("finance/invoices", {"type": "Agreement", **about})


def _retire(place: Place) -> None:
    """All documents of the customer say that their objects are retired, and its mapping is gone."""
    _prune(place)
    text = (place.manifests / "acme.yaml").read_text(encoding="utf-8")
    place.write("acme.yaml", text.replace("metadata: {name: acme}", "metadata: {name: acme, ensure: retired}"))


def _undeclared(place: Place) -> None:
    """An agreement that we made is no longer declared, and is retired by `--prune` or forgotten."""
    write_shared(place)
    add_customer(place, "Acme", 120)
    place.write("second.yaml", AGREEMENT.format(name="Second", company="acme"))
    ran(place, *APPLY)
    (place.manifests / "second.yaml").unlink()


def _undo_update(place: Place) -> None:
    """The run that changed fields is undone by a plan file."""
    _update(place)
    ran(place, *APPLY)
    for name, old, new in CHANGES:
        place.edit(name, new, old)
    ran(place, "plan", "--undo", "2", "--out", str(place.files / "plan.json"))


def _undo_setup(place: Place) -> None:
    """The run that made everything is undone by a plan file."""
    _setup(place)
    ran(place, *APPLY)
    ran(place, "plan", "--undo", "1", "--out", str(place.files / "plan.json"))


def _pull(place: Place) -> None:
    """An hour later, a command only pulls the usage. It has not changed, so nothing is to be billed."""
    write_shared(place)
    add_customer(place, "Acme", 150, THREE_LINES)
    ran(place, *APPLY)
    place.advance()


def _import(place: Place) -> None:
    """The tenant has the estate of two customers, and of the manifests only the workspace is left."""
    write_shared(place)
    for name in ("Acme", "Birch"):
        add_customer(place, name, 250, THREE_LINES)
    ran(place, *APPLY)
    for path in place.manifests.glob("*.yaml"):
        if path.name != "workspace.yaml":
            path.unlink()


def _import_more(place: Place) -> None:
    """The same after an import, and a person has added a contact and a company: files that stand get more documents."""
    _import(place)
    ran(place, "import")
    company = place.found("company", identifier="acme")
    about = {"company": {"id": company.id}, "firstName": "Grace", "lastName": "Hopper"}
    place.tenant.create("company/contacts", about)


def _confirm(place: Place) -> None:
    """Two mappings are proposed, in files of their own."""
    write_shared(place)
    for name in ("Acme", "Birch"):
        add_customer(place, name, 120)
        head = "kind: CustomerMapping\nmetadata: {"
        place.edit(f"{name.lower()}.yaml", head, f"{head}proposed: true, ")
    ran(place, *APPLY, "--only", "setup")


SCENARIOS = (
    Scenario("setup", _setup),
    Scenario("update", _update),
    Scenario("usage", _usage, USAGE, daily=True),
    Scenario("next hour", _usage, USAGE, later=_grow),
    Scenario("month", _month, USAGE),
    Scenario("adoption", _adoption, USAGE, daily=True),
    Scenario("plan file", _plan_file, PLAN_FILE),
    Scenario("rename", _rename, daily=True),
    Scenario("prune", _prune, (*USAGE, "--prune")),
    Scenario("end", _end, daily=True),
    Scenario("end, late", _end_late, needs_ledger=True),
    Scenario("move", _move, daily=True),
    Scenario("move, invoiced", _move_invoiced),
    Scenario("retire", _retire, (*APPLY, "--prune"), daily=True),
    Scenario("prune setup", _undeclared, (*APPLY, "--prune"), needs_ledger=True, daily=True),
    Scenario("forget", _undeclared, (*APPLY, "--forget", "Agreement/second"), needs_ledger=True, done_already=1),
    Scenario("undo update", _undo_update, PLAN_FILE, daily=True),
    Scenario("pull", _pull, ("usage", "pull")),
    Scenario("import", _import, ("import",), ("plan", "--only", "setup")),
    Scenario("import more", _import_more, ("import", "--all"), ("plan", "--only", "setup")),
    Scenario("confirm", _confirm, ("import", "--confirm", "all"), ("plan", "--only", "setup"), done_already=1),
    Scenario(
        "undo setup", _undo_setup, (*PLAN_FILE, "--approve", "retirements"), ("plan", "--undo", "1"), needs_ledger=True
    ),
)
