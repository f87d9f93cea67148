"""The words that names of firms are made of.

Two roots, and two trades of one language, differ in at least three letters, also without accents. So a typing error
never turns the name of one firm into the name of another. A test holds this.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(each.replace("_", " ") for each in text.split())


ROOTS: Final[dict[str, tuple[str, ...]]] = {
    "en": _words(
        "Abernathy Bancroft Callahan Davenport Ellsworth Fitzgerald Gallagher Hathaway Ingram Jennings Kensington "
        "Lockwood McAllister Northcott Ogilvie Pemberton Quigley Rutherford Satterfield Thornbury Underhill "
        "Vanderbilt Whitaker Yarborough Zimbalist Ashworth Blackwell Cromwell Dunham Everhart Fairbanks Goodwin "
        "Holloway Jarvis Kirkpatrick Livingston Montague Nightingale O'Sullivan D'Angelo Prescott Ramsey Sinclair "
        "Templeton Upton Vaughn Winslow Millwright Patterson Hendricks Mackenzie Delgado Nakamura Okafor Kowalski "
        "Rosenberg Petrov Riverside Summit Lighthouse Evergreen Cornerstone Bluebird Silverline Redwood Granite "
        "Horizon Keystone Harborview Meadowbrook Sunrise Pinnacle Beacon Cascade Driftwood Falcon Glacier Heritage "
        "Ironclad Jubilee Kingfisher Lakeshore Maplewood Nautilus Orchard Paramount Quicksilver Ridgeline Stonegate "
        "Tidewater Vanguard Wildflower Yellowstone Zenith Compass Pioneer Windmill Brightwater Clearview Oakmont "
        "Prairie Saint_Clement Saint_Ambrose Mount_Carmel Fort_Dearborn North_Star Blue_Heron Red_Lantern Two_Rivers "
        "Aldridge Bellamy Carmichael Dunmore Eastwick Fenwick Gladstone Huntington Inverness Juniper Knightsbridge "
        "Lancaster Merriweather Newcombe Oglethorpe Penhaligon Quarterman Rothschild Stanhope Trevelyan Umber "
        "Vandermeer Worthington Yardley Zephyr Copperfield Dragonfly Elderflower Firebrand Gooseberry Hummingbird "
        "Ivory Javelin Kestrel Labyrinth Marigold Northwind Obsidian Peregrine Rosewood Sapphire Thunderbolt Umbrella "
        "Velvet Watershed Xenon Yellowtail Zeppelin Amberjack Bridgewater Cobblestone Dandelion Emerald Foxglove "
        "Garnet Hawkeye Indigo Jackson Kaleidoscope Limestone Moonlight Nighthawk"
    ),
    "de": _words(
        "Müller Schröder Weißkirchner Köhler Großmann Böhmermann Jägermeyer Krügelstein Lübke Schäferling Vogelsang "
        "Hoffmann Brückner Löffler Götzinger Hölzlwimmer Spätauf Strauß Preußler Händelsbacher Dornbusch Fröhlich "
        "Günthersen Hüttner Königsberger Lindemann Oberländer Pflügler Rößlhuber Süßkind Thürmann Völkerding "
        "Wölfelschneider Zöllner Ackermann Dietrich Eisenhauer Feuerstein Grünewald Kästner Mühlbauer Österreicher "
        "Pöschl Reißigbauer Trautwein Überreuter Weidenfeller Ziegenbalg Niederhöfer Rosenzweig "
        "Abendroth Blumenthal Donnersmarck Engelhardt Falkenstein Gerstenberg Habermas Isenburg Kirchhoff Lichtenfels "
        "Morgenstern Nachtigall Obermayr Pfannenstiel Quandtmeier Rüdenauer Schaffhausen Teufelsdröck Wachtmeister"
    ),
    "fr": _words(
        "Lefèvre Béranger Châtelain Dupré Fournier Garçonnet Hébert Légaré Maçonneau Ouvrard Pélissier Rivière "
        "Séguineau Thévenot Vallières Boulangé Crémieux Desprès Étiennard Gaultier"
    ),
    "nl": _words(
        "De_Vries Van_der_Berg Hoekstra Dijkstra Kuipers Verhoeven Zandstra Oosterhuis Van_Leeuwen Brouwersma "
        "Schoonhoven Timmermans Wijngaarden Groeneveld Ten_Brinke"
    ),
    "es": _words(
        "Muñozcano Ibáñez Peñalver Gutiérrez Ordóñez Zúñiga Bermúdez Cáceres Domínguez Echeverría Villanueva "
        "Montañés Saldívar Aránguren Querétaro"
    ),
    "sv": _words("Ångström Østergaard Sørensen Hålland Björklund Lindqvist Västerås Nygren Kjærgaard Sjöberg"),
}
"""The first word of a firm's name, by language: surnames, places and things."""

