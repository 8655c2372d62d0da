"""Paging: `next` is followed as it stands to the end, and page lengths give way."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest
from bitbucket.harness import API, Wire, ok, open_client, page, read_items, read_pages, status

from bucketgraph.bitbucket.endpoints import PROJECTS, PULL_REQUESTS, Listing
from bucketgraph.bitbucket.replies import PagelenRefused, ServerFault
from bucketgraph.errors import NotFound, Rejected, Retryable, UntrustedLink

pytestmark = pytest.mark.anyio

LISTING = Listing(PROJECTS, "/2.0/workspaces/acme/projects")
PULLS = Listing(PULL_REQUESTS, "/2.0/repositories/a/b/pullrequests")
NEXT = f"{API}/2.0/workspaces/acme/projects?page=8xhd&ctx=a%2Bb+c%2fd&fields=next%2Cvalues.uuid&pagelen=100"
OTHER_NEXT = f"{API}/2.0/workspaces/acme/projects?page=9"


def at_most(longest: int) -> Callable[[httpx2.Request], httpx2.Response]:
    """Refuse page lengths over a maximum, as the pull request lists do."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if int(request.url.params["pagelen"]) > longest:
            return httpx2.Response(400, json={"type": "error", "error": {"message": "Invalid pagelen"}})
        return page(longest)

    return answer


async def test_next_is_followed_to_the_letter_and_nothing_is_added_to_it() -> None:
    wire = Wire(page(1, 2, to=NEXT), page(3))
    async with open_client(wire) as client:
        assert await read_items(client, LISTING) == [b"1", b"2", b"3"]
    assert str(wire.asked[1].url) == NEXT
    assert wire.asked[1].url.raw_path.decode() == NEXT.removeprefix(API)


async def test_the_first_page_asks_for_the_longest_page_and_keeps_next_in_the_fields() -> None:
    wire = Wire(page())
    async with open_client(wire) as client:
        await read_items(client, LISTING)
    assert wire.query(0, "pagelen") == "100"
    assert wire.query(0, "fields").split(",")[0] == "next"


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}])
async def test_a_list_ends_where_next_is_absent(end: dict[str, object]) -> None:
    wire = Wire(ok({"values": [1], **end}))
    async with open_client(wire) as client:
        assert await read_items(client, LISTING) == [b"1"]


async def test_short_and_empty_pages_with_next_go_on() -> None:
    wire = Wire(page(to=NEXT), page(1, to=OTHER_NEXT), page())
    async with open_client(wire) as client:
        assert await read_items(client, LISTING) == [b"1"]
    assert len(wire.asked) == 3


async def test_items_are_handed_on_as_the_bytes_that_came() -> None:
    body = b'{"values":[{"b":1,  "a":"\xc3\xa9\\u00e9"}, null],"size":7,"pagelen":1}'
    wire = Wire(httpx2.Response(200, content=body, headers={"Date": "Mon, 23 Nov 2026 10:00:00 GMT"}))
    async with open_client(wire) as client:
        (only,) = await read_pages(client, LISTING)
    assert only.items == (b'{"b":1,  "a":"\xc3\xa9\\u00e9"}', b"null")
    assert (only.size, only.server_ms) == (7, 1_795_428_000_000)


@pytest.mark.parametrize("steps", [1, 3])
async def test_a_next_that_runs_in_a_circle_is_refused(steps: int) -> None:
    links = [f"{API}/2.0/x?page={n}" for n in range(1, steps)]
    links.append(API + LISTING.first_url(100))
    wire = Wire(*(page(1, to=link) for link in links))
    async with open_client(wire) as client:
        with pytest.raises(UntrustedLink, match="circle"):
            await read_pages(client, LISTING)
    assert len(wire.asked) == steps


async def test_pages_before_a_failing_one_are_yielded_and_then_the_failure_is_raised() -> None:
    wire = Wire(page(1, to=NEXT), httpx2.Response(404, text="Not Found"))
    async with open_client(wire) as client:
        pages = client.pages(LISTING, what="the list")
        assert (await anext(pages)).items == (b"1",)
        with pytest.raises(NotFound):
            await anext(pages)


