"""Tests that URLs with credentials are refused before a request, and that messages show no part of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.metering.sources import cove, json_rows
from reconciler.metering.sources.addresses import redacted
from reconciler.metering.sources.json_rows import JsonSettings

from .console import settings
from .servers import Server, as_json

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

HIDING = [
    "http://us3r:s3cr3t@HOST/jsonapi",
    "https://us3r:s3cr3t@HOST/jsonapi",
    "https://us3r@HOST/jsonapi",
    "//us3r:s3cr3t@HOST/jsonapi",
    "us3r:s3cr3t@HOST/jsonapi",
    "https:us3r:s3cr3t@HOST/jsonapi",
    "https:/us3r:s3cr3t@HOST/jsonapi",
    "https://us3r:s3cr3t%40HOST/jsonapi",
    "http://us3r:s3/cr3t@HOST/jsonapi",
    "http://us3r:s3#cr3t@HOST/jsonapi",
    "http://us3r:s3?cr3t@HOST/jsonapi",
    "http://us3r:1/s3cr3t@HOST/jsonapi",
    "http://us3r:s3cr3t\\\\@HOST/jsonapi",
    "ftp://us3r:s3cr3t@HOST/jsonapi",
]


@pytest.mark.parametrize("url", HIDING)
async def test_a_url_that_may_contain_credentials_is_refused_and_no_part_of_it_is_shown(url: str) -> None:
    async with Server(lambda _: as_json([])) as server:
        address = url.replace("HOST", server.url.split("/")[2])
        for found in (
            await cove.pull(settings(address), NOW),
            await json_rows.pull(JsonSettings("rows", url=address), NOW),
        ):
            assert found.state == "failed"
            assert "the address contains an @" in str(found.error)
            for part in ("us3r", "s3", "cr3t", "127.0.0.1", "jsonapi"):
                assert part not in str(found.error)
        assert server.seen == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://console.example/jsonapi", "http://console.example/jsonapi is not encrypted"),
        ("http://localhost.example/jsonapi", "is not encrypted"),
        ("http://127.0.0.1.example/jsonapi", "is not encrypted"),
        ("console.example/jsonapi", "the address is not a URL"),
        ("", "the address is not a URL"),
        ("https://", "the address is not a URL"),
        ("https:///jsonapi", "the address is not a URL"),
        ("https://console.example:x/jsonapi", "the address is not a URL"),
        ("https://[::1/jsonapi", "the address is not a URL"),
        ("https://con sole.example/jsonapi", "the address is not a URL"),
        ("https://console.example/jsonapi\n", "the address is not a URL"),
        ("https://console\x00.example/jsonapi", "the address is not a URL"),
        ("https://a%3Ab/jsonapi", "the address is not a URL"),
        ("https://a\\\\b/jsonapi", "the address is not a URL"),
        ("ftp://console.example/jsonapi", "is not an https address"),
    ],
)
async def test_a_url_that_is_invalid_or_not_encrypted_is_refused(url: str, message: str) -> None:
    assert message in str((await cove.pull(settings(url), NOW)).error)


def test_a_url_is_shown_without_its_query() -> None:
    assert redacted("https://usage.example:8443/rows?key=s3cret#part") == "https://usage.example:8443/rows"
    assert redacted("https://u:p@usage.example/rows") == "its address"
    assert redacted("nothing") == "its address"
