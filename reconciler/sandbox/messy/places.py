"""Places, streets and people of the made-up firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A town. `country` is the name that ConnectWise has, `code` the one of two letters."""

    city: str
    zip_code: str
    state: str
    country: str
    code: str
    dials: str


def _places(country: str, code: str, dials: str, towns: str) -> tuple[Place, ...]:
    rows = (town.split("/") for town in towns.split("; "))
    return tuple(Place(city, zip_code, state, country, code, dials) for city, zip_code, state in rows)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES: Final[dict[str, tuple[Place, ...]]] = {
    "en": (
        *_places(
            "United States",
            "US",
            "555",
            "Springfield/62701/Illinois; Dayton/45402/Ohio; Tampa/33602/Florida; Austin/78701/Texas; "
            "Albany/12207/New York; Boise/83702/Idaho; Fresno/93721/California; Salem/97301/Oregon; "
            "Tulsa/74103/Oklahoma; Saint Paul/55101/Minnesota",
        ),
        *_places(
            "United Kingdom", "GB", "01632", "Bath/BA1 1AA/Somerset; York/YO1 7HH/Yorkshire; Leeds/LS1 4DY/Yorkshire"
        ),
        *_places("Australia", "AU", "02", "Geelong/3220/Victoria; Cairns/4870/Queensland"),
        *_places("Ireland", "IE", "021", "Galway/H91 E2K3/Connacht; Cork/T12 W8KP/Munster"),
    ),
    "de": (
        *_places(
            "Germany",
            "DE",
            "030",
            "München/80331/Bayern; Köln/50667/Nordrhein-Westfalen; Nürnberg/90402/Bayern; "
            "Gießen/35390/Hessen; Bremen/28195/Bremen; Leipzig/04109/Sachsen; Frankfurt am Main/60311/Hessen",
        ),
        *_places("Austria", "AT", "0316", "Graz/8010/Steiermark; Sankt Pölten/3100/Niederösterreich"),
        *_places("Switzerland", "CH", "044", "Zürich/8001/Zürich; Genève/1204/Genève"),
    ),
    "fr": _places("France", "FR", "01", "Orléans/45000/Loiret; Besançon/25000/Doubs; Saint-Étienne/42000/Loire"),
    "nl": _places("Netherlands", "NL", "020", "Utrecht/3511 AB/Utrecht; 's-Hertogenbosch/5211 AA/Noord-Brabant"),
    "es": _places("Spain", "ES", "091", "Cádiz/11001/Andalucía; A Coruña/15001/Galicia; León/24001/Castilla y León"),
    "sv": (
        *_places("Sweden", "SE", "08", "Örebro/702 10/Örebro; Malmö/211 20/Skåne"),
        *_places("Denmark", "DK", "33", "Århus/8000/Midtjylland; Odense/5000/Syddanmark"),
    ),
}
"""Towns by language."""

STREETS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("Main Street", "Oak Avenue", "High Street", "Mill Road", "Church Lane", "Station Road", "Elm Boulevard"),
    "de": ("Hauptstraße", "Bahnhofstraße", "Am Markt", "Industriestraße", "Lindenweg", "Ringstraße"),
    "fr": ("rue de la République", "avenue Foch", "rue des Écoles"),
    "nl": ("Dorpsstraat", "Kerkweg", "Industrieweg"),
    "es": ("Calle Mayor", "Avenida del Puerto", "Calle Cigüeña"),
    "sv": ("Storgatan", "Kyrkvägen", "Hamngatan"),
}
"""Streets by language."""

SHORT_STREET: Final = (
    (" Street", " St."),
    (" Avenue", " Ave"),
    (" Road", " Rd."),
    (" Boulevard", " Blvd"),
    ("straße", "str."),
    ("avenue", "av."),
    ("Calle", "C/"),
)
"""How people shorten streets."""

FIRST_NAMES: Final = _names(
    "Anna Björn Carla David Élodie Frank Grace Håkon Ines José Karin Liam María Nils Olga Peter Quentin Rosa Søren "
    "Tina Uwe Vera William Xenia Yusuf Zoë"
)
LAST_NAMES: Final = _names(
    "Anderson Böttcher Chen D'Souza Esposito Fischer García Hansen Ivanova Johnson Köster Lopez Meyer Nguyen O'Neil "
    "Pérez Quist Rossi Schmidt Taylor Ünal Visser Walker Xu Young Zhang"
)
TITLES: Final = ("Owner", "Office Manager", "IT", "CFO", "Geschäftsführer", "Accounts Payable")
FREE_MAIL: Final = ("gmail.com", "outlook.com", "web.de", "yahoo.com", "t-online.de")
"""Providers of e-mail, whose addresses say nothing about the firm."""
