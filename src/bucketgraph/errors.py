"""Every error bucketgraph raises on purpose, shaped by what the caller does next.

::

    BucketgraphError
    ├── UserError               the person changes something and tries again      exit 2
    │   ├── ConfigError         settings, integrations, flags
    │   │   └── Unknown         nothing bears this name or number (HTTP 404)
    │   ├── QueryError          a J1QL text that cannot be read or asked; knows where
    │   ├── QueryTimeout        a query that would have run for too long
    │   ├── Conflict            the same thing is under way already
    │   ├── CredentialError     the source refuses the consumer (key, scope, privacy)
    │   └── RequestError        a request to the server that it does not serve (HTTP 400)
    │       ├── Unauthenticated no token, or one that is not valid (401)
    │       ├── SignInRefused   not this name with this password, or not this identity (401)
    │       ├── TooManyTries    signing in failed too often; knows how long to wait (429)
    │       ├── SpentLink       a one-time link that is used, too old or not known (410)
    │       ├── StaleForm       a form that was not made for this session (403)
    │       ├── Forbidden       the token's role or integration does not allow it (403)
    │       ├── WrongMethod     this address has no such method (405)
    │       ├── TooLarge        the body is longer than the server reads (413)
    │       ├── WrongMedia      the body is no JSON by its own account (415)
    │       ├── WrongHost       asked for under a name that is not the server's (421)
    │       └── Unavailable     this server does not do that at the moment (503)
    ├── SourceError             Bitbucket did not give what was asked             exit 1
    │   ├── Retryable           a later try may succeed (5xx, drops, broken bodies)
    │   │   └── RateLimited     the token endpoint asks for a pause (429)
    │   ├── BudgetSpent         our own hourly call budget is used up
    │   └── Skippable           this one thing cannot be seen; go on with the others
    │       ├── Denied          403
    │       ├── NotFound        404: never by itself a proof of deletion
    │       ├── Gone            410: the endpoint or the object was withdrawn
    │       ├── Rejected        400 and other answers that a retry cannot change
    │       ├── Unreadable      one item of an answer cannot be understood
    │       └── UntrustedLink   `next` or a redirect that leaves the configured origin, or loops
    ├── StoreError              the graph file                                    exit 1
    │   ├── StoreBusy           another process holds the lock for too long
    │   ├── StoreFull           no space left
    │   ├── StoreNewer          written by a newer bucketgraph
    │   └── StoreUnreadable     not a bucketgraph database, or damaged, or no permission
    ├── Interrupted             a person asked the run to stop                    exit 3
    └── Bug                     a promise of ours is broken; please report        exit 1

A message says what happened and why; the hint says what to do next.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_COMPLETE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3


class BucketgraphError(Exception):
    """The root: `message` says what and why, `hint` what to do next."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_FAILED
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Take what happened and what to do next."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def paragraph(self) -> str:
        """Return message and hint as the one paragraph a person reads."""
        return f"{self.message} {self.hint}".strip()

    def facts(self) -> dict[str, object]:
        """Return the error as programs get it."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UserError(BucketgraphError):
    """The person changes something and tries again."""

    code = "user"
    exit_code = EXIT_USAGE
    http_status = 400


class ConfigError(UserError):
    """A setting, an integration's configuration or a flag cannot be used."""

    code = "config"


class Unknown(ConfigError):
    """Nothing bears this name, id or number."""

    code = "unknown"
    http_status = 404


class QueryError(UserError):
    """A J1QL text that cannot be read, or asks for what is not there.

    `span` holds the offsets of the offending characters (start, end), `line` and `column` count from 1, and
    `suggestions` are texts that may have been meant, the likeliest first.
    """

    code = "query"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        span: tuple[int, int] = (0, 0),
        line: int = 1,
        column: int = 1,
        suggestions: tuple[str, ...] = (),
    ) -> None:
        """Take where in the text it happened, and what may have been meant, too."""
        super().__init__(message, hint=hint)
        self.span = span
        self.line = line
        self.column = column
        self.suggestions = suggestions

    def facts(self) -> dict[str, object]:
        """Return also where it is and what may have been meant."""
        return super().facts() | {
            "line": self.line,
            "column": self.column,
            "span": self.span,
            "suggestions": self.suggestions,
        }


class QueryTimeout(UserError):
    """A query ran for longer than it may, and was stopped."""

    code = "query-timeout"
    http_status = 504


