"""Credentials: where they come from, where they go, and that they cannot be seen."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, OriginRefused, OriginUnreachable
from gateway.origin.credentials import Credentials, separate
from gateway.origin.dicomweb import DicomwebOrigin
from gateway.origin.http import HttpLimits
from tests.origin.scripted import Request, always, answer, serving
from tests.peers.certificates import Certificates
from tests.peers.orthanc import USER, Orthanc


async def check(url: str, credentials: Credentials | None = None) -> None:
    origin = DicomwebOrigin(url, credentials=credentials, limits=HttpLimits(connect=5, idle=5))
    try:
        await origin.check()
    finally:
        await origin.close()


def authorization_sent(userinfo: str, credentials: Credentials | None = None) -> str:
    async def main() -> Request:
        async with serving(always(answer(b"[]"))) as server:
            await check(server.url.replace("://", f"://{userinfo}"), credentials)
            return server.requests[0]

    return asyncio.run(main()).headers.get("authorization", "")


def test_a_user_in_the_url_becomes_a_header() -> None:
    assert authorization_sent("Aladdin:open%20sesame@") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert authorization_sent("") == ""


def test_a_token_becomes_a_header() -> None:
    assert authorization_sent("", Credentials(token="abc.def")) == "Bearer abc.def"


def test_the_url_keeps_no_credentials() -> None:
    url, credentials = separate("https://u%40x:p%3Aw@pacs.example:8443/dicom-web/", Credentials())
    assert url == "https://pacs.example:8443/dicom-web"
    assert (credentials.user, credentials.password) == ("u@x", "p:w")
    assert separate("http://[::1]:8042", Credentials())[0] == "http://[::1]:8042"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pacs.example/dicom-web",
        "ftp://pacs.example",
        "https:///dicom-web",
        "https://pacs.example:port/",
        "https://pacs.example/dicom-web?key=hunter2",
        "https://pacs.example/dicom-web#hunter2",
        "https://pacs.example/a/../b",
    ],
)
def test_a_url_that_is_no_root_of_services_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DicomwebOrigin(url)
    assert "hunter2" not in str(caught.value)


def test_nothing_shows_them() -> None:
    credentials = Credentials(user="zquser", password="hunter2", certificate=Path("/zq/cert"))
    for text in (repr(credentials), str(credentials), f"{credentials}", repr([credentials])):
        assert "zq" not in text
        assert "hunter2" not in text


@pytest.mark.parametrize(
    "make",
    [
        lambda: Credentials(user="a", token="b"),
        lambda: Credentials(key=Path("key")),
        lambda: Credentials(token="two words"),
        lambda: Credentials(token="line\nbreak"),
        lambda: DicomwebOrigin("https://u:p@pacs.example/", credentials=Credentials(token="b")),
    ],
)
def test_a_contradiction_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_files_that_are_no_certificates_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("no PEM")
    for credentials in (
        Credentials(authorities=other),
        Credentials(authorities=tmp_path / "missing"),
        Credentials(certificate=other),
        Credentials(certificate=tmp_path / "missing", key=other),
    ):
        with pytest.raises(ConfigurationError):
            DicomwebOrigin("https://pacs.example/", credentials=credentials)


def test_orthanc_lets_only_the_right_password_in(orthanc: Orthanc) -> None:
    asyncio.run(check(orthanc.url))
    for url in (orthanc.bare_url, orthanc.url.replace(orthanc.password, "wrong")):
        with pytest.raises(OriginRefused, match="credentials"):
            asyncio.run(check(url))


def test_a_wrong_path_at_orthanc_says_what_to_fix(orthanc: Orthanc) -> None:
    with pytest.raises(OriginRefused, match="/dicom-web"):
        asyncio.run(check(orthanc.url.removesuffix("-web")))


def behind(front: str, orthanc: Orthanc) -> str:
    """Return the URL of Orthanc's services as nginx offers them."""
    return f"https://{USER}:{orthanc.password}@{front.removeprefix('https://')}/dicom-web"


def test_tls_needs_an_authority_that_is_trusted(
    orthanc: Orthanc, start_nginx: Callable[..., str], certificates: Certificates
) -> None:
    front = start_nginx(f"http://127.0.0.1:{orthanc.port}", certificates=certificates)
    url = behind(front, orthanc)
    asyncio.run(check(url, Credentials(authorities=certificates.authority)))
    with pytest.raises(OriginUnreachable, match="not trusted"):
        asyncio.run(check(url))
    with pytest.raises(OriginRefused, match="400"):
        asyncio.run(check(url.replace("https://", "http://")))
    with pytest.raises(OriginUnreachable, match="TLS"):
        asyncio.run(check(orthanc.url.replace("http://", "https://")))


def test_mutual_tls_needs_a_client_certificate(
    orthanc: Orthanc, start_nginx: Callable[..., str], certificates: Certificates
) -> None:
    front = start_nginx(f"http://127.0.0.1:{orthanc.port}", certificates=certificates, mutual=True)
    url = behind(front, orthanc)
    certificate, key = certificates.client
    asyncio.run(check(url, Credentials(certificate=certificate, key=key, authorities=certificates.authority)))
    with pytest.raises(OriginRefused):
        asyncio.run(check(url, Credentials(authorities=certificates.authority)))


def test_a_server_that_breaks_tls_off_for_want_of_a_certificate_refuses_us(certificates: Certificates) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.load_cert_chain(*certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED

    async def main(credentials: Credentials) -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(b"[]", Connection="close"))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await check(f"https://127.0.0.1:{port}/dicom-web", credentials)

    certificate, key = certificates.client
    asyncio.run(main(Credentials(certificate=certificate, key=key, authorities=certificates.authority)))
    with pytest.raises(OriginRefused, match="client certificate"):
        asyncio.run(main(Credentials(authorities=certificates.authority)))
