"""Tests of the discovery of the API: credentials, unknown companies, and upgrades during a run."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.connectwise import (
    NotFound,
    NotJson,
    Unauthorized,
    UnknownCompany,
)

from .servers import (
    CODEBASE,
    FINE,
    HTML,
    Reply,
    Seen,
    Server,
    client,
    fails,
    scripted,
)


async def test_a_404_before_any_successful_request_means_bad_credentials() -> None:
    error = await fails(Reply({"code": "NotFound", "message": "Not here"}, status=404), accepted=False)
    assert isinstance(error, Unauthorized)
    assert "The cloud can respond to bad credentials with 404." in error.advice


async def test_a_404_of_the_probe_itself_means_bad_credentials() -> None:
    async with Server(scripted(Reply(HTML.body, status=404))) as server, client(server.site) as connectwise:
        with pytest.raises(Unauthorized):
            await connectwise.info()
    assert server.asked == ["GET /system/info"]


@pytest.mark.parametrize("probe", [Reply({"version": "v1"}), Reply({}, status=403)])
async def test_a_first_404_is_not_found_when_the_credentials_are_good(probe: Reply) -> None:
    def answer(seen: Seen) -> Reply:
        return probe if seen.path.endswith("/system/info") else Reply({"code": "NotFound", "message": "x"}, status=404)

    async with Server(answer) as server, client(server.site) as connectwise:
        with pytest.raises(NotFound):
            await connectwise.get("/company/companies/7")
        with pytest.raises(NotFound):
            await connectwise.get("/company/companies/8")
    assert server.asked[:2] == ["GET /company/companies/7", "GET /system/info"]


async def test_an_unknown_company_is_named_with_the_site_and_the_regions() -> None:
    async with Server(scripted(FINE), codebase=lambda: None) as server, client(server.site) as connectwise:
        with pytest.raises(UnknownCompany) as caught:
            await connectwise.info()
    assert f"{server.site} has no company 'acme'" in str(caught.value)
    assert "api-eu.myconnectwise.net" in caught.value.advice


@pytest.mark.parametrize(
    "answer",
    [
        Reply(HTML.body, status=404),
        Reply({"Codebase": "https://elsewhere.example/"}),
        Reply({"Codebase": "../../x"}),
        Reply(["v1"]),
        HTML,
    ],
)
async def test_a_site_that_is_not_connectwise_is_an_error(answer: Reply) -> None:
    async with Server(scripted(FINE), codebase=lambda: answer) as server, client(server.site) as connectwise:
        with pytest.raises(NotJson, match=r"Check\s+(the )?site"):
            await connectwise.info()
    assert server.seen == []


async def test_an_upgrade_of_the_tenant_during_a_run_is_followed() -> None:
    codebases = iter(["v2026_3/", "v2026_4/"])

    def answer(seen: Seen) -> Reply:
        return FINE if seen.path.startswith("/v2026_4/") else Reply(HTML.body, status=404)

    moving = Server(answer, codebase=lambda: {"Codebase": next(codebases)})
    async with moving as server, client(server.site) as connectwise:
        read = await asyncio.gather(*(connectwise.get(f"/x/{number}") for number in range(5)))
    assert read == [{"id": 1}] * 5
    assert len(server.discoveries) == 2


async def test_a_missing_endpoint_causes_one_more_discovery_only() -> None:
    gone = Reply({"code": "ConnectWiseApi", "message": "The endpoint does not exist."}, status=404)
    replies = scripted(FINE, gone)
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        for _ in range(3):
            with pytest.raises(NotFound, match=r"The endpoint does not exist\."):
                await connectwise.get("/x/2")
    assert len(server.discoveries) == 2


async def test_a_missing_object_does_not_start_a_new_discovery() -> None:
    replies = scripted(FINE, Reply({"code": "NotFound", "message": "Contact 57919 not found"}, status=404))
    async with Server(replies) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        with pytest.raises(NotFound, match="Contact 57919 not found"):
            await connectwise.get("/company/contacts/57919")
    assert len(server.discoveries) == 1


async def test_an_empty_discovery_is_retried_and_does_not_mean_an_unknown_company() -> None:
    answers = iter([Reply(b""), HTML, {"Codebase": CODEBASE}])
    async with Server(scripted(FINE), codebase=lambda: next(answers)) as server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
    assert len(server.discoveries) == 3


async def test_a_later_upgrade_is_followed_after_an_endpoint_that_is_missing() -> None:
    codebases = iter(["v1/", "v1/", "v2/"])

    def answer(seen: Seen) -> Reply:
        missing = seen.path.endswith("/gone") or (len(server.discoveries) >= 2 and seen.path.startswith("/v1/"))
        return Reply({"code": "ConnectWiseApi", "message": "x"}, status=404) if missing else FINE

    server = Server(answer, codebase=lambda: {"Codebase": next(codebases)})
    async with server, client(server.site) as connectwise:
        await connectwise.get("/x/1")
        with pytest.raises(NotFound):
            await connectwise.get("/gone")
        assert await connectwise.get("/y/1") == {"id": 1}
    assert len(server.discoveries) == 3
