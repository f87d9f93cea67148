"""Odd texts: each one breaks code that does not quote texts, for example in YAML, CSV, a shell or a query."""

from __future__ import annotations

from random import Random
from typing import Final

from reconciler.sandbox.messy.firms import Firm
from reconciler.sandbox.messy.words import TRADES

ODD: Final = (
    'The "Quoted" Company',
    "O'Malley's 'Best'",
    "back\\slash\\n Ltd",
    "Café 🚀 Rocket 👩‍🚀",
    "שלום Import בע״מ",
    "شركة الاختبار",
    "- leading dash",
    "# not a comment",
    "key: value",
    "{curly} [square]",
    "@at & *star*",
    "yes",
    "null",
    "007",
    "1e5",
    "2026-11-01",
    "~",
    "!important",
    "%percent%",
    "| pipe > fold",
    "`backtick` $HOME $(id)",
    "tab\tinside",
    "=SUM(A1:A9)",
    "../../etc/hosts",
    "ends with colon:",
    "comma, semicolon; slash/",
    "Zero\u200bWidth Joiner",
    "İstanbul ı Dotless",
    "<b>bold</b> &lt;i&gt;",
    "株式会社テスト",
    "0x1F",
    ".hidden",
    "true",
    "Nul",
    "{{ template }} ${{ env }}",
)
"""Names that people and tools do give to companies, agreements and products."""
LONG: Final = ("Gesellschaft für besonders ausführliche Firmierungen und Zusammenschlüsse " * 3).strip()
"""A text to be cut at the limit of a field."""
_LONGEST_NAME: Final = 156
"""The limit of a company's name."""


def long_name(firm: Firm, dice: Random) -> str:
    """Return a name with the most letters that ConnectWise accepts. It begins with the name of a firm."""
    trades = dice.sample(TRADES[firm.language], len(TRADES[firm.language]))
    return f"{firm.core}: {', '.join(trades)}, {LONG}"[:_LONGEST_NAME].strip()
