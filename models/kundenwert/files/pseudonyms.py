"""Pseudonyms for customers: keyed, so that nobody without the key can tell whose they are or try out who they might be.

An id becomes `p` and the first 20 hexadecimal digits of its HMAC-SHA256. The same key gives the same pseudonym, month
after month; two ids share one with a probability of about 1 in 10¹² for a million customers, which is checked.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code

VARIABLE = "KUNDENWERT_KEY"
"""Environment variable that holds the key, where no file is named."""

SHORTEST = 16
"""Characters of the shortest key that is taken: what can be tried out is no secret."""


class Pseudonymiser:
    """Gives customers pseudonyms.

    Parameters
    ----------
    key : bytes
        The secret; at least 16 characters.

    Raises
    ------
    DomainError
        If the key is shorter.

    Examples
    --------
    >>> names = Pseudonymiser(b"a key that nobody knows")
    >>> names("otto@example.org"), names("otto@example.org") == names("Otto@example.org")
    ('p244febb0008a38d6e1e5', False)
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST:
            raise DomainError(Code.SHORT_KEY, parameter="pseudonym_key", least=SHORTEST)
        self._key = key

    def __call__(self, customer_id: str) -> str:
        """Return the pseudonym of an id."""
        return f"p{hmac.digest(self._key, customer_id.encode(), 'sha256').hex()[:20]}"

    def of(self, customer_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the pseudonyms of several ids.

        Raises
        ------
        DomainError
            If two of them share one.
        """
        found = {name: self(name) for name in customer_ids}
        if len(set(found.values())) < len(found):
            raise DomainError(Code.SAME_PSEUDONYM, parameter="pseudonym_key")
        return found


def find_key(file: str | Path | None = None) -> bytes:
    """Return the key: of a file, else of the environment, else a new one that nobody keeps.

    Parameters
    ----------
    file : str or Path, optional
        File with the key, for its owner's eyes alone; made with a new key where there is none.

    Returns
    -------
    bytes

    Raises
    ------
    SchemaError
        If the file cannot be read or made.
    """
    if file is None:
        return os.environ.get(VARIABLE, "").strip().encode() or _new_key()
    path = Path(file)
    try:
        if path.exists():
            return path.read_bytes().strip()
        key = secrets.token_hex(32).encode()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(key + b"\n")
    except OSError as error:
        why = error.strerror or str(error)
        raise SchemaError(Code.NO_KEY_FILE, parameter="pseudonym_key", name=path.name, why=why) from error
    return key


@cache
def _new_key() -> bytes:
    """Make a key that ends with the process: one for all tables of a run."""
    return secrets.token_hex(32).encode()