@pytest.mark.parametrize(
    ("longest", "asked"), [(50, [100, 50]), (25, [100, 50, 25]), (10, [100, 50, 25, 10])]
)
async def test_a_refused_page_length_falls_back_step_by_step(longest: int, asked: list[int]) -> None:
    wire = Wire(at_most(longest))
    async with open_client(wire) as client:
        assert await read_items(client, LISTING) == [str(longest).encode()]
    assert [int(wire.query(n, "pagelen")) for n in range(len(wire.asked))] == asked


async def test_the_accepted_page_length_is_remembered_for_that_endpoint_only() -> None:
    wire = Wire(at_most(25))
    async with open_client(wire) as client:
        await read_items(client, LISTING)
        wire.asked.clear()
        await read_items(client, LISTING)
        await read_items(client, PULLS)
    assert [wire.query(n, "pagelen") for n in range(3)] == ["25", "50", "25"]


async def test_a_page_length_refused_even_at_the_smallest_is_an_error() -> None:
    wire = Wire(at_most(5))
    async with open_client(wire) as client:
        with pytest.raises(PagelenRefused):
            await read_items(client, LISTING)
    assert len(wire.asked) == 4


async def test_another_400_does_not_shorten_the_pages() -> None:
    wire = Wire(httpx2.Response(400, json={"type": "error", "error": {"message": "Invalid filter"}}))
    async with open_client(wire) as client:
        with pytest.raises(Rejected, match="Invalid filter"):
            await read_items(client, LISTING)
    assert len(wire.asked) == 1


async def test_a_lasting_server_error_halves_the_page_once() -> None:
    def too_heavy(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500) if request.url.params["pagelen"] == "100" else page(1)

    wire = Wire(too_heavy)
    async with open_client(wire, attempts=3) as client:
        assert await read_items(client, LISTING) == [b"1"]
        assert await read_items(client, LISTING) == [b"1"]
    asked = [wire.query(n, "pagelen") for n in range(len(wire.asked))]
    assert asked == ["100"] * 3 + ["50"] + ["100"] * 3 + ["50"]


async def test_a_server_error_that_outlasts_the_halving_is_raised() -> None:
    wire = Wire(status(503))
    async with open_client(wire, attempts=3) as client:
        with pytest.raises(ServerFault, match="503"):
            await read_items(client, LISTING)
    assert [wire.query(n, "pagelen") for n in range(len(wire.asked))] == ["100"] * 3 + ["50"] * 3


async def test_a_fault_on_a_later_page_starts_the_list_again_with_shorter_pages() -> None:
    def later_page_fails(request: httpx2.Request) -> httpx2.Response:
        if request.url.params.get("page") == "9":
            return httpx2.Response(502)
        return page(1, to=OTHER_NEXT) if request.url.params["pagelen"] == "100" else page(1, 2)

    wire = Wire(later_page_fails)
    async with open_client(wire, attempts=2) as client:
        assert await read_items(client, LISTING) == [b"1", b"1", b"2"]


async def test_a_lost_connection_does_not_shorten_the_pages() -> None:
    def drop(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("reset")

    wire = Wire(drop)
    async with open_client(wire, attempts=3) as client:
        with pytest.raises(Retryable):
            await read_items(client, LISTING)
    assert {wire.query(n, "pagelen") for n in range(len(wire.asked))} == {"100"}


@pytest.mark.parametrize("body", [{}, [], 7, {"values": None}, {"values": {}}, {"values": [], "next": 5}])
async def test_a_page_of_another_shape_is_rejected_and_not_taken_for_an_empty_list(body: object) -> None:
    wire = Wire(httpx2.Response(200, json=body))
    async with open_client(wire) as client:
        with pytest.raises(Rejected, match="shape"):
            await read_items(client, LISTING)
    assert len(wire.asked) == 1
