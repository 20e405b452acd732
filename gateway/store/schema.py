"""Every table of the database, and the version of their layout.

UIDs compare bytewise on both databases (a linguistic collation would skip the dots), and file paths are
bytes, because a file system promises no encoding.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

SCHEMA_VERSION: Final = 2
"""Raise it with every change below; a database of another version is refused at start-up."""

metadata = MetaData()

_Text = String().with_variant(String(collation="C"), "postgresql")

schema = Table("gateway_schema", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

sources = Table(
    "index_sources",
    metadata,
    Column("source", _Text, primary_key=True),
    Column("device", _Text),  # where the folder lay at its last complete scan, null before the first
)

files = Table(
    "index_files",
    metadata,
    Column("source", _Text, primary_key=True),
    Column("path", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("shown", Boolean, nullable=False),  # false for all but one of the files that hold the same instance
    Column("study", _Text),
    Column("series", _Text),
    Column("instance", _Text),
    Column("number", BigInteger),
    Column("sop_class", _Text),
    Column("attributes", LargeBinary),
)
Index(
    "index_files_instance",
    files.c.source,
    files.c.study,
    files.c.series,
    files.c.shown,
    files.c.number,
    files.c.instance,
    files.c.sop_class,
)
Index("index_files_uid", files.c.source, files.c.instance, files.c.study, files.c.series, files.c.path)

series = Table(
    "index_series",
    metadata,
    Column("source", _Text, primary_key=True),
    Column("study", _Text, primary_key=True),
    Column("series", _Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("attributes", LargeBinary, nullable=False),
)
Index("index_series_order", series.c.source, series.c.study, series.c.number, series.c.series)
Index("index_series_uid", series.c.source, series.c.series)

studies = Table(
    "index_studies",
    metadata,
    Column("source", _Text, primary_key=True),
    Column("study", _Text, primary_key=True),
    Column("rank", Integer, nullable=False),  # newest Study Date first, undated last
    Column("attributes", LargeBinary, nullable=False),
)
Index("index_studies_order", studies.c.source, studies.c.rank, studies.c.study)

withheld = Table(
    "withheld",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("source", _Text, nullable=False),
    Column("study", _Text),  # null when what was sent does not say what it is
    Column("series", _Text),
    Column("instance", _Text),
    Column("reason", _Text, nullable=False),
    Column("detail", _Text, nullable=False),
    Column("content", _Text),  # the SHA-256 of what was sent, null for what an origin holds
    Column("at_ms", BigInteger, nullable=False),
)
Index("withheld_ref", withheld.c.source, withheld.c.study, withheld.c.series)
Index("withheld_order", withheld.c.at_ms, withheld.c.id)
