"""The gateways that the other tests use: they start, serve and stop."""

from __future__ import annotations

from pathlib import Path

from tests.builders import planted_ct_series
from tests.gateway.conftest import FolderGateway, StartGateway
from tests.gateway.process import Gateway, at, series_of
from tests.peers.orthanc import Orthanc


def test_serves_the_sample_pacs(gateway: Gateway) -> None:
    studies = gateway.get("/dicom-web/studies")
    assert studies.status == 200
    assert len(studies.json) > 5


def test_serves_files_put_into_the_folder(folder_gateway: FolderGateway) -> None:
    files = planted_ct_series(3)
    folder_gateway.add(files)
    answer = folder_gateway.gateway.get(at(series_of(files[0])))
    assert len(answer.parts()) == 3


def test_serves_orthanc(orthanc_gateway: Gateway, orthanc: Orthanc) -> None:
    files = planted_ct_series(3)
    orthanc.upload(files)
    answer = orthanc_gateway.get(at(series_of(files[0])))
    assert len(answer.parts()) == 3


def test_several_workers_serve_with_one_token(start_gateway: StartGateway, tmp_path: Path) -> None:
    gateway = start_gateway(pacs=tmp_path, workers=2)
    assert [gateway.get("/dicom-web/studies").status for _ in range(6)] == [200] * 6
