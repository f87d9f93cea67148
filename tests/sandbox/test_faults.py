"""Faults: how to ask for them, which requests they hit, and what a client meets."""

from __future__ import annotations

import json
import socket
import struct

import httpx
import pytest

from reconciler.sandbox.shared.faults import Faults, FaultSpecError, parse_fault
from tests.sandbox.conftest import Api

BODY = {"identifier": "ACME", "name": "Acme", "city": "X"}


def struck(spec: str, count: int, path: str = "/x") -> list[int]:
    faults = Faults([spec])
    return [number for number in range(1, count + 1) if faults.hit(faults.specs[0].split(":")[0].split("@")[0], path)]


def test_a_number_hits_only_the_next_requests() -> None:
    assert struck("500:2", 5) == [1, 2]


def test_every_hits_each_kth_request() -> None:
    assert struck("drop:every=3", 7) == [3, 6]


def test_without_a_number_a_fault_hits_every_request() -> None:
    assert struck("html", 3) == [1, 2, 3]


def test_a_path_limits_a_fault_to_some_requests() -> None:
    assert struck("500@/finance", 2, "/company") == []
    assert struck("500@/finance", 2, "/finance/agreements") == [1, 2]


def test_faults_report_their_text_and_how_often_they_hit() -> None:
    faults = Faults(["500:1", "slow:ms=5"])
    assert bool(faults)
    faults.hit("500")
    assert faults.struck == {"500:1": 1, "slow:ms=5": 0}
    faults.replace([])
    assert (bool(faults), faults.specs, faults.hit("500")) == (False, [], None)


@pytest.mark.parametrize(
    "spec", ["fire", "", "500:x", "500:every=0", "500:what=1", "slow", "500:every=-1", "stale-visa:form=7"]
)
def test_an_unreadable_fault_is_refused(spec: str) -> None:
    with pytest.raises(FaultSpecError):
        parse_fault(spec)


def test_options_are_read() -> None:
    assert parse_fault("429:3,retry-after=7@/company").options == {"retry-after": 7}


def test_the_fault_429_changes_nothing(api: Api) -> None:
    api.sandbox.faults.replace(["429:1,retry-after=0"])
    answer = api.http.post("/company/companies", json=BODY)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "0")
    assert api.http.post("/company/companies", json=BODY).status_code == 201


def test_the_fault_500_returns_a_body_and_changes_nothing(api: Api) -> None:
    api.sandbox.faults.replace(["500:1"])
    answer = api.http.post("/company/companies", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalServerError")
    assert api.get("/company/companies/count") == {"count": 0}


def test_the_fault_drop_carries_the_write_out_and_sends_no_response(api: Api) -> None:
    api.sandbox.faults.replace(["drop:1"])
    with pytest.raises(httpx.TransportError):
        api.http.post("/company/companies", json=BODY)
    assert api.get("/company/companies/count") == {"count": 1}
    assert api.sandbox.log.entries[0].fate == "dropped"


def test_a_refused_write_is_not_dropped(api: Api) -> None:
    api.sandbox.faults.replace(["drop"])
    assert api.http.post("/company/companies", json={}).status_code == 400
    assert api.http.get("/company/companies").status_code == 200


def test_the_fault_html_returns_html(api: Api) -> None:
    api.sandbox.faults.replace(["html:1", "html:1,status=502"])
    answer = api.http.get("/system/info")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_the_fault_truncated_closes_after_half_of_the_body(api: Api) -> None:
    api.sandbox.faults.replace(["truncated:1"])
    with pytest.raises(httpx.RemoteProtocolError):
        api.http.get("/system/info")


def test_the_fault_half_json_is_a_complete_message(api: Api) -> None:
    api.sandbox.faults.replace(["half-json:1"])
    answer = api.http.get("/system/info")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_the_fault_slow_delays_the_response(api: Api) -> None:
    api.sandbox.faults.replace(["slow:ms=1"])
    api.sandbox.latency_ms = 1
    assert api.http.get("/system/info").status_code == 200


def raw(api: Api, request: bytes) -> bytes:
    """Send bytes, and return what the server sends until it closes the connection."""
    host, port = api.running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_a_connection_closes_when_the_request_asks_for_it(api: Api) -> None:
    answer = raw(api, b"GET /login/companyinfo/sandbox HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


def test_pipelined_requests_are_answered_in_order(api: Api) -> None:
    one = b"GET /v4_6_release/apis/3.0/%b HTTP/1.1\r\nHost: a\r\n%b\r\n"
    both = one % (b"a", b"") + one % (b"b", b"Connection: close\r\n")
    assert raw(api, both).count(b"HTTP/1.1 401") == 2


def test_invalid_http_gets_400(api: Api) -> None:
    assert raw(api, b"GET /v1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(api, b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_a_body_in_several_pieces_is_read(api: Api) -> None:
    def pieces() -> object:
        yield b'{"identifier":"A",'
        yield b'"name":"A","city":"X"}'

    headers = {"content-type": "application/json"}
    assert api.http.post("/company/companies", content=pieces(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("spec", "told"),
    [("drip", "drip:ms=250"), ("page-cap", "page-cap:size=25"), ("slow", "slow:ms=250")],
)
def test_a_fault_without_its_number_names_it(spec: str, told: str) -> None:
    with pytest.raises(FaultSpecError, match=told):
        parse_fault(spec)
