"""The damages of names: what happens to the name of one firm in two systems.

A name gets its damages in the order of `_GROUPS`: words first, then letters, then blanks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from reconciler.sandbox.messy import spelling
from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.firms import Firm
from reconciler.sandbox.messy.legal import AND, FORMS, SHORT, SPELLINGS


@dataclass(frozen=True, slots=True)
class Text:
    """A name between two damages: the words before the legal form, and the form with its separator."""

    firm: Firm
    core: str
    form: str

    @property
    def whole(self) -> str:
        """Return the name as it is written."""
        return self.core + self.form


_IN_CONSOLE: Final = 660
"""The share of damages that are in the name of the console, of 1,000."""

Damage = Callable[[Text, Random], Text | None]
"""Changes a name, or returns None if it does not apply to this name."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """The names of one firm on both sides, and the damages as `side: damage`."""

    console: str
    company: str
    damages: tuple[str, ...] = ()


def damaged(firm: Firm, dice: Random, count: int) -> Damaged:
    """Return the names of a firm in the console and in ConnectWise, with `count` damages of different groups.

    About two of three damages are in the console. A damage that does not apply after the others is left out.
    """
    clean = Text(firm, firm.core, firm.form)
    groups = {name: weight for name, (weight, _) in _GROUPS.items()}
    chosen: set[str] = set()
    while groups and len(chosen) < count:
        name = dice.choices(list(groups), list(groups.values()))[0]
        del groups[name]
        if _done(clean, _GROUPS[name][1], dice) is not None:
            chosen.add(name)
    sides = {"console": clean, "company": clean}
    damages: list[str] = []
    for stage, (_, kinds) in _GROUPS.items():
        if stage in chosen:
            side = "console" if chance(dice, _IN_CONSOLE) else "company"
            result = _done(sides[side], kinds, dice)
            if result is not None:
                sides[side], kind = result
                damages.append(f"{side}: {kind}")
    return Damaged(sides["console"].whole, sides["company"].whole, tuple(damages))


def _done(text: Text, kinds: dict[str, Damage], dice: Random) -> tuple[Text, str] | None:
    """Return a name after one of these damages with the damage, or None if none of them changes it."""
    for kind in dice.sample(list(kinds), len(kinds)):
        after = kinds[kind](text, dice)
        if after is not None and after.whole != text.whole:
            return after, kind
    return None


def _form_dropped(text: Text, _dice: Random) -> Text | None:
    return replace(text, form="") if text.form else None


def _form_added(text: Text, dice: Random) -> Text | None:
    return None if text.form else replace(text, form=dice.choice(FORMS[text.firm.language][:3]))


def _form_respelled(text: Text, dice: Random) -> Text | None:
    return replace(text, form=dice.choice(SPELLINGS[text.form])) if text.form in SPELLINGS else None


def _last_word_first(text: Text, _dice: Random) -> Text | None:
    first, _, last = text.core.rpartition(" ")
    return replace(text, core=f"{last} {first}") if first else None


def _inverted(text: Text, _dice: Random) -> Text | None:
    first, _, last = text.core.partition(" ")
    return replace(text, core=f"{last}, {first}") if last and not last.startswith("&") else None


def _abbreviated(text: Text, dice: Random) -> Text | None:
    found = [word for word in SHORT if word in text.core]
    if not found:
        return None
    word = dice.choice(found)
    return replace(text, core=text.core.replace(word, SHORT[word]))


def _and_word(text: Text, dice: Random) -> Text | None:
    if " & " not in text.core:
        return None
    return replace(text, core=text.core.replace(" & ", f" {dice.choice(AND[text.firm.language])} "))


def _and_close(text: Text, _dice: Random) -> Text | None:
    return replace(text, core=text.core.replace(" & ", "&")) if " & " in text.core else None


def _city(text: Text, dice: Random) -> Text:
    city = text.firm.place.city
    return replace(text, form=text.form + dice.choice((f" - {city}", f" ({city})", f", {city}", f" {city}")))


def _remark(text: Text, dice: Random) -> Text:
    return replace(text, form=text.form + dice.choice((" (old)", " (alt)", " - NEW", " (Backup)", " *managed*")))


def _number(text: Text, dice: Random) -> Text:
    account = text.firm.account
    if chance(dice, 500):
        return replace(text, core=f"{account} {text.core}")
    return replace(text, form=text.form + dice.choice((f" ({account})", f" #{account}", f" - {account}")))


def _on_core(change: Callable[[str, Random], str | None]) -> Damage:
    def damage(text: Text, dice: Random) -> Text | None:
        core = change(text.core, dice)
        return None if core is None else replace(text, core=core)

    return damage


def _on_both(change: Callable[[str], str | None]) -> Damage:
    def damage(text: Text, _dice: Random) -> Text | None:
        core, form = change(text.core), change(text.form)
        if core is None and form is None:
            return None
        return replace(text, core=text.core if core is None else core, form=text.form if form is None else form)

    return damage


def _leading(text: Text, _dice: Random) -> Text:
    return replace(text, core=f" {text.core}")


def _trailing(text: Text, _dice: Random) -> Text:
    return replace(text, form=f"{text.form} ")


_GROUPS: Final[dict[str, tuple[int, dict[str, Damage]]]] = {
    "order": (7, {"last word first": _last_word_first, "inverted with a comma": _inverted}),
    "abbreviation": (9, {"abbreviated": _abbreviated}),
    "and": (10, {"& as a word": _and_word, "& without blanks": _and_close}),
    "legal form": (
        22,
        {"legal form dropped": _form_dropped, "legal form added": _form_added, "legal form respelled": _form_respelled},
    ),
    "extra word": (9, {"city added": _city, "remark added": _remark, "number added": _number}),
    "typing": (
        13,
        {
            "letters swapped": _on_core(spelling.swapped),
            "letter dropped": _on_core(spelling.dropped),
            "letter doubled": _on_core(spelling.doubled),
            "neighbour key": _on_core(spelling.neighbour),
        },
    ),
    "accents": (
        16,
        {
            "umlauts written out": _on_both(spelling.written_out),
            "accents dropped": _on_both(spelling.plain),
            "accents decomposed": _on_both(spelling.decomposed),
        },
    ),
    "case": (
        10,
        {
            "upper case": _on_both(str.upper),
            "lower case": _on_both(str.lower),
            "capitalised": _on_core(lambda core, _: " ".join(word.capitalize() for word in core.split(" "))),
        },
    ),
    "html": (5, {"HTML escapes": _on_core(spelling.escaped)}),
    "blanks": (
        10,
        {
            "blank doubled": _on_core(spelling.double_blank),
            "no-break space": _on_core(spelling.hard_blank),
            "leading blank": _leading,
            "trailing blank": _trailing,
        },
    ),
}
"""The groups of damages in their order: how often each happens, and its damages by name."""
BY_NAME: Final = {name: damage for _, damages in _GROUPS.values() for name, damage in damages.items()}
"""All damages by name."""
