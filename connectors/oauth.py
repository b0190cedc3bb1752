"""Logs in by OAuth 2.0 (RFC 6749): the request for a token, and the header that its answer gives the right to."""

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from earful.connectors import body, text
from earful.connectors.types import KeyRefused

GOOGLE = "https://oauth2.googleapis.com/token"
_SIGNED_LOGIN = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_VALID = 3600  # seconds; Google allows no more


def ask(address: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> httpx.Request:
    """Returns the request for a token; a refusal of it is one of the key."""
    return httpx.Request("POST", address, data=dict(form), headers=headers, extensions={"signed": True})


def basic(identity: str, secret: str) -> str:
    """Returns what an Authorization header says of a client and its secret (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{identity}:{secret}'.encode()).decode()}"


def bearer(response: httpx.Response) -> Mapping[str, str]:
    """Returns the header that a login's answer gives the right to; KeyRefused when there is no token in it."""
    token = text.header(body.json_object(response.content, "a token").get("access_token"))
    if not token:
        why = ", ".join(body.reasons(response.content)) or "no token in the answer"
        raise KeyRefused(f"{response.url.host}: {why}")
    return {"Authorization": f"Bearer {token}"}


def service_account(path: str, scope: str) -> httpx.Request:
    """Returns the request for a token of a Google service account, whose key file lies at `path`.

    https://developers.google.com/identity/protocols/oauth2/service-account; KeyRefused when the file is no such key.
    """
    try:
        account = json.loads(Path(path).read_bytes())
        issuer, key = account["client_email"], load_pem_private_key(account["private_key"].encode(), None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise KeyRefused(f"the key file of the service account can't be read ({type(error).__name__})") from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyRefused("the key file of the service account holds no RSA key")
    now = int(time.time())
    claims = {"iss": issuer, "scope": scope, "aud": GOOGLE, "iat": now, "exp": now + _VALID}
    signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    signature = _base64(key.sign(signed.encode(), PKCS1v15(), SHA256()))
    return ask(GOOGLE, {"grant_type": _SIGNED_LOGIN, "assertion": f"{signed}.{signature}"})


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
