"""A real nginx in front of an HTTP server: a plain proxy, or one that ends TLS or mutual TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.peers.certificates import Certificates
from tests.peers.need import need, program
from tests.peers.programs import listens, running

_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr; {user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port}{tls};
    {extra}
    location / {{
      proxy_pass {upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""


@contextmanager
def running_nginx(
    folder: Path, upstream: str, *, certificates: Certificates | None = None, mutual: bool = False
) -> Iterator[str]:
    """Run nginx before `upstream` ("http://127.0.0.1:port") and yield its own root URL.

    With `certificates` it speaks TLS; with `mutual` it refuses clients without the authority's certificate.
    """
    config, log = folder / "nginx.conf", folder / "nginx.log"
    extra = ""
    if certificates is not None:
        certificate, key = certificates.server
        extra = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
        if mutual:
            extra += f" ssl_client_certificate {certificates.authority}; ssl_verify_client on;"

    def command(port: int) -> list[str]:
        config.write_text(
            _CONFIG.format(
                folder=folder,
                port=port,
                upstream=upstream,
                tls=" ssl" if certificates else "",
                extra=extra,
                user="user root;" if folder.owner() == "root" else "",
            )
        )
        return [str(program("nginx")), "-c", str(config), "-p", str(folder), "-e", "stderr"]

    with running(command, ready=listens, log=log) as port:
        yield f"{'https' if certificates else 'http'}://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def start_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Give a function that starts an nginx before an upstream and returns its URL (see `running_nginx`)."""
    need("nginx")
    with ExitStack() as stack:
        yield lambda upstream, **options: stack.enter_context(
            running_nginx(tmp_path_factory.mktemp("nginx"), upstream, **options)
        )
