"""Any bytes at all are answered, never with an error of ours."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from search_app import config, create_app
from tests.catalogue import PATIENT
from tests.robustness import requests
from tests.robustness.asking import ALLOWED, Application, ask, drawn, faults

METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "\x00", "get", "Ü"])
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)


@pytest.fixture(scope="module")
def application(catalogue_index: Path) -> Application:
    """The application on the catalogue, as a server calls it."""
    app: Application = create_app(config.load(PATIENT, index=catalogue_index)).wsgi_app
    return app


@settings(max_examples=300)
@given(target=st.binary(max_size=200), method=METHODS)
@example(target=b"?q=%ED%A0%80", method="GET")
@example(target=b"publication/%00", method="GET")
@example(target=b"static/%00", method="GET")
@example(target=b"?q=\xdc\x00", method="GET")  # was a 500 where the server lets such bytes through
@example(target=b"nowhere?q=\xdc", method="GET")
def test_any_bytes_are_answered(application: Application, target: bytes, method: str) -> None:
    """Whatever bytes ask, by whatever method, the answer is whole and no fault of ours."""
    assert faults(ask(application, b"/" + target, method)) == []


def test_no_path_is_the_start_page(application: Application) -> None:
    """Where a server passes on no path, the start page is answered, and nobody is led anywhere."""
    answer = ask(application, b"?q=organ")
    assert answer.status == 200
    assert faults(answer) == []


@settings(max_examples=300)
@given(seed=st.integers(0, 2**64))
def test_any_mixture_of_what_means_something_is_answered(
    application: Application, seed: int
) -> None:
    """Addresses put together of all that means something, in any order, are answered."""
    target = drawn(random.Random(seed))
    assert faults(ask(application, target)) == []


@settings(max_examples=150)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Host", "Accept", "Accept-Language", "Cookie", "Referer", "Range", "If-None-Match",
             "If-Modified-Since", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID", "Via",
             "Content-Length", "Authorization", "User-Agent", "Origin"]
        ),
        HEADER,
    ),
    target=st.sampled_from([b"/?q=organ", b"/static/style.css", b"/api/search", b"/healthz"]),
)  # fmt: skip
def test_any_headers_are_answered(
    application: Application, headers: dict[str, str], target: bytes
) -> None:
    """Whatever the headers say, the answer is whole; or nothing new; of a file a part besides."""
    answer = ask(application, target, headers=headers)
    told = faults(answer)
    if answer.status == 304 or (answer.status in (206, 416) and target.startswith(b"/static")):
        told = [each for each in told if "status" not in each and "UTF-8" not in each]
    assert told == []


def test_a_batch_counts_what_fails(application: Application) -> None:
    """A batch asks as often as it says, and counts what fails, with the address that did."""
    counts = requests.batch(application, random.Random(1), 50)
    assert (counts.requests, counts.losses, counts.wrong) == (50, 0, [])
    failing = create_app(config.load(environment={"PUBSEARCH_BUDGET": "1"}, index="none")).wsgi_app
    counts = requests.batch(failing, random.Random(1), 50)
    assert counts.failed > 0
    assert "the status is 503" in counts.wrong[0]


def test_faults_are_seen(application: Application) -> None:
    """What is no proper answer is told as such."""
    good = ask(application, b"/?q=organ")
    assert faults(good) == []
    assert 500 not in ALLOWED
    for broken in (
        replace(good, status=500),
        replace(good, headers={}),
        replace(good, content=b"<html>"),
        replace(good, content=b"\xff"),
        replace(good, headers={**good.headers, "location": "/"}),
        replace(good, headers={**good.headers, "x-a": "b\nc"}),
    ):
        assert len(faults(broken)) == 1
