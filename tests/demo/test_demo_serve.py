"""The fake over real HTTP."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys

import httpx2
import pytest

from bucketgraph.demo import Fault, Faults, create_app, create_trap, generate_world, serve
from bucketgraph.demo.serve import bind

PATH = "/2.0/repositories/acme-rockets"


def _get(client: httpx2.Client, url: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials"}
    granted = client.post(f"{url}/site/oauth2/access_token", data=form, auth=("demo-key", "demo-secret"))
    token = granted.json()["access_token"]
    return client.get(url + PATH, headers={"Authorization": f"Bearer {token}"})


def test_pages_link_to_the_served_origin_and_the_port_is_free_again() -> None:
    app = create_app(generate_world(repositories=12, pull_requests=0))
    with serve(app) as url, httpx2.Client() as client:
        answer = _get(client, url)
        assert answer.json()["next"] == f"{url}{PATH}?page=2"
        assert len(answer.headers.get_list("date")) == 1
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)
    with serve(app, port=int(url.rpartition(":")[2])) as again:
        assert again == url


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [("drop", httpx2.RemoteProtocolError, 200), ("reset", httpx2.TransportError, 0)],
)
def test_a_broken_connection_and_a_good_one_after(kind: str, error: type[Exception], status: int) -> None:
    world = generate_world(repositories=12, pull_requests=0)
    app = create_app(world, faults=Faults([Fault(kind, match="repositories", times=1)]))
    with serve(app) as url, httpx2.Client() as client:
        with pytest.raises(error):
            _get(client, url)
        assert _get(client, url).status_code == 200
    statuses = [seen.status for seen in app.state.fake.requests if seen.endpoint == "repositories"]
    assert statuses == [status, 200]


def test_the_event_loop_knows_the_socket_as_tcp() -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_a_trap_keeps_what_it_was_told() -> None:
    trap = create_trap()
    with serve(trap) as url:
        answer = httpx2.get(f"{url}/2.0/x?page=2", headers={"Authorization": "Bearer stolen"})
    assert answer.json()["values"] == []
    assert [(caught.path, caught.query) for caught in trap.caught] == [("/2.0/x", "page=2")]
    assert trap.credentials() == ["Bearer stolen"]


def test_the_command_serves_until_terminated() -> None:
    command = [sys.executable, "-m", "bucketgraph.demo", "--repositories", "3", "--pull-requests", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with contextlib.ExitStack() as stack:
            stack.callback(process.kill)
            hello = json.loads(process.stdout.readline())
            assert hello["workspaces"] == ["acme-rockets"]
            assert hello["key"] == "demo-key"
            assert "demo-secret" not in json.dumps(hello)
            with httpx2.Client() as client:
                assert len(_get(client, hello["url"]).json()["values"]) == 3
                counts = client.get(f"{hello['url']}/__fake__/counts").json()
            assert counts == {"token": 1, "repositories": 1}
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
