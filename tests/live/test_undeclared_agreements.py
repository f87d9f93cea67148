"""Our additions on agreements that no manifest declares: which agreements are read, and which additions are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.live.undeclared_agreements import UndeclaredAgreements, billing_cycles, with_undeclared_agreements

from .test_reader import Reading, Server, reading

__all__ = ["reading"]

EMPTY = LiveState(matches={}, links={}, objects={}, additions={}, solutions={})
AGREEMENTS = [
    {"id": 9, "name": "Backup", "agreementStatus": "Active", "cancelledFlag": False},
    {"id": 10, "name": "Backup", "agreementStatus": "Cancelled", "cancelledFlag": False},
    {"id": 11, "name": "Backup", "agreementStatus": "Active", "cancelledFlag": True},
    {"id": 12, "name": "Backup"},
]


def is_ours(obj: LiveObject) -> bool:
    return str(obj.raw.get("serialNumber") or "").startswith("rc:cove/")


def tagged(number: int, agreement: int, tag: str) -> dict[str, Any]:
    """Return an addition with every field that is requested. A missing field would be read again."""
    return {
        "id": number,
        "agreementId": agreement,
        "agreementStatus": "Active",
        "product": {"id": 4, "identifier": "BACKUP-GB"},
        "serialNumber": tag,
        "quantity": 1,
        "unitPrice": 1,
        "lessIncluded": 0,
        "billCustomer": "Billable",
        "cancelledDate": "2026-12-31T00:00:00Z",
        "effectiveDate": "2026-11-01T00:00:00Z",
        "_info": {"lastUpdated": "2026-11-01T00:00:00Z"},
    }


def tenant(additions: dict[int, list[dict[str, Any]]]) -> Server:
    """Return a server with agreements and the additions of each. It refuses bundles."""

    def answer(_query: dict[str, str], path: str) -> Any:
        if path.endswith("/additions"):
            return additions.get(int(path.split("/")[-2]), [])
        if path.endswith("agreements"):
            return AGREEMENTS
        return 404, {"code": "NotFound", "message": "No"}

    return Server(answer)


async def undeclared(
    reading: Callable[[Server], Any],
    server: Server,
    known: Collection[int],
    *,
    search: bool,
    live_state: LiveState = EMPTY,
) -> UndeclaredAgreements:
    async with reading(server) as client:
        return await with_undeclared_agreements(client, live_state, known, is_ours, search=search)


def paths(server: Server) -> list[str]:
    return sorted(path for path, _ in server.asked if path.endswith("/additions"))


async def test_without_agreements_to_read_no_request_is_sent(reading: Reading) -> None:
    server = tenant({})
    found = await undeclared(reading, server, (), search=False)
    assert (found.live_state, found.searched, server.asked) == (EMPTY, False, [])


async def test_an_agreement_that_was_read_is_not_read_again(reading: Reading) -> None:
    live_state = LiveState(matches={}, links={}, objects={}, additions={9: []}, solutions={})
    server = tenant({})
    assert (await undeclared(reading, server, (9,), search=False, live_state=live_state)).live_state is live_state
    assert server.asked == []


async def test_only_our_additions_of_known_agreements_are_kept(reading: Reading) -> None:
    server = tenant({9: [tagged(1, 9, "rc:cove/1/a/storage"), tagged(2, 9, "SN-17")], 12: [tagged(3, 12, "SN-18")]})
    found = await undeclared(reading, server, (9, 12), search=False)
    assert {number: [each.id for each in rows] for number, rows in found.live_state.additions.items()} == {9: [1]}
    assert not found.searched


async def test_an_agreement_with_our_additions_is_read_for_its_invoices(reading: Reading) -> None:
    server = tenant({9: [tagged(1, 9, "rc:cove/1/a/storage")], 12: []})
    found = await undeclared(reading, server, (9, 12), search=False)
    (query,) = [query for path, query in server.asked if path.endswith("agreements")]
    assert "9" in query["conditions"]
    assert "nextInvoiceDate" in query["fields"]
    assert ("Agreement", 9) in found.live_state.objects


async def test_a_search_reads_every_agreement_that_can_bill(reading: Reading) -> None:
    server = tenant({12: [tagged(3, 12, "rc:cove/1/a/storage")]})
    found = await undeclared(reading, server, (), search=True)
    assert paths(server) == ["finance/agreements/12/additions", "finance/agreements/9/additions"]
    assert [*found.live_state.additions] == [12]
    assert found.searched


async def test_a_search_also_reads_known_agreements_that_no_longer_bill(reading: Reading) -> None:
    server = tenant({})
    await undeclared(reading, server, (10,), search=True)
    assert "finance/agreements/10/additions" in paths(server)


async def test_billing_cycles_are_returned_by_name_and_by_id(reading: Reading) -> None:
    server = Server(lambda _query, _path: [{"id": 1, "name": "By the quarter", "billingOptions": "Quarterly "}])
    async with reading(server) as client:
        assert await billing_cycles(client) == {"By the quarter": "Quarterly", 1: "Quarterly"}
