"""Writes the evidence report to a folder."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import StorageError
from gateway.evidence.report import Evidence
from gateway.evidence.report_html import to_html
from gateway.evidence.report_json import to_json


def write_report(found: Evidence, folder: Path) -> tuple[Path, Path]:
    """Write `evidence.html` and `evidence.json` into `folder` and return their paths.

    Raises:
        StorageError: the folder cannot be written.
    """
    page, data = folder / "evidence.html", folder / "evidence.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(to_html(found), encoding="utf-8")
        data.write_text(to_json(found), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The report cannot be written ({error.strerror}). Choose another --output.") from error
    return page, data
