"""Damages: each changes a name as people and exports do."""

from __future__ import annotations

import html
from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.importing.matching.pools import ACCENTS, FORMS, OTHER_FORM, SHORT, TWO_LETTERS


class Firm(Protocol):
    """What a damage knows of a company."""

    land: str
    form: str
    city: str


Damage = Callable[[Random, str, Firm], str]


def no_form(random: Random, name: str, firm: Firm) -> str:
    return name.removesuffix(firm.form).strip(" ,") if firm.form else name


def other_form(random: Random, name: str, firm: Firm) -> str:
    if not firm.form or not name.endswith(firm.form):
        return name
    return name.removesuffix(firm.form) + OTHER_FORM.get(firm.form, firm.form)


def new_form(random: Random, name: str, firm: Firm) -> str:
    return name if firm.form else f"{name} {random.choice([form for form in FORMS[firm.land] if form])}"


def comma_before_form(random: Random, name: str, firm: Firm) -> str:
    if not firm.form or not name.endswith(firm.form):
        return name
    return f"{name.removesuffix(firm.form).strip()}, {firm.form}"


def blanks(random: Random, name: str, firm: Firm) -> str:
    blank = random.choice(["  ", "\u00a0", " \u200b", "\t", "\u2009"])
    return random.choice([" ", ""]) + name.replace(" ", blank) + random.choice([" ", "\u00a0", ""])


def upper(random: Random, name: str, firm: Firm) -> str:
    return name.upper()


def lower(random: Random, name: str, firm: Firm) -> str:
    return name.lower()


def no_accents(random: Random, name: str, firm: Firm) -> str:
    return name.translate(ACCENTS)


def two_letters(random: Random, name: str, firm: Firm) -> str:
    return "".join(TWO_LETTERS.get(char, char) for char in name)


def ampersand(random: Random, name: str, firm: Firm) -> str:
    word = {"us": "and", "de": "und", "fr": "et", "es": "y", "nl": "en", "no": "og"}[firm.land]
    return name.replace("&", random.choice([word, "+"])) if "&" in name else name.replace(f" {word} ", " & ")


def order(random: Random, name: str, firm: Firm) -> str:
    words = name.removesuffix(firm.form).split()
    return f"{words[-1]}, {' '.join(words[:-1])}" if len(words) > 1 else name


def short(random: Random, name: str, firm: Firm) -> str:
    return " ".join(SHORT.get(word, word) for word in name.split())


def escaped(random: Random, name: str, firm: Firm) -> str:
    return html.escape(name).replace("ü", "&uuml;").replace("ö", "&#246;").replace("é", "&eacute;")


def punctuation(random: Random, name: str, firm: Firm) -> str:
    return random.choice([name.replace(".", ""), name.replace("'", "’"), name.replace(" ", "-", 1), f"{name}."])


def swapped_letters(random: Random, name: str, firm: Firm) -> str:
    place = random.randrange(1, max(2, len(name) - 2))
    return name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]


def lost_letter(random: Random, name: str, firm: Firm) -> str:
    place = random.randrange(1, len(name))
    return name[:place] + name[place + 1 :]


def doubled_letter(random: Random, name: str, firm: Firm) -> str:
    place = random.randrange(len(name))
    return name[:place] + name[place] + name[place:]


def wrong_letter(random: Random, name: str, firm: Firm) -> str:
    place = random.randrange(1, len(name))
    return name[:place] + random.choice("aeiounrstl") + name[place + 1 :]


def decorated(random: Random, name: str, firm: Firm) -> str:
    return name + random.choice([" (Trial)", " - Backup", " [Cove]", " Backup", " - M365"])


def with_city(random: Random, name: str, firm: Firm) -> str:
    return f"{name} ({firm.city})"


def with_the(random: Random, name: str, firm: Firm) -> str:
    return f"The {name}" if firm.land == "us" else name


DAMAGES: list[Damage] = [
    no_form, other_form, new_form, comma_before_form, blanks, upper, lower, no_accents, two_letters,
    ampersand, order, short,
    escaped, punctuation, swapped_letters, lost_letter, doubled_letter, wrong_letter, decorated, with_city,
    with_the,
]  # fmt: skip
