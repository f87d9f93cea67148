"""The companies of ConnectWise and their contacts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

from reconciler.sandbox.connectwise import rules
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.custom import custom_values
from reconciler.sandbox.messy.firms import Firm
from reconciler.sandbox.messy.places import FIRST_NAMES, FREE_MAIL, LAST_NAMES, TITLES
from reconciler.sandbox.messy.setup import Setup
from reconciler.sandbox.messy.work import STAFF, Work

_LONGEST_NAME: Final = 156


@dataclass(frozen=True, slots=True)
class Look:
    """The data of a company, apart from its name.

    `identifier` is its Company ID, by default the firm's own. `domain` says whether contacts have e-mail at the domain
    of the firm, `bare` that the country is all that is known of its address, and `contacts` how many contacts it has.
    """

    identifier: str = ""
    status: str = "Active"
    kind: str = "Customer"
    domain: bool = True
    bare: bool = False
    contacts: int | None = None
    account: bool = False


def add_company(work: Work, setup: Setup, dice: Random, firm: Firm, name: str, look: Look) -> Row:
    """Add a company with its contacts, as entered some years ago."""
    days_ago = dice.randrange(900, 2000)
    place = firm.place
    address: dict[str, Any] = {"country": {"name": place.country}}
    if not look.bare:
        address |= {"addressLine1": firm.street[:50], "city": place.city, "state": place.state, "zip": place.zip_code}
    if chance(dice, 60):
        address["addressLine2"] = dice.choice(("2nd floor", "c/o Front Desk", "Postfach 12", "#4"))
    body: dict[str, Any] = {
        "identifier": look.identifier or firm.identifier,
        "name": name[:_LONGEST_NAME],
        "status": {"name": look.status},
        "types": [{"name": look.kind}],
        **address,
    }
    if look.account:
        body["accountNumber"] = firm.account
    if chance(dice, 400):
        body["phoneNumber"] = f"{place.dials} {dice.randrange(10**6, 10**7)}"
    if look.domain and chance(dice, 450):
        body["website"] = dice.choice((f"https://{firm.domain}", f"www.{firm.domain}"))
    if chance(dice, 60):
        body |= {"numberOfEmployees": dice.randrange(1, 900), "annualRevenue": Decimal(dice.randrange(10**7)) / 100}
    if values := custom_values(setup.fields, dice, "company"):
        body["customFields"] = values
    company = work.enter("company", body, dice, days_ago=days_ago)
    count = pick(dice, {1: 70, 2: 22, 3: 6, 4: 2}) if look.contacts is None else look.contacts
    emails = work.mails[company.id] = []
    for place_ in range(count):
        _add_contact(work, setup, dice, company, firm, look, emails, first=place_ == 0, days_ago=days_ago)
    if chance(dice, 300):
        work.touched(company, dice.choice(STAFF), hours_ago=dice.randrange(1, 20_000))
    return company


def delete_company(work: Work, company: Row) -> None:
    """Delete a company that no object refers to, as ConnectWise does: it stays readable, marked as deleted."""
    with work.tenant.acting_as(STAFF[0]):
        rules.of("company").delete(work.tenant, company)


def contact_of(company: Row) -> int:
    """Return the id of the default contact of a company that has contacts."""
    return int(company.data["defaultContact"]["id"])


def _add_contact(
    work: Work,
    setup: Setup,
    dice: Random,
    company: Row,
    firm: Firm,
    look: Look,
    emails: list[str],
    *,
    first: bool,
    days_ago: int,
) -> None:
    given, family = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    body: dict[str, Any] = {"firstName": given, "company": {"id": company.id}}
    if not chance(dice, 60):
        body["lastName"] = family
    if not first and chance(dice, 200):
        body["inactiveFlag"] = True
    if chance(dice, 200):
        body["title"] = dice.choice(TITLES)
    items: list[dict[str, Any]] = []
    if emails and chance(dice, 250):
        items.append({"value": emails[0], "communicationType": "Email", "defaultFlag": True})
    elif not chance(dice, 120):
        email = _email(dice, given, family, firm, look)
        emails.append(email)
        items.append({"value": email, "communicationType": "Email", "defaultFlag": True})
    if chance(dice, 150):
        phone = f"{firm.place.dials} {dice.randrange(10**6, 10**7)}"
        items.append({"value": phone, "communicationType": "Phone", "extension": str(dice.randrange(1, 99))})
    if items:
        body["communicationItems"] = items
    if values := custom_values(setup.fields, dice, "contact"):
        body["customFields"] = values
    work.enter("contact", body, dice, days_ago=days_ago - dice.randrange(10))


def _email(dice: Random, given: str, family: str, firm: Firm, look: Look) -> str:
    person = f"{given}.{family}".replace("'", "").replace(" ", "")
    if not look.domain or chance(dice, 130):
        return f"{person}{dice.randrange(100)}@{dice.choice(FREE_MAIL)}"
    return f"{dice.choice((person, 'info', 'office', person.lower()))}@{firm.domain}"
