"""Signing in through an identity provider over real HTTP: an honest one, and all the ways in which one may not be."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey
from support.doors import House
from support.oidc import CLIENT_ID, CLIENT_SECRET, KEY, STRANGER, FakeProvider, new_key, provider, visit

from bucketgraph.access import accounts, identity
from bucketgraph.access.oidc import CALLBACK, COOKIE_SECONDS, Begun, Finished, Oidc
from bucketgraph.access.paths import local_path
from bucketgraph.access.provider import is_safe
from bucketgraph.errors import BucketgraphError, ConfigError, SignInRefused, Unavailable
from bucketgraph.settings import Secret, Settings


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    """Serve an honest provider."""
    with provider() as made:
        yield made


def settings_for(fake: FakeProvider, **changes: Any) -> Settings:
    """Return settings that name a provider."""
    values = {
        "public_url": "https://graph.example.com",
        "oidc_issuer": fake.url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": Secret(CLIENT_SECRET),
        "oidc_default_role": "viewer",
    }
    return Settings(**(values | changes))


class Browser:
    """Somebody who signs in."""

    def __init__(self, house: House, fake: FakeProvider, **changes: Any) -> None:
        self.house = house
        made = Oidc.of(settings_for(fake, **changes))
        assert made is not None
        self.oidc = made

    def begin(self, next_path: str | None = None) -> Begun:
        """Begin."""
        return asyncio.run(self.oidc.begin(self.house.clock.now, next_path))

    def finish(self, cookie: str | None, query: dict[str, str]) -> Finished:
        """Come back."""
        return asyncio.run(self.oidc.finish(self.house.store, cookie, query))

    def whole_way(self, next_path: str | None = None) -> Finished:
        """Begin, go there, come back."""
        begun = self.begin(next_path)
        return self.finish(begun.cookie, visit(begun.url))

    def account(self) -> accounts.AccountRow:
        """Go the whole way and return the account."""
        return identity.account_of(self.house.store, self.whole_way().identity)


def test_who_signs_in_becomes_an_account_and_the_same_one_again(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    begun = browser.begin("/query?q=FIND+user")
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["redirect_uri"] == ["https://graph.example.com" + CALLBACK]
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid email profile"]
    assert len(asked["nonce"][0]) == len(asked["state"][0]) == 43
    finished = browser.finish(begun.cookie, visit(begun.url))
    assert finished.next == "/query?q=FIND+user"
    row = identity.account_of(house.store, finished.identity)
    assert (row.name, row.email, row.role) == ("ada", "ada@example.com", "viewer")
    assert house.sign_in(row).visitor.name == "ada"
    fake.claims = {"preferred_username": "renamed", "email": "new@example.com"}
    again = browser.account()
    assert (again.id, again.name, again.email) == (row.id, "ada", "new@example.com")
    assert fake.asked.count("discovery") == 1
    assert fake.asked.count("jwks") == 1


def test_nothing_is_written_until_somebody_has_signed_in(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    before = house.bytes()
    begun = browser.begin()
    for query in ({}, {"state": "x", "code": "y"}, {"error": "access_denied"}):
        with pytest.raises(SignInRefused):
            browser.finish(begun.cookie, query)
    assert house.bytes() == before


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "azp"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    house: House, fake: FakeProvider, claims: dict[str, Any], why: str
) -> None:
    fake.claims = claims
    with pytest.raises(SignInRefused, match="cannot be trusted") as refused:
        Browser(house, fake).whole_way()
    assert why in str(refused.value.__cause__)
    assert refused.value.http_status == 401
    assert refused.value.hint
    assert not house.store.has_accounts()


def test_an_id_token_of_nobody_is_refused(house: House, fake: FakeProvider) -> None:
    fake.claims = {"sub": ""}
    with pytest.raises(SignInRefused, match="who you are"):
        Browser(house, fake).whole_way()


def test_an_unsigned_token_is_refused(house: House, fake: FakeProvider) -> None:
    fake.algorithm = "none"
    with pytest.raises(SignInRefused, match="cannot be trusted"):
        Browser(house, fake).whole_way()


def test_a_token_signed_with_what_we_hold_too_is_refused(house: House, fake: FakeProvider) -> None:
    fake.algorithm = "HS256"
    for key in (CLIENT_SECRET, KEY.as_pem(private=False).decode()):
        fake.signing = OctKey.import_key(base64.urlsafe_b64encode(key.encode()).decode())
        with pytest.raises(SignInRefused, match="cannot be trusted"):
            Browser(house, fake).whole_way()


def test_a_token_of_a_key_that_the_provider_does_not_publish_is_refused(
    house: House, fake: FakeProvider
) -> None:
    for stranger in (STRANGER, new_key("k9")):
        fake.signing = stranger
        with pytest.raises(SignInRefused, match="cannot be trusted"):
            Browser(house, fake).whole_way()


def test_a_new_key_of_the_provider_is_found(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    browser.whole_way()
    new = new_key("k2")
    fake.published, fake.signing = [KEY, new], new
    assert browser.whole_way().identity.subject == "ada-1"


def test_a_sign_in_works_once_even_where_the_provider_takes_its_codes_twice(
    house: House, fake: FakeProvider
) -> None:
    browser = Browser(house, fake)
    for fake.reuse_codes in (True, False):
        begun = browser.begin()
        query = visit(begun.url)
        browser.finish(begun.cookie, query)
        with pytest.raises(SignInRefused):
            browser.finish(begun.cookie, query)
        with pytest.raises(SignInRefused):
            browser.finish(begun.cookie, visit(begun.url))


def test_a_state_is_worth_nothing_in_another_browser(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    mine, yours = browser.begin(), browser.begin()
    query = visit(mine.url)
    for cookie in (yours.cookie, None, "", "x.y.z", mine.cookie + "x", mine.cookie.replace(".", "")):
        with pytest.raises(SignInRefused):
            browser.finish(cookie, query)
    for state in ("", query["state"][:-1], query["state"] + "A", "é"):
        with pytest.raises(SignInRefused):
            browser.finish(mine.cookie, query | {"state": state})
    assert browser.finish(mine.cookie, query)


def test_a_code_of_another_sign_in_cannot_be_put_into_this_one(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    mine, attackers = browser.begin(), browser.begin()
    stolen = visit(attackers.url)["code"]
    with pytest.raises(SignInRefused, match="invalid_grant"):
        browser.finish(mine.cookie, visit(mine.url) | {"code": stolen})


def test_a_sign_in_takes_ten_minutes_at_most_and_its_cookie_cannot_be_made_younger(
    house: House, fake: FakeProvider
) -> None:
    browser = Browser(house, fake)
    begun = browser.begin()
    query = visit(begun.url)
    house.clock.now += COOKIE_SECONDS * 1000
    with pytest.raises(SignInRefused, match="too long"):
        browser.finish(begun.cookie, query)
    secret, made, path = begun.cookie.split(".")
    with pytest.raises(SignInRefused, match="elsewhere"):
        browser.finish(f"{secret}.{int(made) + 60}.{path}", query)
    house.clock.now -= COOKIE_SECONDS * 1000 + 5000
    with pytest.raises(SignInRefused, match="too long"):
        browser.finish(begun.cookie, query)


def test_the_answer_of_another_issuer_is_refused_before_its_code_is_sent_anywhere(
    house: House, fake: FakeProvider
) -> None:
    browser = Browser(house, fake)
    begun = browser.begin()
    query = visit(begun.url)
    with pytest.raises(SignInRefused, match="another identity provider"):
        browser.finish(begun.cookie, query | {"iss": "https://evil.example"})
    assert "token" not in fake.asked
    fake.sends_issuer = True
    strict = Browser(house, fake)
    begun = strict.begin()
    query = visit(begun.url)
    with pytest.raises(SignInRefused, match="another identity provider"):
        strict.finish(begun.cookie, {k: v for k, v in query.items() if k != "iss"})
    assert strict.finish(begun.cookie, query)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "https://[bad"},
    ],
)
def test_a_provider_that_is_not_the_configured_one_is_refused(
    house: House, fake: FakeProvider, metadata: dict[str, Any]
) -> None:
    fake.metadata = metadata
    with pytest.raises(ConfigError) as refused:
        Browser(house, fake).begin()
    assert refused.value.hint


def test_a_provider_that_is_down_is_said_to_be(house: House, fake: FakeProvider) -> None:
    fake.broken = "discovery"
    browser = Browser(house, fake)
    with pytest.raises(Unavailable, match="does not answer"):
        browser.begin()
    fake.broken = ""
    begun = browser.begin()
    query = visit(begun.url)
    for fake.broken in ("token", "no ID token"):
        with pytest.raises(BucketgraphError) as refused:
            browser.finish(begun.cookie, query)
        assert isinstance(refused.value, Unavailable | SignInRefused)
        assert CLIENT_SECRET not in str(refused.value.paragraph())


def test_a_wrong_client_secret_is_told_without_it(house: House, fake: FakeProvider) -> None:
    with pytest.raises(SignInRefused, match="invalid_client") as refused:
        Browser(house, fake, oidc_client_secret=Secret("wrong-secret")).whole_way()
    assert "wrong-secret" not in refused.value.paragraph()


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "/ /evil",
        "evil",
        "",
        "/" + "x" * 3000,
        "/é",
        " /",
    ],
)
def test_nobody_is_sent_on_to_another_site(house: House, fake: FakeProvider, wanted: str) -> None:
    assert local_path(wanted) == "/"
    assert Browser(house, fake).whole_way(wanted).next == "/"


@given(st.text(alphabet="/\\\t\n :.@?#%ae", max_size=12) | st.text())
def test_whatever_is_wanted_the_path_is_of_this_server(wanted: str) -> None:
    path = local_path(wanted)
    assert path in {"/", wanted}
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert urlsplit(path).netloc == ""


def test_groups_give_roles_the_highest_counts_and_holds_at_each_sign_in(
    house: House, fake: FakeProvider
) -> None:
    browser = Browser(
        house,
        fake,
        oidc_roles_claim="realm_access.roles",
        oidc_role_map="CN=sec,OU=it=admin; devs = editor;all=viewer",
        oidc_default_role="none",
    )
    house.account("root", "admin")
    fake.claims = {"realm_access": {"roles": ["devs", "all", 7]}}
    assert browser.account().role == "editor"
    fake.claims = {"realm_access": {"roles": ["CN=sec,OU=it"]}}
    assert browser.account().role == "admin"
    fake.claims = {"realm_access": {"roles": "all"}}
    assert browser.account().role == "viewer"
    for told in ({"roles": ["others"]}, {}, "admin", None):
        fake.claims = {"realm_access": told}
        with pytest.raises(SignInRefused, match="none of your groups"):
            browser.account()


def test_claims_with_dots_in_their_names_are_found_too(house: House, fake: FakeProvider) -> None:
    claim = "https://acme.example/roles"
    fake.userinfo = {"sub": "ada-1", claim: ["sec"]}
    browser = Browser(house, fake, oidc_roles_claim=claim, oidc_role_map="sec=admin")
    assert browser.account().role == "admin", "asked of the userinfo endpoint"
    fake.userinfo = {"sub": "somebody-else", claim: ["sec"]}
    fake.claims = {"sub": "ben-2"}
    assert browser.account().role == "viewer", "another subject's answer is not believed"


def test_the_last_admin_stays_one_whatever_the_groups_say(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake, oidc_roles_claim="groups", oidc_role_map="sec=admin;devs=viewer")
    fake.claims = {"groups": ["sec"]}
    assert browser.account().role == "admin"
    fake.claims = {"groups": ["devs"]}
    assert browser.account().role == "admin"
    house.account("root", "admin")
    assert browser.account().role == "viewer"


def test_only_verified_addresses_of_the_allowed_domains_come_in(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake, oidc_allowed_domains="Example.com, @example.org")
    assert browser.account().email == "ada@example.com"
    for claims in (
        {"email": "ada@evil.example"},
        {"email": "ada@sub.example.com"},
        {"email": "ada@evil.example@notexample.com"},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"email": ["ada@example.com"]},
    ):
        fake.claims = {"sub": "other"} | claims
        with pytest.raises(SignInRefused, match="not verified, or not of a domain"):
            browser.account()


def test_a_name_or_address_that_looks_like_anothers_opens_nothing(house: House, fake: FakeProvider) -> None:
    local = accounts.create(
        house.store,
        "ada",
        "admin",
        email="ada@example.com",
        password="violet-otter-29",
        passwords=house.passwords,
    )
    browser = Browser(house, fake)
    row = browser.account()
    assert (row.name, row.role) == ("ada-2", "viewer")
    assert row.id != local.id
    fake.claims = {"sub": "ada-3"}
    assert browser.account().name == "ada-3"


def test_a_closed_account_stays_closed(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    accounts.disable(house.store, browser.account().id)
    with pytest.raises(SignInRefused, match="closed"):
        browser.account()


def test_names_that_are_no_account_names_are_made_some(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    names = []
    for number, claims in enumerate(
        (
            {"preferred_username": "<script>Ünï"},
            {"preferred_username": None, "email": "ben.b@example.com"},
            {"preferred_username": "ё", "email": None, "name": "Cy Dee"},
            {"preferred_username": None, "email": None},
            {"preferred_username": ["x"], "email": "é@example.com", "name": "x" * 500},
        )
    ):
        fake.claims = {"sub": f"s{number}"} | claims
        names.append(browser.account().name)
    assert names == ["script.n", "ben.b", "Cy.Dee", "user", "x" * 90]


def test_two_first_sign_ins_of_one_person_at_once_are_one_account(house: House, fake: FakeProvider) -> None:
    browser = Browser(house, fake)
    one, two = browser.whole_way().identity, browser.whole_way().identity
    first = identity.account_of(house.store, one)
    assert identity._created(house.store, two).id == first.id


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": "http://login.example.com"},
        {"oidc_client_id": ""},
        {"public_url": ""},
        {"public_url": "http://graph.example.com"},
        {"oidc_role_map": "security"},
        {"oidc_role_map": "=admin"},
        {"oidc_role_map": "security=owner"},
    ],
)
def test_what_is_configured_by_half_is_said_at_once(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        Oidc.of(settings_for(FakeProvider(url="https://login.example.com"), **changes))
    assert refused.value.hint


def test_without_an_issuer_there_is_no_provider() -> None:
    assert Oidc.of(Settings()) is None
    assert is_safe("http://localhost:8080")
    assert not is_safe("https://")
