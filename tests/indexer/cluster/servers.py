"""Servers that are no cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from opensearchpy import OpenSearch


@contextmanager
def serve(status: int, content_type: str, content: str) -> Iterator[OpenSearch]:
    """Yield a client of a server that has the same response to every request."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(content.encode())

        do_GET = do_PUT = do_POST  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        client = OpenSearch(f"http://127.0.0.1:{server.server_port}", max_retries=0)
        try:
            yield client
        finally:
            server.shutdown()
            client.close()
