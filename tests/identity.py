"""A provider of sign-ins on this machine, in the OpenID Connect way: it vouches for whoever it is told to."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "earful", "a-secret-of-32-characters-in-all"


@dataclass
class Provider:
    """The provider: its address, and whom it signs in next."""

    address: str
    key: RSAKey
    claims: dict[str, Any] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def token(self, code: str) -> dict[str, Any]:
        """Gives what a code is exchanged for."""
        now = int(time.time())
        told = {"iss": self.address, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 3600}
        signed = jwt.encode({"alg": "RS256"}, told | {"nonce": self.nonces.pop(code)} | self.claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 3600, "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """Runs a provider."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/authorize":
                asked = {key: values[0] for key, values in parse_qs(url.query).items()}
                code = uuid.uuid4().hex
                told.nonces[code] = asked["nonce"]
                self.send_response(302)
                self.send_header(
                    "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
                )
                self.end_headers()
            elif url.path == "/keys":
                self.say({"keys": [told.key.as_dict(private=False)]})
            else:
                self.say(
                    {
                        "issuer": told.address,
                        "authorization_endpoint": f"{told.address}/authorize",
                        "token_endpoint": f"{told.address}/token",
                        "jwks_uri": f"{told.address}/keys",
                        "response_types_supported": ["code"],
                        "subject_types_supported": ["public"],
                        "id_token_signing_alg_values_supported": ["RS256"],
                    }
                )

        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            told.secrets.append(self.headers.get("Authorization", "") + "".join(asked.get("client_secret", [])))
            self.say(told.token(asked["code"][0]))

        def say(self, value: dict[str, Any]) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        told = Provider(f"http://127.0.0.1:{server.server_address[1]}", RSAKey.generate_key(2048, {"kid": "one"}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()
