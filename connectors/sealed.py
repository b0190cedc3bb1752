"""Keeps a login's answer in a file that tells nothing without the password that the login took.

So a run that cron starts, or a flow in a process of its own, need not log in each time. The key is drawn from the
password by scrypt (https://www.rfc-editor.org/rfc/rfc7914), the file is sealed by Fernet
(https://github.com/fernet/spec): without the password it can be neither read nor changed.
"""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SALT = 16  # bytes
WORK = 2**14  # scrypt's cost, some hundredths of a second


def write(path: Path, headers: Mapping[str, str], password: str) -> None:
    """Writes headers to a file that only its owner may read, sealed by a password."""
    salt = os.urandom(SALT)
    sealed = salt + _box(password, salt).encrypt(json.dumps(dict(headers)).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    draft.unlink(missing_ok=True)
    with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(sealed)
    draft.replace(path)


def read(path: Path, password: str) -> dict[str, str] | None:
    """Reads headers back; None when there is no such file, or it was sealed by another password or spoilt."""
    try:
        content = path.read_bytes()
        headers = json.loads(_box(password, content[:SALT]).decrypt(content[SALT:]))
    except (OSError, InvalidToken, ValueError):
        return None
    return {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else None


def _box(password: str, salt: bytes) -> Fernet:
    key = Scrypt(salt=salt, length=32, n=WORK, r=8, p=1).derive(password.encode("utf-8", "surrogateescape"))
    return Fernet(base64.urlsafe_b64encode(key))
