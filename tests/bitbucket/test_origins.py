"""Origins: which addresses may be configured, and which links count as the same place."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL, Origins, check_origin, is_loopback
from bucketgraph.errors import ConfigError, UntrustedLink

HOSTS = st.sampled_from(
    ["api.bitbucket.org", "API.bitbucket.ORG", "evil.example", "api.bitbucket.org.evil.example", "[::1]", ""]
) | st.text(max_size=20)
GLUE = st.sampled_from(
    ["", "@", ":", ":443", ":0", "\\", "\\@", "/", "//", "#", "?", ".", "%2e", "%00", "\t"]
)
LINKS = (
    st.tuples(
        st.sampled_from(["https://", "http://", "//", "https:", ""]), HOSTS, GLUE, HOSTS, st.text(max_size=9)
    )
    .map("".join)
    .filter(bool)
)


@given(LINKS)
@example("https://api.bitbucket.org:0/x")
@example("https://xn--a/x")
def test_no_link_passes_unless_scheme_host_and_port_are_the_configured_ones(link: str) -> None:
    try:
        passed = urlsplit(str(Origins().resolve(link)))
    except UntrustedLink:
        return
    assert (passed.scheme, passed.netloc) == ("https", "api.bitbucket.org")


@given(LINKS)
def test_resolving_twice_is_resolving_once(link: str) -> None:
    try:
        once = Origins().resolve(link)
    except UntrustedLink:
        return
    assert Origins().resolve(str(once)) == once


@pytest.mark.parametrize(
    "tail",
    ["/2.0/x?page=8xhd", "/2.0/x?q=a%3E%22b%22&q=c", "/2.0/x?f=a%2Bb+c%20d", "/2.0/%7Ba-b%7D/c?ctx=a%2fb"],
)
def test_a_good_link_stays_as_it_is_to_the_letter(tail: str) -> None:
    assert str(Origins().resolve(API_URL + tail)) == API_URL + tail
    assert str(Origins().resolve(tail)) == API_URL + tail


@pytest.mark.parametrize(
    ("given_text", "origin"),
    [
        ("https://api.bitbucket.org", "https://api.bitbucket.org"),
        (" https://api.bitbucket.org/ ", "https://api.bitbucket.org"),
        ("https://API.Bitbucket.org:443", "https://api.bitbucket.org"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("http://localhost:7990/", "http://localhost:7990"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.9.9.9:80", "http://127.9.9.9"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_https_hosts_and_plain_http_on_this_computer_are_accepted(given_text: str, origin: str) -> None:
    assert check_origin(given_text, flag="--api-url") == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.bitbucket.org",
        "https://",
        "ftp://host",
        "https://host/path",
        "https://host?x=1",
        "https://host#x",
        "https://user@host",
        "https://user:pw@host",
        "https://host:0",
        "https://host:99999",
        "https://host:port",
        "https://ho st",
        "http://api.bitbucket.org",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1.evil.example",
        "https://\x00",
    ],
)
def test_anything_else_is_refused_with_the_flag_in_the_message(text: str) -> None:
    with pytest.raises(ConfigError, match="--oauth-url") as caught:
        check_origin(text, flag="--oauth-url")
    assert "https://api.bitbucket.org" in caught.value.hint


@pytest.mark.parametrize("text", ["https://user:hunter2@host", "https://user:hunter2@ho st:port"])
def test_a_password_in_an_address_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_origin(text, flag="--api-url")
    assert "hunter2" not in caught.value.paragraph()


@given(st.text())
def test_checking_an_origin_never_fails_in_another_way(text: str) -> None:
    try:
        origin = check_origin(text, flag="--api-url")
    except ConfigError:
        return
    assert check_origin(origin, flag="--api-url") == origin


@pytest.mark.parametrize(
    ("host", "loopback"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("x", False)]
)
def test_loopback_is_told_by_address_not_by_resolving_names(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_defaults_are_the_two_hosts_in_force_since_may_2026() -> None:
    assert (API_URL, OAUTH_URL) == ("https://api.bitbucket.org", "https://bitbucket.org")
    assert Origins().token_url == "https://bitbucket.org/site/oauth2/access_token"


def test_the_authorities_are_read_once_for_all_consumers_of_bitbucket() -> None:
    trust = Origins().trust()
    assert trust is Origins().trust()
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.check_hostname
    assert trust.get_ca_certs()


def test_where_all_is_plain_http_nobody_is_trusted() -> None:
    trust = Origins("http://127.0.0.1:1", "http://127.0.0.1:1").trust()
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.get_ca_certs() == []
    assert Origins("http://127.0.0.1:1").trust().get_ca_certs(), "one https origin is enough"
