"""The made-up firms: name, legal form, address and domain, all from the seed and a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product
from random import Random
from typing import Final

from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.legal import FORMS
from reconciler.sandbox.messy.places import PLACES, STREETS, Place
from reconciler.sandbox.messy.spelling import ascii_letters
from reconciler.sandbox.messy.words import FAMILY, LOOK_ALIKE, ONE_LETTER, PARTNER_TRADES, PARTNERS, ROOTS, TRADES

_LONGEST_IDENTIFIER: Final = 20


@dataclass(frozen=True)
class Firm:
    """One firm without damages. `form` is its legal form with the separator before it, or empty.

    Firms with different numbers differ in root or trade, and so in at least three letters.
    """

    number: int
    core: str
    form: str
    language: str
    place: Place
    street: str

    @property
    def name(self) -> str:
        """Return the full name."""
        return self.core + self.form

    @cached_property
    def slug(self) -> str:
        """Return the letters and digits of the name in lower case."""
        return ascii_letters(self.core)

    @property
    def domain(self) -> str:
        """Return the domain of its website and its e-mail."""
        return f"{self.slug[:40]}.example"

    @property
    def account(self) -> str:
        """Its customer number in the bookkeeping."""
        return str(10_000 + self.number)

    @cached_property
    def identifier(self) -> str:
        """Its Company ID in ConnectWise, unique without case."""
        if self.number % 2 or len(self.slug) > _LONGEST_IDENTIFIER:
            return self.code
        return self.slug.upper()

    @property
    def code(self) -> str:
        """Return the beginning of its name with its customer number. It never equals its name."""
        return f"{self.slug[:8].upper()}{self.account}"

    @property
    def initials(self) -> str:
        """Return the first letters of its words: `ABC` for Alpha Beta Company."""
        return "".join(word[0] for word in self.core.split() if word[0].isalpha()).upper()


class Firms:
    """Hands out the firms of a seed, each one once. The first 14,000 have a root and a trade of their own."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._names = [
            (language, root, "", trade) for language in ROOTS for root in ROOTS[language] for trade in TRADES[language]
        ]
        self._names += [
            ("en", one, f"& {other}", trade) for one, other in combinations(PARTNERS, 2) for trade in PARTNER_TRADES
        ]
        Random(f"{seed}/firms").shuffle(self._names)  # noqa: S311 - made-up names, no secrets
        self._pairs = list(product(ONE_LETTER, TRADES["en"]))
        Random(f"{seed}/pairs").shuffle(self._pairs)  # noqa: S311 - as above
        self._next = 0

    def number(self) -> int:
        """Return a number for a firm that the caller derives from another one."""
        self._next += 1
        return self._next - 1

    def next(self) -> Firm:
        """Return the next firm."""
        number = self.number()
        dice = Random(f"{self._seed}/firm/{number}")  # noqa: S311 - as above
        round_, place = divmod(number, len(self._names))
        language, root, middle, trade = self._names[place]
        if not middle and chance(dice, 150):  # the share of family firms
            middle = dice.choice(FAMILY[language])
        second = ROOTS[language][(place + round_) % len(ROOTS[language])] if round_ else ""
        core = " ".join(filter(None, (root, second, middle, trade)))
        forms = FORMS[language]
        form = dice.choices((*forms, ""), (*range(3 * len(forms), len(forms), -2), len(forms)))[0]
        return located(Firm(number, core, form, language, PLACES[language][0], ""), dice)

    def one_letter_apart(self, dice: Random) -> tuple[Firm, Firm] | None:
        """Return two firms at different places whose names differ in one letter, or None after the last pair."""
        if not self._pairs:
            return None
        surnames, trade = self._pairs.pop()
        form, places = dice.choice(FORMS["en"]), dice.sample(PLACES["en"], 2)
        one, other = (
            replace(located(Firm(self.number(), f"{surname} {trade}", form, "en", place, ""), dice), place=place)
            for surname, place in zip(dice.sample(surnames, 2), places, strict=True)
        )
        return one, other

    def look_alike(self, of: Firm, dice: Random, last: str = "") -> Firm:
        """Return another firm whose name is the one of `of` with one more word, at another place."""
        word = last or dice.choice(LOOK_ALIKE[of.language])
        return located(replace(of, number=self.number(), core=f"{of.core} {word}"), dice)


def located(firm: Firm, dice: Random) -> Firm:
    """Return the firm at another address of its country."""
    street = f"{dice.choice(STREETS[firm.language])} {dice.randrange(1, 300)}"
    if firm.language in {"en", "fr"}:
        street = " ".join(reversed(street.rsplit(" ", 1)))
    return replace(firm, place=dice.choice(PLACES[firm.language]), street=street)
