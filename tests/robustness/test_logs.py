"""Log lines are machine-readable, and requests cannot forge them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from search_app.web.middleware import request_log
from tests.catalogue import PATIENT

NASTY = 'a\n{"level": "error"}\r\x00\x1b[31m\x7f\x9b\u2028\u202e'


def line(message: str) -> str:
    """Return the log line of a message."""
    record = logging.LogRecord("a", logging.WARNING, "b", 1, "%s", (message,), None)
    return request_log.JsonFormatter().format(record)


@given(st.text())
def test_a_line_is_one_line_of_ascii(text: str) -> None:
    """Any message is logged as one line of printable ASCII, and decodes to the same text."""
    told = line(text)
    assert told.isascii()
    assert told.isprintable()
    assert json.loads(told)["message"] == text


def test_a_logged_error_has_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The log line of an exception contains its traceback."""
    try:
        raise ValueError(NASTY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "b", 1, "failed", (), info)
    told = request_log.JsonFormatter().format(record)
    assert told.isprintable()
    assert "test_a_logged_error_has_its_traceback" in json.loads(told)["exception"]


@given(
    told=st.fixed_dictionaries(
        {"path": st.text(), "method": st.text(max_size=9)}, optional={"parameters": st.text()}
    ),
    message=st.text(),
)
def test_a_terminal_line_is_printable(told: dict[str, str], message: str) -> None:
    """On a terminal any request is one printable line without control characters."""
    record = logging.LogRecord("a", logging.WARNING, "b", 1, "%s", (message,), None)
    text = request_log.TerminalFormatter().format(record)
    assert text.isprintable()
    assert text[10:].startswith("warning: ")
    record.log_fields = {"status": 200, "milliseconds": 1.25, **told}
    text = request_log.TerminalFormatter().format(record)
    assert text.isprintable()
    assert text[10:].startswith("200      1.2 ms  ")


def test_a_traceback_is_readable_on_a_terminal() -> None:
    """On a terminal a traceback follows its line and contains no control characters."""
    try:
        raise ValueError(NASTY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "b", 1, "failed", (), info)
    first, *below = request_log.TerminalFormatter().format(record).split("\n")
    assert first.endswith("error: failed")
    assert below[0].startswith("Traceback")
    assert all(each.isprintable() for each in below)


@pytest.mark.parametrize("has_queries", [0, 1])
def test_queries_are_logged_only_if_enabled(
    catalogue_index: Path, caplog: pytest.LogCaptureFixture, has_queries: int
) -> None:
    """The log of a request contains path and status, and the query only if enabled."""
    caplog.set_level(logging.INFO)
    app = create_app(config.load(PATIENT, index=catalogue_index, log_queries=has_queries))
    answer = app.test_client().get("/api/search?q=kidney%0Aorgan")
    (record,) = [
        each for each in caplog.records if each.name == "search_app.web.middleware.request_log"
    ]
    told = json.loads(request_log.JsonFormatter().format(record))
    assert {"path": "/api/search", "status": 200, "method": "GET"}.items() <= told.items()
    assert told["bytes"] == len(answer.data)
    assert ("kidney" in json.dumps(told)) == bool(has_queries)


def test_log_lines_of_a_request_have_its_id(
    catalogue_index: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server logs JSON lines with the request id that the response contains."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    caplog.set_level(logging.WARNING)  # restores the level after the test
    monkeypatch.setenv("PUBSEARCH_INDEX", str(catalogue_index))
    app = create_app()

    def fails() -> str:
        raise ZeroDivisionError

    app.add_url_rule("/fails", view_func=fails)
    answer = app.test_client().get("/fails")
    found = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    mine = [each for each in found if each.get("request") == answer.headers["X-Request-ID"]]
    assert [each["message"] for each in mine] == ["GET /fails failed", "answered"]
    assert "ZeroDivisionError" in mine[0]["exception"]