TRADES: Final[dict[str, tuple[str, ...]]] = {
    "en": _words(
        "Dental Accounting Architects Logistics Veterinary Plumbing Electrical_Services Property_Management "
        "Manufacturing Insurance Construction Medical_Center Legal Bakery Brewing Engineering Technology "
        "Freight_International Garage Hospitality Joinery Media Optometry Packaging Robotics Surveying Textiles "
        "Travel_Services Wealth_Management Environmental Landscaping Cabinets Ceramics Pharmacy Fisheries Flooring "
        "Hardware_Company Printing_Company Title_Insurance Machine_Works Heating_and_Air Auto_Parts "
        "Physical_Therapy Family_Practice Staffing_Associates Brothers_Roofing Credit_Union Charter_School "
        "Community_Church Equipment_Distributors"
    ),
    "de": _words(
        "Metallbau Spedition Steuerberatung Elektrotechnik Maschinenbau Zahntechnik Bäckerei Immobilien "
        "Rechtsanwälte Autohaus Gebäudereinigung Holzhandel Versicherungen Druckerei Gartenbau Heizungsbau "
        "Werkzeugtechnik Tierklinik Architekten Verpackungen Sanitärtechnik Brauerei Möbelwerke Kältetechnik "
        "Straßenbau Hausverwaltung Internationale_Transporte Medizintechnik Fensterbau Apotheke"
    ),
    "fr": _words(
        "Boulangerie Plomberie Transports Assurances Menuiserie Électricité Pharmacie Imprimerie Notaires "
        "Expertise_Comptable Hôtellerie Viticulture Charpente Optique Carrosserie"
    ),
    "nl": _words(
        "Installatietechniek Bouwbedrijf Accountants Transport Tandartsen Bloemen Drukkerij Metaalwerken "
        "Schilders Advocaten Keukens Verzekeringen"
    ),
    "es": _words(
        "Construcciones Asesores Clínica_Dental Transportes Viñedos Panadería Inmobiliaria Talleres Seguros "
        "Ingeniería Hostelería Textiles"
    ),
    "sv": _words("Bygg Fastigheter Redovisning Måleri Elektriska Skogsbruk Tandvård Frakt"),
}
"""The trades of firms, by language."""

PARTNERS: Final = _words(
    "Hughes Patel Novak Baxter Caldwell Ferreira Grimshaw Iverson Kaczmarek Lombardi Nakajima Oyelaran Rasmussen "
    "Stavros Tremblay Ulrich Weatherby Zielinski Chatterjee Eriksson "
    "Abramovich Birdwhistle Cartwright Fonseca Gonzaga Hightower Jankowski Mbeki Pennyworth Venkataraman"
)
"""The surnames of partnerships: `Hughes & Patel Accounting`."""
PARTNER_TRADES: Final = _words("Accounting Legal Architects Consulting Surveyors Engineering Dermatology Realty")
"""The trades of partnerships."""

ONE_LETTER: Final = (
    ("Hansen", "Hanson"),
    ("Meyers", "Meiers"),
    ("Becker", "Decker"),
    ("Fischer", "Fisher"),
    ("Schmidt", "Schmitt"),
    ("Petersen", "Peterson"),
    ("Janssen", "Jenssen"),
    ("Martin", "Marvin"),
    ("Lehman", "Lehmann"),
    ("Reynolds", "Raynolds"),
    ("Larsen", "Larson"),
    ("Stewart", "Steward"),
)
"""Pairs of different surnames that differ in one letter."""

FAMILY: Final = {
    "en": ("& Sons", "& Daughters", "& Company"),
    "de": ("& Söhne", "& Partner", "& Sohn"),
    "fr": ("& Fils",),
    "nl": ("& Zonen",),
    "es": ("& Hijos",),
    "sv": ("& Söner",),
}
"""Words that may be between root and trade, by language."""

LOOK_ALIKE: Final = {
    "en": ("Care", "Group", "Holdings", "Supply", "Partners"),
    "de": ("Gruppe", "Holding", "Service", "Nord", "Akademie"),
    "fr": ("Groupe", "Conseil", "Sud"),
    "nl": ("Groep", "Advies", "Holding"),
    "es": ("Grupo", "Norte", "Consultores"),
    "sv": ("Gruppen", "Invest", "Norr"),
}
"""A last word that makes the name of another firm which looks alike, by language."""
