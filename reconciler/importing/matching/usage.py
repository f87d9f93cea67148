"""Compare usage with the quantities of additions that were typed in by hand.

A fit is weak evidence: among many additions some fit by chance. So it counts by how rare such a fit is in this estate.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.model import (
    CandidateAddition,
    CandidateAgreement,
    CandidateCompany,
    Customer,
)

TOLERANCE = Decimal("0.05")
"""A quantity fits if it differs from the usage by at most this share of the usage."""

_BACKUP = re.compile(
    r"backup|back up|\bcove\b|storage|recovery|\bbdr\b|\bbcdr\b|data protection|disaster|\bveeam\b|\bdatto\b|acronis"
    r"|sicherung|sauvegarde|respaldo|copia de seguridad|copie de sauvegarde|reserveko|kopia zapasowa|zaloh|varmuuskop"
    r"|sikkerhetskop|sikkerhedskop|\b(?:gb|tb|gib|tib)\b|per gb"
)


_TELLING_USAGE = Decimal(20)
_FITS_AT_LEAST = 8
"""The number of different quantities of a product that have to fit."""
_MORE = re.compile(r"support|managed|manage|service|wartung|betreuung|maintenance|flat|all-in|contrat|\bit\b")
_COUNTED = re.compile(
    r"per (?:user|seat|mailbox|device|endpoint|server|workstation|hour|licen[cs]e)|\b(?:users?|seats?|licen[cs]es?"
    r"|mailbox(?:es)?|hours?)\b|\b[mo]365\b|microsoft 365|office 365|\bpro (?:user|benutzer)\b|\bpar utilisateur\b"
)
"""Words of products that count users or devices. Their quantity is not storage."""


def for_backup(*texts: str) -> bool:
    """Return whether the name of a product or an agreement names backup or storage, and no users."""
    return any(_BACKUP.search(text) and not _COUNTED.search(text) for text in map(plain, texts))


def for_backup_alone(name: str) -> bool:
    """Return whether the name of an agreement names backup, and no other service."""
    return for_backup(name) and not _MORE.search(plain(name))


def fits(addition: CandidateAddition, usage: Decimal | None) -> bool:
    """Return whether an addition's quantity is the usage, within 5 % or rounded up to the next whole number."""
    quantity = addition.quantity
    if quantity is None or usage is None or quantity <= 0 or usage <= 0:
        return False
    return abs(quantity - usage) <= usage * TOLERANCE or quantity == usage.to_integral_value(ROUND_CEILING)


def fit_text(addition: CandidateAddition, customer: Customer) -> str:
    """Return what an addition bills and what the usage is, with the difference in percent."""
    quantity, usage = addition.quantity or Decimal(0), customer.quantity or Decimal(0)
    share = 100 * abs(quantity - usage) / (usage or Decimal(1))
    bills, used = _figure(quantity), _figure(usage)
    return f"addition {addition.id} bills {bills} {customer.unit}; usage is {used} {customer.unit} ({share:.1f} % off)"


def _figure(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.1')).normalize():f}"


def open_additions(agreement: CandidateAgreement) -> Iterator[CandidateAddition]:
    """Yield the additions that bill now and have no tag."""
    return (each for each in agreement.additions if each.live and not each.tagged)


def live_agreements(company: CandidateCompany) -> tuple[CandidateAgreement, ...]:
    """Return the agreements that bill now."""
    return tuple(each for each in company.agreements if each.active)


def fitting_addition(company: CandidateCompany, customer: Customer) -> CandidateAddition | None:
    """Return the addition for backup of a company that fits the customer's usage best.

    If nothing is known of a product, it may be for backup too.
    """
    usage = customer.quantity or Decimal(0)
    found = [
        (abs((each.quantity or Decimal(0)) - usage), each.id, each)
        for agreement in live_agreements(company)
        for each in open_additions(agreement)
        if fits(each, usage) and may_be_storage(each)
    ]
    return min(found, key=lambda item: item[:2])[2] if found else None


def may_be_storage(addition: CandidateAddition) -> bool:
    """Return whether an addition may bill storage: its product is for backup, or nothing is known of it."""
    return not addition.product or for_backup(addition.product)


class StorageProducts(NamedTuple):
    """The products that bill storage by their quantities, whatever their names."""

    sure: frozenset[int] = frozenset()
    """Products whose quantities follow the usage of many customers."""
    likely: frozenset[int] = frozenset()
    """These, and products that follow the usage of few customers. No new addition is made beside one of them."""


def storage_products(pairs: Iterable[tuple[Customer, CandidateCompany]]) -> StorageProducts:
    """Return the products whose quantities follow the usage of their customers, whatever their names.

    `pairs` are customers with the company of their name. Tiny usage is left out: anything of quantity 1 would fit it.
    Additions with a tag count too, so that an import after the first apply learns the same.
    """
    seen: Counter[int] = Counter()
    fitting: defaultdict[int, list[Decimal]] = defaultdict(list)
    for customer, company in pairs:
        if customer.quantity is None or customer.quantity < _TELLING_USAGE:
            continue
        additions = [each for agreement in live_agreements(company) for each in agreement.additions if each.live]
        seen.update({each.product_id for each in additions if each.quantity})
        for product_id, quantity in {
            each.product_id: each.quantity for each in additions if _follows(each, customer)
        }.items():
            fitting[product_id].append(quantity or Decimal(0))
    return StorageProducts(
        frozenset(
            product_id
            for product_id, found in fitting.items()
            if len(set(found)) >= _FITS_AT_LEAST and 2 * len(found) >= seen[product_id]
        ),
        frozenset(product_id for product_id, found in fitting.items() if 4 * len(found) >= seen[product_id]),
    )


def may_follow(addition: CandidateAddition, customer: Customer) -> bool:
    """Return whether the quantity of an addition is the usage of a customer, and not by chance."""
    return (customer.quantity or 0) >= _TELLING_USAGE and _follows(addition, customer)


def _follows(addition: CandidateAddition, customer: Customer) -> bool:
    return fits(addition, customer.quantity) and not _COUNTED.search(plain(addition.product))


class Quantities:
    """The quantities of all additions that could be adopted. They say how rare a fit is."""

    def __init__(self, companies: Iterable[CandidateCompany]) -> None:
        self._sorted: list[Decimal] = []
        self._companies = 0
        for company in companies:
            agreements = live_agreements(company)
            additions = (each for one in agreements for each in open_additions(one))
            found = {each.quantity for each in additions if each.quantity and may_be_storage(each)}
            self._sorted += found
            self._companies += bool(found)
        self._sorted.sort()

    def rarity(self, usage: Decimal) -> float:
        """Return how rare a fit with this usage is, in bits: 7 means that one company in 128 fits by chance."""
        margin = usage * TOLERANCE
        count = bisect_right(self._sorted, usage + margin) - bisect_left(self._sorted, usage - margin)
        return max(0.0, math.log2((self._companies + 1) / max(count, 1)))