class Conflict(UserError):
    """The same thing is under way already, or is in the way."""

    code = "conflict"
    http_status = 409


class CredentialError(UserError):
    """Bitbucket refuses the consumer's key, secret, privacy or scopes."""

    code = "credentials"
    http_status = 424


class RequestError(UserError):
    """A request to the server that cannot be served as it is."""

    code = "bad-request"


class Unauthenticated(RequestError):
    """No token came with the request, or one that is not valid."""

    code = "unauthenticated"
    http_status = 401


class SignInRefused(RequestError):
    """The name, the password or the identity is not that of somebody who may come in."""

    code = "sign-in-refused"
    http_status = 401


class TooManyTries(RequestError):
    """Signing in failed too often; the next try counts after `wait_seconds`."""

    code = "too-many-tries"
    http_status = 429

    def __init__(self, message: str, *, hint: str = "", wait_seconds: int = 0) -> None:
        """Take how long to wait, too."""
        super().__init__(message, hint=hint)
        self.wait_seconds = wait_seconds


class SpentLink(RequestError):
    """A one-time link that was used, is too old or is not known."""

    code = "spent-link"
    http_status = 410


class StaleForm(RequestError):
    """A form that was not made for this session, or a session before it."""

    code = "stale-form"
    http_status = 403


class Forbidden(RequestError):
    """The token's role, or the integration it is bound to, does not allow this."""

    code = "forbidden"
    http_status = 403


class WrongMethod(RequestError):
    """The address exists, but not with this method."""

    code = "wrong-method"
    http_status = 405


class TooLarge(RequestError):
    """The body is longer than the server reads."""

    code = "too-large"
    http_status = 413


class WrongMedia(RequestError):
    """The body's content type is not what the server reads."""

    code = "wrong-media"
    http_status = 415


class WrongHost(RequestError):
    """The request names a host that this server is not known by."""

    code = "wrong-host"
    http_status = 421


class Unavailable(RequestError):
    """This server does not do that, at least not at the moment."""

    code = "unavailable"
    http_status = 503


class SourceError(BucketgraphError):
    """Bitbucket did not give what was asked."""

    code = "source"
    http_status = 502


class Retryable(SourceError):
    """A later try of the same call may succeed."""

    code = "source-unavailable"


class RateLimited(Retryable):
    """The token endpoint asks for a pause (429)."""

    code = "rate-limited"


class BudgetSpent(SourceError):
    """The hourly call budget of a consumer is used up until `until` (epoch seconds)."""

    code = "budget-spent"
    exit_code = EXIT_PARTIAL
    http_status = 429

    def __init__(self, message: str, *, until: float, hint: str = "") -> None:
        """Take the epoch second from which calls are free again, too."""
        super().__init__(message, hint=hint)
        self.until = until


class Skippable(SourceError):
    """This one thing cannot be seen; the others can."""

    code = "source-skipped"


class Denied(Skippable):
    """403: the consumer may not see this."""

    code = "denied"


class NotFound(Skippable):
    """404: not there, or not for us. Never by itself a proof of deletion."""

    code = "not-found"


class Gone(Skippable):
    """410: Bitbucket withdrew the endpoint or the object; never retried."""

    code = "gone"


class Rejected(Skippable):
    """400 and other answers that a retry cannot change."""

    code = "rejected"


class Unreadable(Skippable):
    """One item of an answer cannot be understood; the others can."""

    code = "unreadable"


class UntrustedLink(Skippable):
    """A `next` link or redirect that leaves the configured origin, or runs in a circle."""

    code = "untrusted-link"


class StoreError(BucketgraphError):
    """The graph file cannot be used."""

    code = "store"


class StoreBusy(StoreError):
    """Another process holds the lock for longer than we wait."""

    code = "store-busy"
    http_status = 503


class StoreFull(StoreError):
    """No space is left for the graph file."""

    code = "store-full"
    http_status = 507


class StoreNewer(StoreError):
    """The graph file was written by a newer bucketgraph."""

    code = "store-newer"


class StoreUnreadable(StoreError):
    """The file is no bucketgraph database, is damaged or may not be read."""

    code = "store-unreadable"


class Interrupted(BucketgraphError):
    """A person asked the run to stop; what was published stays."""

    code = "interrupted"
    exit_code = EXIT_PARTIAL


class Bug(BucketgraphError):
    """A promise of ours is broken; please report it."""

    code = "bug"
