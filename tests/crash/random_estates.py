"""Random estates, disturbed several times in a row: the part of `make crash` that finds cases which no scenario has.

An estate of several customers is applied. Then some of them grow, leave, move, change or join, and one apply does all
of it with many requests at the same time. That apply is disturbed at a random point, up to `TIMES` times, each time
in a random way. What the last, undisturbed apply leaves is compared as in `matrix`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tests.crash.estate import AGREEMENT, EXCLUSION, ONE_PRICE, THREE_LINES, add_customer, write_shared
from tests.crash.jobs import BROKEN, Disturbance
from tests.crash.matrix import MODES, Found, Undisturbed, check_again, check_end, run
from tests.crash.place import Place
from tests.crash.scenarios import APPLY, Scenario, ran

CONCURRENCY = 8
TIMES = 4


@dataclass(frozen=True)
class Customer:
    """A customer of a random estate: its name in manifests, and its id in the console."""

    slug: str
    number: int


def scenario(seed: int, customers: int) -> Scenario:
    """Return the scenario of a seed. In every second one, a tag is cleared by hand."""
    clears = seed % 2 == 0
    return Scenario(
        f"seed {seed}",
        lambda place: _prepare(place, Random(seed), customers, clears=clears),
        (*APPLY, "--prune"),
        needs_ledger=clears,
    )


def _prepare(place: Place, chance: Random, customers: int, *, clears: bool) -> None:
    write_shared(place, CONCURRENCY)
    known = [_join(place, chance, f"Firm {number}") for number in range(customers)]
    ran(place, *APPLY)
    place.advance(chance.randrange(1, 12))
    events = (_grow, _grow, _stay, _change, _leave, _end, _move, *([_clear_tag] if clears else ()))
    for customer in known:
        chance.choice(events)(place, chance, customer)
    for number in range(customers, customers + 2):
        _join(place, chance, f"Firm {number}")


def _join(place: Place, chance: Random, name: str) -> Customer:
    number = add_customer(place, name, chance.randrange(1, 400), chance.choice((ONE_PRICE, THREE_LINES)))
    return Customer(name.lower().replace(" ", "-"), number)


def _stay(place: Place, chance: Random, customer: Customer) -> None:
    """Change nothing."""


def _grow(place: Place, chance: Random, customer: Customer) -> None:
    place.uses(customer.number, chance.randrange(1, 400))


def _change(place: Place, chance: Random, customer: Customer) -> None:
    place.edit(f"{customer.slug}.yaml", "city: Tampa", f"city: Town {chance.randrange(100)}")
    place.edit(f"{customer.slug}.yaml", "email: office@", "title: Owner, email: office@")


def _leave(place: Place, chance: Random, customer: Customer) -> None:
    """Replace the mapping by an exclusion, so that `--prune` ends its additions."""
    head, _, _ = (place.manifests / f"{customer.slug}.yaml").read_text(encoding="utf-8").rpartition("---\n")
    place.write(f"{customer.slug}.yaml", head)
    exclusion = EXCLUSION.replace("name: left", f"name: {customer.slug}")
    place.write(f"{customer.slug}-left.yaml", exclusion.format(number=customer.number))


def _end(place: Place, chance: Random, customer: Customer) -> None:
    last = f'  end: "2026-11-{chance.randrange(22, 31)}"\n  solution: Backup\n  managedId'
    place.edit(f"{customer.slug}.yaml", "  solution: Backup\n  managedId", last)


def _move(place: Place, chance: Random, customer: Customer) -> None:
    """Move the mapping to a new agreement, perhaps after the old one was invoiced."""
    slug, second = customer.slug, f"{customer.slug}-second"
    place.write(
        f"{second}.yaml", AGREEMENT.replace("name: second", f"name: {second}").format(name=second, company=slug)
    )
    place.edit(f"{slug}.yaml", f"  agreement: {slug}\n  solution", f"  agreement: {second}\n  solution")
    if chance.random() < 0.5:
        name = f"{slug.replace('-', ' ').title()} - Backup"
        old = place.found("agreement", name=name)
        about = {"company": {"id": old.data["company"]["id"]}, "agreement": {"id": old.id}}
        place.tenant.create("finance/invoices", {"type": "Agreement", **about})


def _clear_tag(place: Place, chance: Random, customer: Customer) -> None:
    """Clear the tag of an addition by hand."""
    mark = f"rc:cove/{customer.number}/"
    for row in place.tenant.tables["addition"].rows.values():
        if row.data.get("serialNumber", "").startswith(mark):
            place.tenant.update("addition", row, {"serialNumber": ""})
            return


def disturbed_in_a_row(place: Place, whole: Undisturbed, chance: Random) -> Found:
    """Disturb the apply of a random estate several times, and return what the last one leaves.

    Of a run with many requests at the same time, the points differ a little each time; it may end before its point.
    """
    place.restore(whole.before)
    lost, modes = False, [mode for mode in MODES if not (mode.loses_ledger and whole.scenario.needs_ledger)]
    for _ in range(chance.randrange(1, TIMES + 1)):
        mode = chance.choice(modes)
        points = whole.points(mode)
        found = Found(chance.choice(points), mode, whole.scenario)
        first = run(place, whole.scenario, Disturbance(found.point.number, mode.how))
        found.code = first.code
        if first.code == BROKEN:
            found.faults.append(f"it ended with an error\n{first.err}")
            break
        place.settle()
        lost |= mode.loses_ledger
        if mode.loses_ledger:
            place.lose_ledger()
    check_again(whole, run(place, whole.scenario), found)
    final = replace(mode, loses_ledger=lost)
    check_end(place, whole, final, place.run("--json", *whole.scenario.plan), found)
    return found
