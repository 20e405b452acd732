"""The archive key, and what is derived from it: replacement UIDs, pseudonyms, date shifts.

All derivations are HMAC-SHA-256 with a domain each, so that nothing a patient could be looked up by is ever
hashed without the key, and a pseudonym of one kind says nothing about one of another.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from gateway.dicom.normal_form import normalized
from gateway.dicom.uid import UID
from gateway.errors import ConfigurationError

KEY_SIZE: Final = 32
_CACHED_UIDS: Final = 1 << 16  # about 15 MB; a study of some thousand slices and its references
_CACHED_PSEUDONYMS: Final = 1 << 12
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE: Final = 12  # 60 bits: one collision among a million patients is a matter of 1 in 2 million
_CHECK: Final = 8  # 40 bits of proof that a pseudonym is our own
_OWN: Final = re.compile(rf"(?:TF-|Teaching\^)([{_ALPHABET}]{{{_CODE}}})-([{_ALPHABET}]{{{_CHECK}}})")


class Kind(StrEnum):
    """What a pseudonym stands for. The value is how it begins."""

    ID = "TF-"
    NAME = "Teaching^"


class Keys:
    """Derivations from one archive key. Shared by all threads; caches are bounded."""

    __slots__ = ("_key", "_pseudonyms", "_uids")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._uids = lru_cache(_CACHED_UIDS)(self._uid)
        self._pseudonyms = lru_cache(_CACHED_PSEUDONYMS)(self._pseudonym)

    def __repr__(self) -> str:
        return "Keys(…)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("The archive key is not pickled; give a worker process the key file.")

    @classmethod
    def from_bytes(cls, key: bytes) -> Keys:
        """Return the derivations from `key`, 32 bytes from a source of true randomness.

        Raises:
            ConfigurationError: when it is not 32 bytes long.
        """
        if len(key) != KEY_SIZE:
            raise ConfigurationError(f"The archive key must be {KEY_SIZE} bytes long, not {len(key)}.")
        return cls(bytes(key))

    @classmethod
    def load_or_create(cls, path: Path | str) -> Keys:
        """Read the key file, making it on first run (mode 0600).

        Of processes that start at once, one makes the file and all read the same key.

        Raises:
            ConfigurationError: when others than its owner may use it, it is not a file of 32 bytes, or it can
                neither be read nor made.
        """
        path = Path(path)
        try:
            if not path.exists():
                _create(path)
            return cls.from_bytes(_read(path))
        except OSError as error:
            raise ConfigurationError(f"The key file {path} cannot be read or made: {error.strerror}.") from error

    def uid(self, original: str) -> UID:
        """Return the replacement of an instance UID: `2.25.` and 128 bits (PS3.5 §B.2)."""
        return self._uids(original)

    def _uid(self, original: str) -> UID:
        return UID(f"2.25.{int.from_bytes(self._derive('uid', original)[:16])}")

    def pseudonym(self, kind: Kind, value: str, binding: str = "") -> str:
        """Return the pseudonym of `value` (a name or an ID), bound to `binding` unless that is "".

        An own pseudonym counts as the value it stands for: unbound it is returned as it is, and bound it gives
        what the original would have given.
        """
        return self._pseudonyms(kind, value, binding)

    def _pseudonym(self, kind: Kind, value: str, binding: str) -> str:
        own = value if self.is_pseudonym(value) else self._make(kind, _normal(value))
        return self._make(kind, f"{binding}\0{own}", domain="bound") if binding else own

    def is_pseudonym(self, text: str) -> bool:
        """Tell whether `text` is a pseudonym that was made with this key."""
        match = _OWN.fullmatch(text)
        return match is not None and hmac.compare_digest(match[2], self._check(match[1]))

    def shift(self, patient: str) -> int:
        """Return by how many days all dates of a patient move into the past: 1 to 3650, the same every time."""
        own = patient if self.is_pseudonym(patient) else self._make(Kind.ID, _normal(patient))
        return 1 + int.from_bytes(self._derive("shift", own)[:8]) % 3650

    def _make(self, kind: Kind, value: str, *, domain: str = "plain") -> str:
        code = _letters(self._derive(f"pseudonym {kind.name} {domain}", value), _CODE)
        return f"{kind.value}{code}-{self._check(code)}"

    def _check(self, code: str) -> str:
        return _letters(self._derive("check", code), _CHECK)

    def _derive(self, domain: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{domain}\0{value}".encode("utf-8", "surrogatepass"), "sha256")


def _letters(digest: bytes, count: int) -> str:
    number = int.from_bytes(digest)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(count))


def _normal(value: str) -> str:
    """Return what the spellings of one name or ID have in common: case, padding, empty components."""
    groups = normalized("NFKC", value).casefold().split("=")
    return "=".join("^".join(" ".join(part.split()) for part in group.split("^")).rstrip("^") for group in groups)


def _create(path: Path) -> None:
    """Make the key file: written aside and linked into place, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_SIZE))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return  # another process was first; its key is the one
    finally:
        aside.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigurationError(f"The key file {path} is not a regular file.")
        if facts.st_mode & _OPEN_TO_OTHERS:
            raise ConfigurationError(f"The key file {path} is open to others. Run: chmod 600 {path}")
        if facts.st_size != KEY_SIZE:
            raise ConfigurationError(
                f"The key file {path} must hold {KEY_SIZE} bytes, it holds {facts.st_size}. Restore it from a backup."
            )
        return file.read(KEY_SIZE + 1)
