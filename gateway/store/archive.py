"""The teaching archive: what the second pass has made goes in, and nothing else can."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from gateway.dicom.uid import InstanceRef
from gateway.errors import ConfigurationError
from gateway.origin.credentials import Credentials
from gateway.origin.protocol import Origin
from gateway.store.database import Database
from gateway.store.deposit import PutResult
from gateway.store.embedded import EmbeddedArchive
from gateway.store.files import folder_of
from gateway.store.remote import RemoteArchive
from gateway.store.workspace import StagedInstance

__all__ = ["Archive", "PutResult", "open_archive"]


class Archive(Protocol):
    """Where second-pass instances are kept. `origin` is its read side."""

    @property
    def origin(self) -> Origin:
        """What the archive holds, as an origin."""
        ...

    async def put(self, staged: StagedInstance) -> PutResult:
        """Store one instance; when this returns, the archive has it and gives it back as it was.

        Raises:
            Conflict: another instance is stored under the same UID. StorageError: it could not be stored.
        """
        ...

    async def contains(self, ref: InstanceRef) -> bool:
        """Tell whether the archive holds an instance."""
        ...

    async def close(self) -> None:
        """Release connections and files."""
        ...


async def open_archive(url: str, database: Database, *, credentials: Credentials | None = None) -> Archive:
    """Open the archive at `file:///folder` or at `https://host/dicom-web`.

    Raises:
        ConfigurationError: it is no such URL. StorageError: the folder cannot be used.
    """
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return await EmbeddedArchive.open(folder_of(url, "ARCHIVE_URL"), database)
    if scheme in ("http", "https"):
        return RemoteArchive(url, credentials=credentials or Credentials())
    raise ConfigurationError("ARCHIVE_URL must begin with file:///, https:// or http://.")
