"""Tests of JSON files and endpoints."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources.json_rows import JsonSettings, pull

from .servers import Reply, Server, Time, as_json

NOW = datetime(2025, 11, 22, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "customer_id": "1",
    "customer_name": "Acme",
    "used": 2.5,
    "unit": "GB",
    "as_of": "2025-11-22T12:00:00Z",
}


async def pull_of(folder: Path, content: bytes) -> Pull:
    """Return the pull of a file with this content."""
    file = folder / "usage.json"
    file.write_bytes(content)
    return await pull(JsonSettings("rows", path=file), NOW)


@pytest.mark.parametrize("content", [[ROW], {"rows": [ROW], "made": "today"}])
async def test_an_array_of_rows_or_an_object_with_rows_is_read(tmp_path: Path, content: Any) -> None:
    found = await pull_of(tmp_path, b"\xef\xbb\xbf" + json.dumps(content).encode())
    assert found.state == "whole"
    assert found.samples[0].bytes == 2_500_000_000


async def test_fractions_are_exact(tmp_path: Path) -> None:
    text = json.dumps([ROW]).replace("2.5", "1152921504.606846975").encode()
    assert (await pull_of(tmp_path, text)).samples[0].bytes == 1152921504606846975


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the content is empty"),
        (b" <html></html>", "this is HTML or XML, not JSON"),
        (b'[{"customer_id": ', "this is not JSON"),
        (b"\xff\xfe[]", "this is not JSON"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "usage.json:1 (/0): this is not an object: a number of more than 60 digits"),
        (b"null", "the JSON is null"),
        (b'{"rows": null}', "neither an array of rows nor an object"),
        (b'{"rows": {}}', "neither an array of rows nor an object"),
        (b'{"data": []}', "neither an array of rows nor an object"),
        (b"3", "neither an array of rows nor an object"),
        (b"[3]", "usage.json:1 (/0): this is not an object: 3"),
        (b'{"rows": [null]}', "usage.json:1 (/rows/0): this is not an object: null"),
        (b'[{"used": 1}]', "missing columns: customer_id"),
    ],
)
async def test_json_with_an_error_is_a_failed_pull(tmp_path: Path, content: bytes, message: str) -> None:
    found = await pull_of(tmp_path, content)
    assert found.state == "failed"
    assert message in str(found.error)


async def test_a_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    found = await pull_of(tmp_path, json.dumps([ROW, {**ROW, "customer_id": "2", "unit": "MB"}]).encode())
    assert "usage.json:1 (/1): unit is 'MB'" in str(found.error)


async def test_an_endpoint_gets_its_token() -> None:
    async with Server(lambda _: as_json({"rows": [ROW]})) as server:
        found = await pull(JsonSettings("rows", url=server.url, token="s3cret"), NOW)
    assert found.state == "whole"
    assert server.seen[0].headers["authorization"] == "Bearer s3cret"


async def test_an_endpoint_without_a_token_gets_none() -> None:
    async with Server(lambda _: as_json([ROW])) as server:
        await pull(JsonSettings("rows", url=server.url), NOW, transport=httpx.AsyncHTTPTransport())
    assert "authorization" not in server.seen[0].headers


async def test_a_few_refusals_are_retried() -> None:
    replies = [Reply(status=429, headers={"Retry-After": "7"}), Reply(status=503), Reply(drop=True), as_json([ROW])]
    time = Time()
    async with Server(lambda _: replies.pop(0)) as server:
        settings, transport = JsonSettings("rows", url=server.url), httpx.AsyncHTTPTransport()
        found = await pull(settings, NOW, transport=transport, sleep=time.sleep, clock=time)
    assert found.state == "whole"
    assert time.slept == [7.0, 1.0, 2.0]
    assert (found.finished_at - found.started_at).total_seconds() == 10


async def test_a_server_that_stays_down_is_a_failed_pull_after_five_attempts() -> None:
    time = Time()
    async with Server(lambda _: Reply(status=500)) as server:
        found = await pull(JsonSettings("rows", url=server.url), NOW, sleep=time.sleep, clock=time)
    assert len(server.seen) == 5
    assert "no usable response after 5 attempts; the last error: the server responded with 500" in str(found.error)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(status=401), "the server refused access (401"),
        (Reply(status=407), "and of any proxy"),
        (Reply(status=404), "the server responded with 404"),
        (
            Reply(status=302, headers={"Location": "https://login.example/?ticket=1"}),
            "(302) to https://login.example/\n",
        ),
    ],
)
async def test_a_refused_request_is_not_repeated(reply: Reply, message: str) -> None:
    async with Server(lambda _: reply) as server:
        found = await pull(JsonSettings("rows", url=server.url), NOW)
    assert message in str(found.error)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://usage.example/rows", "is not encrypted"),
        ("http://10.0.0.1/rows", "is not encrypted"),
        ("ftp://usage.example/rows", "is not an https address"),
        ("https://[::1", "is not a URL"),
        ("https://usage.example:port/rows", "is not a URL"),
    ],
)
async def test_only_encrypted_addresses_are_read(url: str, message: str) -> None:
    found = await pull(JsonSettings("rows", url=url), NOW)
    assert found.state == "failed"
    assert message in str(found.error)


async def test_this_machine_may_be_read_without_encryption() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[ROW])

    for host in ("localhost", "127.0.0.1", "[::1]"):
        found = await pull(JsonSettings("rows", url=f"http://{host}:1/"), NOW, transport=httpx.MockTransport(answer))
        assert found.state == "whole"


async def test_an_untrusted_certificate_is_reported_without_a_retry() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    found = await pull(JsonSettings("rows", url="https://usage.example/"), NOW, transport=httpx.MockTransport(answer))
    assert "certificate is not trusted" in str(found.error)


async def test_an_error_without_a_text_is_named_by_its_type() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    time = Time()
    settings = JsonSettings("rows", url="https://usage.example/")
    found = await pull(settings, NOW, transport=httpx.MockTransport(answer), sleep=time.sleep, clock=time)
    assert "the last error: ConnectTimeout" in str(found.error)


async def test_a_source_needs_a_path_or_a_url() -> None:
    assert "neither path nor url" in str((await pull(JsonSettings("rows"), NOW)).error)


def test_the_token_is_in_no_repr() -> None:
    assert "s3cret" not in repr(JsonSettings("rows", url="https://x", token="s3cret"))


async def test_every_bad_row_is_named_in_one_run_with_its_pointer(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "used": "1_000"}, [], {**ROW, "as_of": "2025-11-22T12:00:00"}, {"customer_id": "1"}]
    text = str((await pull_of(tmp_path, json.dumps({"rows": rows}).encode())).error)
    assert "4 of 5 rows cannot be read" in text
    assert "usage.json:1 (/rows/1): used is not a number: '1_000'" in text
    assert "usage.json:1 (/rows/2): this is not an object: a list" in text
    assert "usage.json:1 (/rows/3): as_of has no time zone" in text
    assert "usage.json:1 (/rows/4): customer_name, used, unit, as_of is missing" in text


async def test_a_row_with_a_repeated_field_is_refused(tmp_path: Path) -> None:
    text = json.dumps([ROW]).replace('"used": 2.5', '"used": 2.5, "used": 3')
    assert ":1 (/0): used appears twice in this object" in str((await pull_of(tmp_path, text.encode())).error)
    harmless = json.dumps([{**ROW, "note": 1}]).replace('"note": 1', '"note": 1, "note": 2')
    assert (await pull_of(tmp_path, harmless.encode())).state == "whole"


async def test_text_that_is_not_utf_8_is_a_bad_row(tmp_path: Path) -> None:
    text = json.dumps([{**ROW, "customer_name": "\ud800"}])
    assert "customer_name is not UTF-8" in str((await pull_of(tmp_path, text.encode())).error)


async def test_a_bad_row_of_an_endpoint_is_named_with_its_url() -> None:
    async with Server(lambda _: as_json([{**ROW, "used": "x"}])) as server:
        found = await pull(JsonSettings("rows", url=f"{server.url}?key=s3cret"), NOW)
    assert f"{server.url} row 1 (/0): used is not a number: 'x'" in str(found.error)
    assert "s3cret" not in str(found.error)


@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b'[{"customer_id', b"\xff"])
async def test_a_response_that_is_not_json_is_requested_again_and_then_reported(body: bytes) -> None:
    replies = [Reply(body), Reply(body), as_json([ROW])]
    async with Server(lambda _: replies.pop(0)) as server:
        assert (await pull(JsonSettings("rows", url=server.url), NOW, sleep=Time().sleep)).state == "whole"
    async with Server(lambda _: Reply(body)) as server:
        found = await pull(JsonSettings("rows", url=server.url), NOW, sleep=Time().sleep)
        assert f"usage source rows, {server.url}: " in str(found.error)
        assert len(server.seen) == 3


@pytest.mark.parametrize("token", ["", " ", "a\nb", "a ", "tökén", "\udcff"])
async def test_a_token_that_a_header_cannot_contain_is_refused_before_a_request(token: str) -> None:
    async with Server(lambda _: as_json([ROW])) as server:
        found = await pull(JsonSettings("rows", url=server.url, token=token), NOW)
    assert "the token is empty, or contains blanks" in str(found.error)
    assert server.seen == []


async def test_each_bad_row_of_a_file_is_named_by_its_line(tmp_path: Path) -> None:
    bad = [
        {**ROW, "used": float("nan")},
        {**ROW, "used": float("-inf"), "customer_name": "a\nb, ]: {"},
        3,
        {"customer_id": "1"},
        {**ROW, "used": 10**4000},
        {**ROW, "used": "1_000"},
    ]
    rows = json.dumps([ROW, *bad], indent=1)
    lines = rows.splitlines()
    begins = [number for number, line in enumerate(lines, 1) if line.startswith((" {", " 3"))]
    for text, path, before in (
        (rows, "", 0),
        ('{"made": {"rows": [1,\n2]},\n"rows" :\n' + rows + ', "more": [NaN]}', "/rows", 3),
    ):
        found = str((await pull_of(tmp_path, text.encode())).error)
        assert "6 of 7 rows cannot be read" in found
        for number, words in (
            (1, "used is not a number: NaN; write null if the figure is unknown"),
            (2, "used is not a number: -Infinity"),
            (3, "this is not an object: 3"),
            (4, "customer_name, used, unit, as_of is missing"),
            (5, "used is too large: a number of more than 60 digits"),
            (6, "used is not a number: '1_000'"),
        ):
            assert f"usage.json:{begins[number] + before} ({path}/{number}): {words}" in found


async def test_a_column_that_no_row_has_is_named_once_with_a_suggestion(tmp_path: Path) -> None:
    rows = [3, {**ROW, "Used": 1}, {**ROW, "Used": 2}]
    for row in rows[1:]:
        del row["used"]
    text = str((await pull_of(tmp_path, json.dumps(rows).encode())).error)
    assert "usage.json: missing column: used (did you mean 'Used'?)" in text


async def test_an_object_that_contains_rows_twice_is_refused(tmp_path: Path) -> None:
    rows = json.dumps([ROW])
    text = str((await pull_of(tmp_path, f'{{"rows": {rows}, "rows": []}}'.encode())).error)
    assert "`rows` appears twice" in text
