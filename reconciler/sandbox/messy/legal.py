"""Legal forms and abbreviations, and the ways in which people write them."""

from __future__ import annotations

from typing import Final

FORMS: Final[dict[str, tuple[str, ...]]] = {
    "en": (", Inc.", " LLC", " Ltd.", " Corp.", " LLP", " Pty Ltd", " PLC"),
    "de": (" GmbH", " GmbH & Co. KG", " AG", " KG", " e.K.", " OHG", " UG (haftungsbeschränkt)"),
    "fr": (" S.A.", " SARL", " SAS"),
    "nl": (" B.V.", " N.V.", " V.O.F."),
    "es": (" S.L.", " S.A."),
    "sv": (" AB", " ApS", " A/S"),
}
"""The legal forms of each language, each with its separator from the name. The first ones are the most frequent."""

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    ", Inc.": (" Inc", " Inc.", ", Inc", " Incorporated"),
    " LLC": (", LLC", " L.L.C.", ", L.L.C.", " llc"),
    " Ltd.": (" Ltd", " Limited", ", Ltd.", " LTD"),
    " Corp.": (" Corporation", " Corp", ", Corp."),
    " LLP": (" L.L.P.", ", LLP"),
    " Pty Ltd": (" Pty. Ltd.", " Pty Limited", " Proprietary Limited"),
    " PLC": (" plc", " P.L.C."),
    " GmbH": (" Gesellschaft mbH", " G.m.b.H.", " gmbh", " Ges.m.b.H.", " Gesellschaft mit beschränkter Haftung"),
    " GmbH & Co. KG": (" GmbH & Co KG", " GmbH&Co.KG", " GmbH und Co. KG", " GmbH + Co. KG"),
    " AG": (" Aktiengesellschaft", " A.G."),
    " KG": (" Kommanditgesellschaft", " K.G."),
    " e.K.": (" eK", " e. K.", " e.Kfm."),
    " OHG": (" oHG", " O.H.G."),
    " UG (haftungsbeschränkt)": (" UG", " UG haftungsbeschränkt", " UG (haftungsbeschr.)"),
    " S.A.": (" SA", " S.A", " s.a."),
    " SARL": (" S.A.R.L.", " Sarl", " S.à r.l."),
    " SAS": (" S.A.S.",),
    " B.V.": (" BV", " b.v.", " B.V"),
    " N.V.": (" NV",),
    " V.O.F.": (" VOF", " v.o.f."),
    " S.L.": (" SL", " Sociedad Limitada", " S. L."),
    " AB": (" Aktiebolag", " (AB)"),
    " ApS": (" Aps", " A.p.S."),
    " A/S": (" AS", " a/s"),
}
"""Other ways to write each legal form."""

SHORT: Final = {
    "International": "Intl",
    "Internationale": "Int.",
    "Management": "Mgmt",
    "Services": "Svcs",
    "Brothers": "Bros",
    "Saint": "St.",
    "Mount": "Mt.",
    "Fort": "Ft.",
    "North": "N.",
    "Associates": "Assoc.",
    "Company": "Co.",
    "Technology": "Tech",
    "Manufacturing": "Mfg",
    "Center": "Ctr",
    "Insurance": "Ins.",
    "Construction": "Constr.",
    "Engineering": "Eng.",
    "Equipment": "Equip.",
    "Distributors": "Dist.",
    "Accounting": "Acctg",
    "Partner": "Ptnr.",
    "Medical": "Med.",
    "Community": "Comm.",
    "Van der": "v.d.",
    "Transports": "Transp.",
    "Versicherungen": "Vers.",
    "Immobilien": "Immo.",
    "Consulting": "Cons.",
    "Steuerberatung": "Steuerber.",
    "Construcciones": "Constr.",
    "Environmental": "Env.",
    "Family": "Fam.",
}
"""Words that people abbreviate."""

AND: Final = {
    "en": ("and", "+"),
    "de": ("und", "+", "u."),
    "fr": ("et", "+"),
    "nl": ("en", "+"),
    "es": ("y", "e"),
    "sv": ("och", "+"),
}
"""The word for `&` in each language."""
