"""The composed application, as it starts and stops."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.app import create
from gateway.settings import Settings
from tests.peers.programs import free_port


def test_a_pacs_that_does_not_answer_is_told_at_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"http://nobody:swordfish@127.0.0.1:{free_port()}/dicom-web"
    settings = Settings(data_dir=tmp_path, pacs_url=SecretStr(url), token=SecretStr("a-token-of-the-tests"))

    async def start() -> None:
        app = create(settings)
        async with app.router.lifespan_context(app):
            for _ in range(200):
                if caplog.messages:
                    return
                await asyncio.sleep(0.05)

    with caplog.at_level(logging.WARNING, logger="gateway.app"):
        asyncio.run(start())
    (told,) = [record.getMessage() for record in caplog.records if record.name == "gateway.app"]
    assert told.startswith("the pacs does not answer yet.")
    assert "swordfish" not in told
