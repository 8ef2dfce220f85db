"""Whose browser this is: a random key in a signed cookie, of which the store only ever sees a hash.

The key proves that its bearer is the owner, so it stays in the cookie: it stands in no address, log, page or database.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from itsdangerous import BadSignature, Signer

from tl_core.disk.space import storage_errors

COOKIE, ADMISSION = "tl_owner", "tl_admission"
_SECRET_BYTES = 32
_PASSING = "visit-"


def server_secret(home: Path) -> bytes:
    """Returns what this data folder signs cookies with; made at the first call, readable for its owner only.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    path = home / "cookie.secret"
    try:
        secret = path.read_bytes()
    except OSError:
        secret = b""
    return secret if len(secret) == _SECRET_BYTES else _fresh_secret(path)


def _fresh_secret(path: Path) -> bytes:
    """Returns a new secret in place of none, or of a damaged one: cookies signed before are nobody's any more."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    with storage_errors(path.parent):
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
    return secret


def new_cookie(secret: bytes) -> str:
    """Returns a fresh key, 128 random bits, with its signature: ASCII that needs no quoting in a cookie."""
    return _signer(secret).sign(secrets.token_hex(16)).decode()


def owner_of(cookie: str | None, secret: bytes) -> str | None:
    """Returns whose cookie this is: 32 hexadecimal digits that do not tell the key; None if we did not sign it."""
    try:
        key = _signer(secret).unsign(cookie or "")
    except BadSignature:
        return None
    return hashlib.sha256(b"owner" + key).hexdigest()[:32]


def address_mark(address: str, secret: bytes) -> str:
    """Returns what tells an address from others without naming it: 16 hexadecimal digits.

    All addresses of the internet are soon tried, so it hangs on the secret: who has the database alone learns none.
    """
    return hmac.new(secret, f"address {address}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def passing_owner() -> str:
    """Returns an owner for a visit whose browser keeps no cookie: somebody else each time, and told from the others."""
    return f"{_PASSING}{secrets.token_hex(16)}"


def is_passing(owner: str) -> bool:
    """Says whether an owner lasts no longer than a visit."""
    return owner.startswith(_PASSING)


def admission_cookie(id: str, secret: bytes, key: str) -> str:
    """Returns an admission's id with its signature, which another instructor's key makes void."""
    return _signer(secret, _salt(key)).sign(id).decode()


def admission_of(cookie: str | None, secret: bytes, key: str) -> str | None:
    """Returns the id of the admission in a cookie, whether it still holds or not; None if we did not sign it."""
    try:
        return _signer(secret, _salt(key)).unsign(cookie or "").decode()
    except BadSignature:
        return None


def _salt(key: str) -> bytes:
    return b"tl-admission" + key.encode("utf-8", "replace")


def _signer(secret: bytes, salt: bytes = b"tl-owner") -> Signer:
    return Signer(secret, salt=salt, digest_method=hashlib.sha256)
