"""The line of a customer that has additions with our tag already, as after a lost repository."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.additions.tag import DEFAULT_CHARGE, parse
from reconciler.importing.addition_signs import product_id
from reconciler.importing.addition_words import ids_text, undecided
from reconciler.importing.matching.model import CustomerKey, Proposal
from reconciler.importing.matching.usage import fits
from reconciler.importing.outcome import Line, number_text, quantity_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject


def customer_of_tag(addition: LiveObject) -> CustomerKey | None:
    """Return the customer in the tag of an addition. None without a tag."""
    tag = parse(addition.raw.get("serialNumber"))
    return None if tag is None else tag.customer


def tagged_line(tagged: Sequence[LiveObject], proposal: Proposal) -> Line:
    """Return the line of a customer that has additions with our tag. Raises `MissingError` if there are several.

    The line does not show the rules of its mapping, such as a minimum. If its quantity is not the usage, it had some.
    """
    if len(tagged) > 1:
        advice = "Write the mapping with its ranges or its charges by hand: the additions do not show them."
        raise undecided(tagged, f"additions {ids_text(tagged)} have its tag", advice)
    tag = parse(tagged[0].raw.get("serialNumber"))
    if tag is None or tag.period is not None or (len(tag.parts) > 3 and tag.parts[3] != DEFAULT_CHARGE):
        why = f"addition {ids_text(tagged)} has the tag of a charge or a period of its own"
        raise undecided(tagged, why, "Write the mapping with this charge by hand.")
    last_day = date_text(tagged[0].raw.get("cancelledDate"))
    if last_day is not None:
        text = f"addition {tagged[0].id} has its tag and ends on {last_day}: confirm it only if billing continues"
        return Line(product_id(tagged[0]), tagged[0], guessed=text)
    customer, additions = proposal.customer, () if proposal.agreement is None else proposal.agreement.additions
    found = next((each for each in additions if each.id == tagged[0].id), None)
    used = customer.quantity
    if found is None or used is None or found.quantity == used or fits(found, used):
        return Line(product_id(tagged[0]), tagged[0])
    text = (
        f"addition {found.id} has its tag and bills {number_text(found.quantity)}, and its usage is "
        f"{quantity_text(used, customer.unit)}: its mapping had rules that the addition does not show, "
        "such as `included`, `minimum` or `ranges`"
    )
    return Line(product_id(tagged[0]), tagged[0], guessed=text)
