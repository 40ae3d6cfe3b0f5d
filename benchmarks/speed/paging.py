"""Request pages in a new process, as a server answers them: `paging INDEX PATHS`. Print JSON.

PATHS contains one URL path per line. Each is requested once, in order, through WSGI.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from werkzeug.test import create_environ

from search_app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class Asked(msgspec.Struct):
    """The wall time of each WSGI call, and the sum of its `Server-Timing`, in milliseconds."""

    taken: list[float]
    accounted: list[float]


def main(index: Path, paths: Path) -> Asked:
    """Open an index as a server does, then request all paths."""
    os.environ["PUBSEARCH_INDEX"] = str(index)
    environs = [create_environ(path) for path in paths.read_text(encoding="utf-8").splitlines()]
    asked = Asked([], [])
    with Path(os.devnull).open("w", encoding="utf-8") as log, redirect_stderr(log):
        app = create_app()
        for environ in environs:
            taken, accounted = _requested(app, environ)
            asked.taken.append(taken)
            asked.accounted.append(accounted)
    return asked


def _requested(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[float, float]:
    sent: dict[str, str] = {}

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        sent.update(headers, status=status)
        return None

    started = time.perf_counter()
    body = app(environ, start)  # type: ignore[arg-type] # nothing is written through it
    b"".join(body)
    taken = (time.perf_counter() - started) * 1000
    if not sent["status"].startswith("200"):
        raise RuntimeError(f"{environ['QUERY_STRING']} gave {sent['status']}")
    stages = re.findall(r"dur=([\d.]+)", sent["Server-Timing"])
    return round(taken, 4), round(sum(map(float, stages)), 4)


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(msgspec.json.encode(found).decode())
