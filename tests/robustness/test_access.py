"""Who is let in, by which names, through which proxies, and how often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speed.serving import gunicorn, server
from search_app import config, create_app
from search_app.config import SettingError
from search_app.engine import admission
from search_app.web.middleware import access
from search_app.web.middleware.security_headers import HEADERS
from tests.catalogue import PATIENT
from tests.robustness.asking import ask, faults
from tests.robustness.test_server import answered, serving

Make = Callable[..., Flask]


@pytest.fixture
def made(catalogue_index: Path) -> Make:
    """Makes an application of the catalogue, with some settings."""

    def make(**given: Any) -> Flask:
        return create_app(config.load(PATIENT, index=catalogue_index, **given))

    return make


@pytest.fixture(scope="module")
def client(catalogue_index: Path) -> FlaskClient:
    """A client of it, as it is by default."""
    return create_app(config.load(PATIENT, index=catalogue_index)).test_client()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("address", ["/", "/api/search", "/healthz", "/nowhere"])
def test_only_get_and_head(client: FlaskClient, method: str, address: str) -> None:
    """Whatever else is asked is refused, wherever, and nothing is changed by it."""
    answer = client.open(address, method=method)
    assert answer.status_code in (404, 405)
    if answer.status_code == 405:
        assert answer.headers["Allow"] == "GET, HEAD"


def test_head_is_get_without_the_content(client: FlaskClient) -> None:
    """A HEAD has the headers of a GET, and no content."""
    answer = client.head("/?q=organ")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


ANSWERS = {
    "/": 200, "/?q=organ": 200, "/about": 200, "/api/search": 200, "/api/suggest?q=or": 200,
    "/healthz": 200, "/static/style.css": 200, "/metrics": 200, "/?page=x": 400,
    "/api/search?size=0": 400, "/nowhere": 404, "/static/nothing": 404, "/publication/none": 404,
    "/static/../application.py": 404, "/static/%2e%2e/application.py": 404,
}  # fmt: skip


@pytest.mark.parametrize(("address", "status"), ANSWERS.items())
def test_every_answer_carries_the_headers(client: FlaskClient, address: str, status: int) -> None:
    """Every answer of the application has the headers and an id, errors and files too."""
    with client.get(address) as answer:
        assert answer.status_code == status
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    assert len(answer.headers["X-Request-ID"]) == 16
    assert "Set-Cookie" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers


def test_nothing_is_inline_or_from_elsewhere() -> None:
    """The policy allows nothing but the site's own files, and no framing, base or foreign form."""
    policy = dict(
        each.strip().split(" ", 1) for each in HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy)
    assert {policy[name] for name in policy if name.endswith("-src")} == {"'none'", "'self'"}


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_page_that_fails_carries_the_headers_too(
    debug: str, made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault is a 500 with the headers; no switch of Flask's has it tell of the inside."""
    monkeypatch.setenv("FLASK_DEBUG", debug)
    app = made()

    def fails() -> str:
        raise ZeroDivisionError("a secret")

    app.add_url_rule("/fails", view_func=fails)
    answer = app.test_client().get("/fails")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_tls_is_told_to_stay(made: Make) -> None:
    """With the setting, and over TLS alone, a browser is told to keep to TLS."""
    client = made(hsts=31536000, proxies=1).test_client()
    secure = client.get("/about", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/about").headers


def test_other_names_are_refused(made: Make) -> None:
    """Where the site's names are set, a request for another is refused, headers and all."""
    client = made(hosts="search.example.org, .example.net").test_client()
    for host, status in {
        "search.example.org": 200, "search.example.org:443": 200, "a.example.net": 200,
        "evil.example": 400, "search.example.org.evil.example": 400, "": 400,
    }.items():  # fmt: skip
        answer = client.get("/about", headers={"Host": host})
        assert answer.status_code == status, host
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_without_a_proxy_nothing_forwarded_counts(
    made: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """What claims to be forwarded is not believed, unless proxies were set."""
    caplog.set_level("INFO")
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "mine", "X-Forwarded-Host": "evil"}
    answer = made(hosts="localhost").test_client().get("/about", headers=forged)
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] != "mine"
    answer = made(proxies=1).test_client().get("/about", headers=forged)
    assert answer.headers["X-Request-ID"] == "mine"
    told = [
        vars(each)["told"]
        for each in caplog.records
        if each.name == "search_app.web.middleware.request_log"
    ]
    assert [each["address"] for each in told] == ["127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize("given", ["a b", "x" * 65, "ü", "", "<script>"])
def test_a_strange_request_id_is_replaced(made: Make, given: str) -> None:
    """An id that a proxy gives is taken only if it is one."""
    client = made(proxies=1).test_client()
    answer = client.get("/about", headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 16


def test_metrics_are_for_this_machine(made: Make) -> None:
    """Numbers are told to this machine alone, not through a proxy, unless a setting opens them."""
    client = made().test_client()
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=away).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    by_socket = {"REMOTE_ADDR": ""}
    assert client.get("/metrics", environ_base=by_socket).status_code == 200
    told = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", environ_base=by_socket, headers=told).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "strange"}).status_code == 404
    behind = made(proxies=1).test_client()
    assert behind.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert made(metrics=1).test_client().get("/metrics", environ_base=away).status_code == 200


def test_parameters_without_end_are_refused(client: FlaskClient) -> None:
    """Addresses with more than so many bytes of parameters are a 414."""
    longest = "&".join(["a=b"] * (access.LONGEST_QUERY // 4))
    assert client.get(f"/?{longest}").status_code == 200
    answer = client.get(f"/?{longest}&a=b&a=b")
    assert answer.status_code == 414
    assert "65,536 bytes" in answer.text


def test_who_asks_too_often_is_told_when_to_come_again(made: Make) -> None:
    """Beyond the rate an address is refused with 429; others, and machines that watch, are not."""
    client = made(rate="3 per minute").test_client()
    answers = [client.get("/api/search") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers.get("Retry-After") for answer in answers[:3]] == [None] * 3
    refused = client.get("/api/search")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json is not None
    assert refused.json["error"]["code"] == "too_many_requests"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/").status_code == 429
    for address in ("/healthz", "/metrics", "/static/style.css"):
        with client.get(address) as answer:
            assert answer.status_code == 200, address
    assert client.get("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 200


def test_a_rate_has_no_say_in_other_refusals(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is refused for another reason is told when that has passed, not when the rate has."""
    monkeypatch.setattr(admission, "COSTLY", 0)
    monkeypatch.setattr(admission, "WAITED", 0.01)
    app = made(rate="3 per hour")
    with app.extensions["pubsearch"]._costly.entered(1):
        refused = app.test_client().get("/?q=*a*")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")


def test_an_ipv6_network_counts_as_one(made: Make) -> None:
    """Who has a whole network of addresses gains nothing by it."""
    client = made(rate="1 per minute").test_client()
    asked = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"]
    found = [client.get("/", environ_base={"REMOTE_ADDR": each}).status_code for each in asked]
    assert found == [200, 429, 200]


@pytest.mark.parametrize("rate", ["often", "3 per fortnight", "-1 per minute"])
def test_a_rate_that_is_none_is_told(made: Make, rate: str) -> None:
    """A rate that can't be read is told at the start."""
    with pytest.raises(SettingError, match="such as 120 per minute"):
        made(rate=rate)


def test_a_rate_without_the_extra_is_told(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library for rates is not installed, the setting says what to do."""
    monkeypatch.setattr(access, "find_spec", lambda _: None)
    with pytest.raises(SettingError, match=r"pip install '\.\[production\]'"):
        made(rate="3 per minute")


LABEL = "a" * 63
BAD_HOSTS = (
    f"{LABEL}a",
    f"{LABEL}a.org:80",
    "a..b",
    ".a",
    ".",
    "..",
    "a b",
    "[::1",
    "ü.org",
    "a:b",
)
GOOD_HOSTS = ("", LABEL, f"{LABEL}.org.", "a:", "a_b:8000", "[::1]", "[::1]:80", "xn--bcher-kva.a")


@pytest.mark.parametrize("address", ["/", "/api/search", "/nowhere", "/healthz", "/metrics"])
def test_a_host_that_is_none_is_a_bad_request(client: FlaskClient, address: str) -> None:
    """A Host header that is no host gets a whole answer with status 400, on every route."""
    for host in BAD_HOSTS:
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400, host
        assert "The Host header is not a host name." in answer.text
        assert all(answer.headers[name] == value for name, value in HEADERS.items())
    for host in GOOD_HOSTS:
        assert client.get("/?q=organ", headers={"Host": host}).status_code == 200, host


@given(
    host=st.lists(
        st.sampled_from(["a", "xn--", "..", ".", ":", "[", "]", "::1", "80", "99999999", "-", "_",
                         "ü", "\x00", " ", "@", "/", "%", "http://", LABEL, "localhost"])
        | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=3),
        max_size=8,
    ).map("".join)
)  # fmt: skip
def test_any_host_is_answered(client: FlaskClient, host: str) -> None:
    """Whatever the Host header says, the page is whole and has status 200 or 400."""
    # A test client would read the host itself, and stumble over Punycode that is none.
    answer = ask(client.application.wsgi_app, b"/?q=organ", headers={"Host": host})
    assert answer.status in (200, 400)
    assert faults(answer) == []


def test_a_forwarded_host_that_is_none_is_a_bad_request(made: Make) -> None:
    """A host that a trusted proxy forwards is checked like one that the client sends."""
    answer = made(proxies=1).test_client().get("/", headers={"X-Forwarded-Host": BAD_HOSTS[0]})
    assert answer.status_code == 400


def test_the_rate_counts_bad_hosts(made: Make) -> None:
    """Requests without a usable Host count towards the rate limit."""
    client = made(rate="3 per minute").test_client()
    answers = [client.get("/", headers={"Host": "a..b"}).status_code for _ in range(4)]
    assert answers == [400, 400, 400, 429]


def test_a_bad_host_reaches_no_server_as_a_fault(catalogue_index: Path) -> None:
    """Waitress and gunicorn answer a bad Host header with status 400 and all headers."""
    request = f"GET / HTTP/1.1\r\nHost: {BAD_HOSTS[0]}\r\nConnection: close\r\n\r\n".encode()
    with serving(catalogue_index) as (_, port):
        by_waitress = answered(port, request)
    with server(catalogue_index, partial(gunicorn, 2)) as served:
        by_gunicorn = answered(int(served.url.rpartition(":")[2]), request)
    for found in (by_waitress, by_gunicorn):
        assert found.split(b" ", 2)[1] == b"400"
        head = found.partition(b"\r\n\r\n")[0].decode()
        assert all(f"{name}: {text}" in head for name, text in HEADERS.items())
