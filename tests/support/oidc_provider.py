"""A configurable OpenID Connect provider for tests, which can also answer maliciously."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key, RSAKey

SECRET = "a secret of the two of us, long enough"


@dataclass
class OwnProvider:
    """What it says; `asked` counts the requests by path."""

    address: str = ""
    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    alg: str = "RS256"
    header: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[list[Key]] = field(default_factory=list)  # key sets, each shown once; then the signing key's
    userinfo: dict[str, Any] | str | None = None
    failing: dict[str, int] = field(default_factory=dict)  # path: status
    asked: dict[str, int] = field(default_factory=dict)

    def token(self) -> str:
        """Return a signed id token."""
        now = int(time.time())
        said: dict[str, Any] = {"iss": self.address, "aud": "hindsight", "sub": "ada-1", "nonce": self.nonce}
        said |= {"iat": now, "exp": now + 300, "email": "ada@school.example", "email_verified": True, **self.claims}
        said = {name: value for name, value in said.items() if name not in self.without}
        return self.signed(said)

    def signed(self, said: dict[str, Any]) -> str:
        """Return claims under the provider's signature."""
        head = {"alg": self.alg, "kid": self.key.kid, **self.header}
        return jwt.encode({k: v for k, v in head.items() if v is not None}, said, self.key, algorithms=[self.alg])

    def answer(self, path: str) -> tuple[str, str]:
        """Return the kind and text of an answer."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            said = {f"{name}_endpoint": f"{self.address}/{end}" for name, end in ends.items()}
            about = {"issuer": self.address, "jwks_uri": f"{self.address}/keys", **said, **self.metadata}
            return "application/json", json.dumps({k: v for k, v in about.items() if v is not None})
        if path == "/keys":
            keys = self.published.pop(0) if self.published else [self.key]
            return "application/json", json.dumps({"keys": [one.as_dict(private=False) for one in keys]})
        if path == "/token":
            said = {"access_token": "at", "token_type": "Bearer", "id_token": self.token()}
            return "application/json", json.dumps(said)
        if isinstance(self.userinfo, str):
            return "application/jwt", self.userinfo
        return "application/json", json.dumps(self.userinfo)


@contextmanager
def own_provider() -> Iterator[OwnProvider]:
    """Yield a provider that listens."""
    made = OwnProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            made.asked[path] = made.asked.get(path, 0) + 1
            self.rfile.read(int(self.headers.get("content-length", 0)))
            kind, text = made.answer(path)
            self.send_response(made.failing.get(path, 200))
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
