"""Compare domains of e-mail addresses and web sites, and postal addresses.

A domain that several companies or several customers have says little, and one of a free mail provider says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.model import Address


def _list(text: str) -> list[str]:
    return text.split()


_FREE = frozenset(
    _list("""
        gmail googlemail outlook hotmail live msn yahoo ymail rocketmail icloud aol gmx protonmail proton mail inbox
        zoho web freenet posteo mailbox arcor orange wanadoo laposte free sfr libero virgilio tiscali alice
        btinternet btopenworld sky ntlworld virginmedia talktalk bigpond optusnet xtra comcast verizon att sbcglobal
        bellsouth cox charter earthlink juno rogers shaw telus bell sympatico telenet skynet ziggo kpnmail planet
        hetnet bluewin hispeed sunrise telia bredband online wp onet interia o2 seznam centrum abv mailinator
        fastmail hey tutanota yandex rambler qq 163 126 sina naver daum terra uol bol me mac email t-online ptd
        windstream frontier
    """)
)
"""Mail providers by the name before the ending: `gmail.com`, `yahoo.co.uk`."""
_NOT_OF_THE_COMPANY = frozenset(
    ["facebook", "linkedin", "instagram", "twitter", "wixsite", "wordpress", "blogspot", "onmicrosoft", "google"]
)
_SECOND_LEVEL = frozenset(["co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "plc", "ltd"])
_LABEL = re.compile(r"[^\W_]([\w-]*[^\W_])?")


def domains_of(emails: Iterable[str], sites: Iterable[str]) -> frozenset[str]:
    """Return the companies' own domains in e-mail addresses and web sites: `acme.co.uk` of `info@mail.acme.co.uk`."""
    hosts = [email.rpartition("@")[2] for email in emails if "@" in email]
    hosts += [_host(site) for site in sites]
    found = (_registered(host) for host in hosts)
    return frozenset(domain for domain in found if domain)


def label_of(domain: str) -> str:
    """Return a domain without its ending, in plain letters: `acmedental` of `acme-dental.co.uk`."""
    return plain(domain.split(".", maxsplit=1)[0]).replace("-", "")


def _host(site: str) -> str:
    text = site.strip().rpartition("@")[2]
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:  # It is no URL, such as `//[acme`: people type all kinds of text into this field.
        return ""


def _registered(host: str) -> str | None:
    labels = host.strip(" .<>;,\"'").casefold().split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2
    own = labels[-size:]
    if own[0] in _FREE or own[0] in _NOT_OF_THE_COMPANY or (len(own) == 2 and own[0] in _SECOND_LEVEL):
        return None
    return ".".join(own)


def zip_of(address: Address) -> str:
    """Return the postal code in letters and digits only. Of a US code the first five digits."""
    code = re.sub(r"[^a-z0-9]", "", plain(address.zip))
    code = re.sub(r"^[a-z]{1,2}(?=\d{4,5}$)", "", code)  # D-10115
    return code[:5] if code.isdigit() and len(code) == 9 else code


def city_of(address: Address) -> str:
    """Return the city in plain letters."""
    return " ".join(re.sub(r"[\W\d]+", " ", plain(address.city)).split())


def same_street(left: Address, right: Address) -> bool:
    """Return whether two streets are the same, with the same number."""
    one, other = plain(left.street), plain(right.street)
    if not one or not other or re.findall(r"\d+", one)[:1] != re.findall(r"\d+", other)[:1]:
        return False
    return fuzz.token_sort_ratio(_street(one), _street(other)) >= 85


def _street(text: str) -> str:
    text = re.sub(r"stra(?:ss|s)e\b|str\b\.?", "st", text)
    text = re.sub(r"\bstreet\b", "st", text)
    for whole, short in (
        ("avenue", "ave"),
        ("road", "rd"),
        ("boulevard", "blvd"),
        ("drive", "dr"),
        ("lane", "ln"),
        ("suite", "ste"),
    ):
        text = re.sub(rf"\b{whole}\b", short, text)
    return " ".join(re.sub(r"\W+", " ", text).split())
