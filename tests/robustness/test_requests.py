"""Any request bytes get a response without an internal error."""

import random

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.robustness.asking import ALLOWED, Application, ask, drawn, faults
from tests.robustness.place import IS_LONG
from tests.tiers import examples

METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "\x00", "get", "Ü"])
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)


@pytest.fixture(scope="module")
def application(catalogue_app: Flask) -> Application:
    return catalogue_app.wsgi_app


@examples(300)
@given(target=st.binary(max_size=200), method=METHODS)
@example(target=b"?q=%ED%A0%80", method="GET")
@example(target=b"publication/%00", method="GET")
@example(target=b"static/%00", method="GET")
@example(target=b"?q=\xdc\x00", method="GET")  # was a 500 on servers that accept such bytes
@example(target=b"nowhere?q=\xdc", method="GET")
def test_any_bytes_get_a_response(application: Application, target: bytes, method: str) -> None:
    assert faults(ask(application, b"/" + target, method)) == []


def test_an_empty_path_is_the_start_page(application: Application) -> None:
    answer = ask(application, b"?q=organ")
    assert answer.status == 200
    assert faults(answer) == []


@examples(300)
@given(seed=st.integers(0, 2**64))
def test_any_mix_of_valid_parts_gets_a_response(application: Application, seed: int) -> None:
    drawer = random.Random(seed)
    for _ in range(3000 if IS_LONG else 1):
        target = drawn(drawer)
        assert faults(ask(application, target)) == [], target


@examples(150)
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
def test_any_headers_get_a_response(
    application: Application, headers: dict[str, str], target: bytes
) -> None:
    """Any headers get a complete response. Status 304, 206, and 416 are allowed too."""
    answer = ask(application, target, headers=headers)
    told = faults(answer)
    if answer.status == 304 or (answer.status in (206, 416) and target.startswith(b"/static")):
        told = [each for each in told if "status" not in each and "UTF-8" not in each]
    assert told == []


def test_response_defects_are_detected(application: Application) -> None:
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
