"""One-time links: setting the first admin up, choosing a password, entering the demo.

Looking at a link uses nothing up, so that a mail program may do it before its reader.
"""

from __future__ import annotations

from dataclasses import replace

from bucketgraph.access import setup
from bucketgraph.access.setup import Offer
from bucketgraph.errors import ConfigError, Conflict, SpentLink
from bucketgraph.store.rows import AccountRow
from bucketgraph.web.answers import Answer, Html
from bucketgraph.web.pages.signin import begin
from bucketgraph.web.visit import Page, Visit

_TITLES = {
    "setup": "Set up the first administrator",
    "invite": "Choose your password",
    "reset": "Choose another password",
    "demo": "Look around",
}


def look(visit: Visit) -> Answer:
    """Show what a link offers."""
    return _form(visit, setup.look(visit.app.store, _secret(visit)))


def take(visit: Visit) -> Answer:
    """Use a link up and begin a session."""
    offer = setup.look(visit.app.store, _secret(visit))
    try:
        account = _account(visit, offer)
    except ConfigError as error:
        return _form(visit, offer, error)
    begin(visit, account)
    return visit.redirect("/", toast=f"Welcome, {account.name}.")


def _account(visit: Visit, offer: Offer) -> AccountRow:
    """Return the account that a link makes or gives a password to; raises ConfigError for what cannot be used."""
    app, secret = visit.app, _secret(visit)
    if offer.purpose == "demo":
        return setup.enter_demo(app.store, secret)
    password = visit.form.get("password", "")
    if password != visit.form.get("again", ""):
        raise ConfigError("The two passwords are not the same.", hint="Type the same one twice.")
    if offer.purpose != "setup":
        return setup.choose_password(app.store, secret, password, passwords=app.passwords)
    name, email = visit.form.get("name", "").strip(), visit.form.get("email", "").strip()
    try:
        return setup.create_first_admin(
            app.store, secret, name=name, email=email, password=password, passwords=app.passwords
        )
    except Conflict as error:
        raise SpentLink(error.message, hint=error.hint or "Sign in.") from None


def _form(visit: Visit, offer: Offer, error: ConfigError | None = None) -> Answer:
    found = visit.page(
        "setup.html",
        title=_TITLES[offer.purpose],
        status=200 if error is None else 400,
        offer=offer,
        error=error,
        name=visit.form.get("name", ""),
        email=visit.form.get("email", ""),
    )
    return _told_to_nobody(found)


def _told_to_nobody(page: Html) -> Html:
    """Keep the address of a link from wherever the page leads."""
    return replace(page, headers={"Referrer-Policy": "no-referrer"})


def _secret(visit: Visit) -> str:
    return str(visit.path["secret"])


PAGES = (
    Page("GET", setup.PATH + "{secret}", None, look),
    Page("POST", setup.PATH + "{secret}", None, take),
)
