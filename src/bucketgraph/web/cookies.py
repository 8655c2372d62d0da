"""The console's cookies: what they are called, how they are kept, and what an answer sets."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bucketgraph.access import csrf
from bucketgraph.settings import Settings

SESSION: Final = "session"
VISIT: Final = "visit"
MESSAGE: Final = "message"
PROVIDER: Final = "provider"
_MESSAGE_SECONDS: Final = 60
_LONGEST_MESSAGE: Final = 400


class Message(msgspec.Struct, frozen=True):
    """What the page that a redirect leads to says."""

    text: str
    kind: str = "ok"


@dataclass
class Cookies:
    """The cookies of one request and its answer.

    All are HttpOnly and SameSite=Lax; over https Secure too, and then `__Host-` keeps other hosts of the domain from
    setting them. Servers on several ports of one host share its cookies, so the port is part of the name.
    """

    request: Request
    secure: bool
    _set: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Cookies:
        """Return the cookies of a request; a proxy that speaks https for us is known by the public address."""
        public = urlsplit(settings.public_url)
        host = request.headers.get("host", "").lower()
        secure = request.url.scheme == "https" or (public.scheme == "https" and host == public.netloc.lower())
        return cls(request, secure)

    def get(self, name: str) -> str | None:
        """Return a cookie as it will be after this answer; None when there is none."""
        if name in self._set:
            return self._set[name][0] or None
        return self.request.cookies.get(self._named(name))

    def put(self, name: str, value: str, seconds: int | None = None) -> None:
        """Let the answer set a cookie, for so many seconds or until the browser is closed."""
        self._set[name] = (value, seconds)

    def drop(self, name: str) -> None:
        """Let the answer delete a cookie, if the browser has it."""
        if self.get(name) is not None:
            self._set[name] = ("", 0)

    def form_cookie(self) -> str:
        """Return the cookie that form tokens are made from: the session's, or that of a visit, made when needed."""
        session = self.get(SESSION)
        if session is not None:
            return session
        visit = self.get(VISIT)
        if visit is None or not csrf.is_visit(visit):
            visit = csrf.visit()
            self.put(VISIT, visit)
        return visit

    def say(self, text: str, kind: str) -> None:
        """Let the next page say something."""
        packed = msgspec.json.encode(Message(text[:_LONGEST_MESSAGE], kind))
        self.put(MESSAGE, base64.urlsafe_b64encode(packed).decode(), _MESSAGE_SECONDS)

    def said(self) -> Message | None:
        """Return what this page is to say, once."""
        kept = self.get(MESSAGE)
        if kept is None:
            return None
        self.drop(MESSAGE)
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(kept), type=Message)
        except (binascii.Error, msgspec.MsgspecError, ValueError):
            return None

    def write(self, response: Response) -> None:
        """Put what is set onto an answer."""
        for name, (value, seconds) in self._set.items():
            response.set_cookie(
                self._named(name), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
            )  # fmt: skip

    def _named(self, name: str) -> str:
        port = self.request.headers.get("host", "").rpartition(":")[2]
        suffix = f"-{port}" if port.isdecimal() else ""
        return f"{'__Host-' if self.secure else ''}bucketgraph-{name}{suffix}"
