"""Test an environment: build an index of one publication, and request its page from gunicorn.

deploy/install runs this with the Python of a new release, before it switches to it. The exit status
is 1 if anything is wrong.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path

BIN = Path(sys.prefix, "bin")
SECONDS = 120


def run(folder: Path) -> None:
    """Build an index in a folder, serve it, and request a page and its static files."""
    (folder / "list.csv").write_text("title,year\nSalt and water,2020\n", encoding="utf-8")
    for command in ("import list.csv --into corpus", "build --corpus corpus --index index"):
        done = subprocess.run(
            [BIN / "pubsearch", *command.split()],
            cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"pubsearch {command} failed:\n{done.stdout}{done.stderr}")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = subprocess.Popen(
            [BIN / "gunicorn", "--config", "python:search_app.workers", "--log-level", "warning",
             "--bind", f"fd://{listening.fileno()}"],
            cwd=folder, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL,
            env={**os.environ, "PUBSEARCH_INDEX": "index", "PUBSEARCH_CORPUS": "corpus"},
        )  # fmt: skip
    try:
        page = get(port, "/?q=salt")
        files = re.findall(r'"(/static/[^"]+)"', page)
        if "/publication/" not in page or not files:
            sys.exit("The page of a search lacks its hit, or its static files")
        for file in files:
            get(port, file)
    finally:
        server.terminate()
        server.wait(SECONDS)


def get(port: int, path: str) -> str:
    """Return the response to a request. Exit if the server has ended, or its status is not 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    except OSError as error:
        sys.exit(f"gunicorn does not answer a request for {path}: {error}")
    finally:
        connection.close()
    if answer.status != 200:
        sys.exit(f"The status of {path} is {answer.status}")
    return body


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as created:
        run(Path(created))
