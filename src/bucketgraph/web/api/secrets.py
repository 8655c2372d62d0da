"""The keys that encrypt stored credentials: whether they read them all, and new ones. No key ever goes out."""

from __future__ import annotations

from bucketgraph.errors import CredentialError
from bucketgraph.web.bodies import Given, Shown
from bucketgraph.web.routing import Call, Route


class RotateBody(Given):
    """How keys are changed: `reencrypt` makes no new one but gives the first of the present ones to all credentials."""

    reencrypt: bool = False


class Readable(Shown):
    """Whether an integration's credentials can be read."""

    id: str
    name: str
    readable: bool


class SecretsShown(Shown):
    """How many keys there are, in which state, and what they read."""

    keys: int
    state: str
    integrations: list[Readable]


class Rotated(Shown):
    """The integrations whose credentials were encrypted anew, and those that no key could read."""

    renewed: list[str]
    unreadable: list[str]


def status(call: Call[Given, None]) -> SecretsShown:
    """Tell which credentials can be read."""
    lost, keyring = call.app.registry.lost_credentials(), call.app.keyring
    found = [one for one in call.app.registry.all() if one.config.kind == "bitbucket"]
    return SecretsShown(
        keys=keyring.count(),
        state=keyring.state(),
        integrations=[Readable(id=one.id, name=one.name, readable=one.id not in lost) for one in found],
    )


def rotate(call: Call[Given, RotateBody]) -> Rotated:
    """Change the keys."""
    keyring, store = call.app.keyring, call.app.store
    done = keyring.reencrypt(store) if call.body.reencrypt else keyring.rotate(store)
    return Rotated(renewed=list(done.renewed), unreadable=list(done.unreadable))


ROUTES = (
    Route(
        "GET",
        "/api/v1/secrets",
        "Tell which stored credentials the present keys read.",
        "admin",
        status,
        SecretsShown,
    ),
    Route(
        "POST",
        "/api/v1/secrets/rotate",
        "Make a new key, encrypt all credentials with it, drop the old ones.",
        "admin",
        rotate,
        Rotated,
        body=RotateBody,
        errors=(CredentialError,),
    ),
)
