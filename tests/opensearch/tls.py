"""A server in front of a node that has TLS and asks for a user and a password, for tests.

The test nodes have no security plugin. For clients, this server behaves as a node that has it.
"""

import http.client
import os
import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest


class Certificate(NamedTuple):
    """The files of a certificate and of its key, both in PEM."""

    file: Path
    key: Path


def make_certificate(
    folder: Path, name: str, *extensions: str, issuer: Certificate | None = None
) -> Certificate:
    """Make a certificate with extensions such as `subjectAltName=DNS:localhost`.

    Without an issuer it signs itself. Without OpenSSL, the test is skipped, and fails in CI.
    """
    if not shutil.which("openssl"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl not found")
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={name}", "-out", made.file, "-keyout", made.key,
        *(part for extension in extensions for part in ("-addext", extension)),
        *(("-CA", issuer.file, "-CAkey", issuer.key) if issuer else ()),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return made


class _Handler(BaseHTTPRequestHandler):
    """Forwards requests that have the right user and password."""

    protocol_version = "HTTP/1.1"
    node: str
    authorization: str

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != self.authorization:
            self._send(401, "text/plain", b"Unauthorized")
            return
        connection = http.client.HTTPConnection(urlsplit(self.node).netloc)
        names = ("Content-Type", "Content-Encoding")
        kind = {name: self.headers[name] for name in names if name in self.headers}
        connection.request(self.command, self.path, body, kind)
        response = connection.getresponse()
        content_type = response.headers.get("Content-Type", "")
        self._send(response.status, content_type, response.read())
        connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _forward  # noqa: N815  http.server names them

    def _send(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serve(node: str, certificate: Certificate, user: str, password: str) -> Iterator[int]:
    """Run a server with TLS in front of a node. Yield its port on 127.0.0.1."""
    credentials = b64encode(f"{user}:{password}".encode()).decode()
    handler = type("Handler", (_Handler,), {"node": node, "authorization": f"Basic {credentials}"})
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.file, certificate.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        # A failed handshake is the problem of its thread, so it must not be made in `accept`.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
