"""Write the page `import-review.md`: what import proposes and leaves out, for a person to confirm or to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from reconciler.importing.estate import LeftOut
from reconciler.importing.matching.model import CandidateCompany
from reconciler.importing.outcome import Groups, Missing, Outcome, number_text, quantity_text
from reconciler.importing.usage import Usage
from reconciler.kinds.base import attribute_of
from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.values import plain_decimal
from reconciler.manifests.documents import Document, Manifests
from reconciler.rendering.markdown.escape import text as escaped
from reconciler.rendering.paint import safe

REVIEW_FILE: Final = "import-review.md"
"""The loader reads only `*.yaml` and `*.yml`, so this file is no manifest."""
_FIELD: Final = re.compile(r"- `(?P<address>\w+/[\w.-]+)` `(?P<field>[^`]+)`: ")
"""A line about a field that is left out."""
_ABOUT_PROPOSED: Final = (
    "These mappings are written with `proposed: true`. They are checked and listed, and nothing is done for them.",
    "",
    "- Right: `reconciler import --confirm ADDRESS`, or `--confirm all` for all of them.",
    "- Wrong: correct the document in its file and remove `proposed: true`, or delete it.",
)
_ABOUT_OPEN: Final = (
    "Nothing is written for these customers. Write a `CustomerMapping` for the right company, or an `Exclusion` with",
    "the reason why the customer is not billed.",
)
_ABOUT_MISSING: Final = (
    "The company of these customers is known, but a person has to decide the rest. Nothing is written for them: each",
    "entry says what to write.",
)
_ABOUT_MAPPED: Final = (
    "An id, a tag or a person decided these. An addition shows no minimum and no other ranges: compare with what you",
    "agreed.",
)


def review_text(
    outcomes: Sequence[Outcome],
    left_out: Sequence[LeftOut],
    usage: Usage,
    products: Mapping[int, str],
    carried: Sequence[str] = (),
) -> str:
    """Return the page. `products` has the identifiers of products by id, `carried` the lines of `carried_over`."""
    groups = Groups.of(outcomes)
    lines = [
        "# Import review",
        "",
        "Written by `reconciler import`. It is no manifest: change the manifests, not this page.",
        "",
        f"Customers: {groups.summary()}",
    ]
    for source, reason in usage.unread:
        lines += [
            "",
            f"The source {escaped(source)} could not be read, so nothing is proposed for it: {escaped(reason)}",
        ]
    lines += _section("Proposed", _ABOUT_PROPOSED, groups.proposed, products)
    lines += _section("Only the company is known", _ABOUT_MISSING, groups.missing, products)
    lines += _section("Open", _ABOUT_OPEN, groups.open, products)
    lines += _section("Mapped", _ABOUT_MAPPED, groups.mapped, products)
    lines += _left_out(left_out, carried)
    return "\n".join(lines) + "\n"


def _section(
    title: str, about: Sequence[str], outcomes: Sequence[Outcome], products: Mapping[int, str]
) -> Iterator[str]:
    yield from ("", f"## {title} ({len(outcomes)})", "")
    yield from about
    for each in outcomes:
        yield from _entry(each, products)


def _entry(outcome: Outcome, products: Mapping[int, str]) -> Iterator[str]:
    proposal, customer = outcome.proposal, outcome.proposal.customer
    yield from ("", f"### {escaped(customer.name) or '(no name)'} – {escaped(f'{customer.source}/{customer.id}')}", "")
    if outcome.mapping is not None:
        yield f"- document: `{outcome.mapping}` ({outcome.confidence})"
    yield f"- usage: {quantity_text(customer.quantity, customer.unit)}"
    if proposal.company is not None:
        sure = "" if outcome.missing is None else f", {outcome.confidence}"
        yield f"- company: {_named(proposal.company)}{sure}"
    if proposal.agreement is not None:
        yield f"- agreement: {escaped(proposal.agreement.name)} (id {proposal.agreement.id})"
    yield from _bills(outcome, products)
    yield from (f"- look at: {escaped(each)}" for each in outcome.notes)
    yield from (f"- evidence: {escaped(each)}" for each in proposal.evidence)
    yield from (f"- open because: {escaped(each)}" for each in outcome.reasons)
    if outcome.missing is not None:
        yield from _missing(outcome.missing, products)
        return
    for candidate in proposal.candidates if outcome.mapping is None else ():
        because = "; ".join(map(escaped, candidate.evidence))
        yield f"- candidate: {_named(candidate.company)}, score {candidate.score}: {because}"


def _missing(missing: Missing, products: Mapping[int, str]) -> Iterator[str]:
    """Yield the reason why no mapping is written, the possible choices, and the advice."""
    yield f"- The company is known, but {escaped(missing.why)}."
    yield from (f"- agreement in question: {escaped(each.name)} (id {each.id})" for each in missing.agreements)
    for each in missing.additions:
        product = each.raw.get("product") or {}
        name = products.get(int(product.get("id") or 0)) or str(product.get("identifier") or "no product")
        price = number_text(each.raw.get("unitPrice"))
        at = "" if price is None else f" at {price}"
        quantity = number_text(each.raw.get("quantity") or 0)
        yield f"- addition in question: {each.id}, which bills {quantity} of {escaped(name)}{at}"
    yield f"- to do: {safe(missing.advice)}"


def _named(company: CandidateCompany) -> str:
    return f"{escaped(company.name)} ({escaped(company.identifier)}, id {company.id})"


def _bills(outcome: Outcome, products: Mapping[int, str]) -> Iterator[str]:
    """Yield what the mapping would bill, and what the addition bills now."""
    line = outcome.line
    if line is None:
        return
    yield f"- product: {escaped(products.get(line.product_id, f'id {line.product_id}'))}"
    if line.addition is not None:
        raw = line.addition.raw
        quantity, price = Decimal(raw.get("quantity") or 0), raw.get("unitPrice")
        at = "" if price is None else f" at {plain_decimal(Decimal(price))}"
        included = Decimal(raw.get("lessIncluded") or 0)
        less = f", less {plain_decimal(included)} included" if included else ""
        what = "takes over" if line.adopt else "keeps"
        yield f"- {what} addition {line.addition.id}, which bills {plain_decimal(quantity)}{less}{at}"


def _left_out(left_out: Sequence[LeftOut], carried: Sequence[str]) -> Iterator[str]:
    lines = sorted({*carried, *(f"- {_what(each)}: {escaped(each.reason)}" for each in left_out)})
    yield from ("", f"## Left out ({len(lines)})", "")
    yield "These objects and fields cannot be declared. ConnectWise keeps them as they are."
    if lines:
        yield ""
    yield from lines


def _what(left_out: LeftOut) -> str:
    """Return the name of what is left out. An address and a field have the form that `carried_over` finds again."""
    if left_out.field is None:
        return escaped(left_out.what)
    field = safe(left_out.field).replace("`", " ")
    return f"`{left_out.what}` `{field}`"


def carried_over(text: str, manifests: Manifests) -> list[str]:
    """Return the lines of an older page about fields that existing documents still leave out.

    A second import does not compare existing documents, so it cannot find these fields again.
    """
    found: list[str] = []
    for line in text.splitlines():
        match = _FIELD.match(line)
        document = None if match is None else manifests.by_address.get(match["address"])
        if match is not None and document is not None and _is_left_out(document, match["field"].partition(".")[0]):
            found.append(line)
    return found


def _is_left_out(document: Document, field: str) -> bool:
    attribute = attribute_of(document.kind.spec, field)
    value = None if attribute is None else getattr(document.spec, attribute, None)
    return field not in document.declared or isinstance(value, EnvSecret | FileSecret | Mapping)
