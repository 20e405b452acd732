"""Reading TOML strictly: every key is taken once with its type, and a key that nobody takes is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.errors import ConfigurationError

T = TypeVar("T")
_REQUIRED: Final = object()


class Table:
    """One TOML table and where it stands, for messages such as `first-pass.toml: rule[3].action`."""

    __slots__ = ("_left", "where")

    def __init__(self, left: dict[str, Any], where: str) -> None:
        self._left = left
        self.where = where

    @classmethod
    def of(cls, value: Any, where: str) -> Table:
        """Return `value` as a table.

        Raises:
            ConfigurationError: when it is none.
        """
        if not isinstance(value, dict):
            raise ConfigurationError(f"{where} must be a table.")
        return cls(dict(value), where)

    def text(self, key: str, default: str | None = None) -> str:
        """Take a string that is not empty."""
        value = self._take(key, str, _REQUIRED if default is None else default)
        if not value.strip() and default is None:
            raise ConfigurationError(f"{self._at(key)} must not be empty.")
        return str(value)

    def flag(self, key: str) -> bool:
        """Take a boolean, false when it is absent."""
        return bool(self._take(key, bool, False))

    def number(self, key: str) -> int:
        """Take a whole number, 0 when it is absent."""
        value = self._take(key, int, 0)
        if isinstance(value, bool):
            raise ConfigurationError(f"{self._at(key)} must be a whole number.")
        return int(value)

    def strings(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Take an array of strings that holds none twice."""
        values = self._take(key, (list, tuple), _REQUIRED if default is None else default)
        if not all(isinstance(value, str) and value for value in values):
            raise ConfigurationError(f"{self._at(key)} must be an array of strings.")
        if len(set(values)) != len(values):
            raise ConfigurationError(f"{self._at(key)} names something twice.")
        return tuple(values)

    def table(self, key: str) -> Table:
        """Take a table."""
        return Table.of(self._take(key, dict, _REQUIRED), self._at(key))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Take every key as a table."""
        for key in list(self._left):
            yield key, self.table(key)

    def array(self, key: str) -> list[Table]:
        """Take an array of tables, empty when it is absent."""
        values = self._take(key, list, [])
        return [Table.of(value, f"{self._at(key)}[{index}]") for index, value in enumerate(values)]

    def texts(self) -> dict[str, str]:
        """Take every key as a string."""
        return {key: self.text(key) for key in list(self._left)}

    def has(self, key: str) -> bool:
        """Tell whether `key` is present and not yet taken."""
        return key in self._left

    def one_of(self, choices: Mapping[str, T], name: str) -> T:
        """Return the choice called `name`.

        Raises:
            ConfigurationError: listing what there is.
        """
        if name not in choices:
            raise ConfigurationError(f"{self.where}: {name!r} is unknown. Known are: {', '.join(sorted(choices))}.")
        return choices[name]

    def done(self) -> None:
        """Refuse keys that nobody took.

        Raises:
            ConfigurationError: naming them.
        """
        if self._left:
            raise ConfigurationError(f"{self.where}: unknown key {', '.join(map(repr, sorted(self._left)))}.")

    def _take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self._left.pop(key, default)
        if value is _REQUIRED:
            raise ConfigurationError(f"{self._at(key)} is missing.")
        if not isinstance(value, kind):
            raise ConfigurationError(f"{self._at(key)} has the wrong type ({type(value).__name__}).")
        return value

    def _at(self, key: str) -> str:
        return f"{self.where}: {key}"


def read_toml(path: Path) -> Table:
    """Read a TOML file.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML.
    """
    try:
        return Table.of(tomllib.loads(path.read_text("utf-8")), path.name)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error}") from error
