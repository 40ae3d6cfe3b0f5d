"""Access rules: methods, host names, proxies, and rate limits."""

import re
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speed.serving import gunicorn, server, waitress
from search_app.config import SettingError
from search_app.engine import admission
from search_app.web import incoming
from search_app.web.headers import HEADERS
from tests.catalogue import MakeApp
from tests.robustness.asking import ask, faults
from tests.robustness.test_server import answered


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("address", ["/", "/api/search", "/healthz", "/nowhere"])
def test_only_get_and_head_are_allowed(client: FlaskClient, method: str, address: str) -> None:
    """Every route refuses methods other than GET and HEAD with status 404 or 405."""
    answer = client.open(address, method=method)
    assert answer.status_code in (404, 405)
    if answer.status_code == 405:
        assert answer.headers["Allow"] == "GET, HEAD"


def test_head_returns_the_headers_of_get(client: FlaskClient) -> None:
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
def test_every_response_has_the_security_headers(
    client: FlaskClient, address: str, status: int
) -> None:
    """Every response has the security headers and a request id, errors and files too."""
    with client.get(address) as answer:
        assert answer.status_code == status
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    assert len(answer.headers["X-Request-ID"]) == 16
    assert "Set-Cookie" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers


def test_the_content_policy_allows_only_own_files() -> None:
    policy = dict(
        each.strip().split(" ", 1) for each in HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy)
    assert {policy[name] for name in policy if name.endswith("-src")} == {"'none'", "'self'"}


@pytest.mark.parametrize("debug", ["0", "1"])
def test_an_internal_error_has_the_headers_and_no_details(
    debug: str, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An internal error is a 500 with all headers, and shows no details in debug mode either."""
    monkeypatch.setenv("FLASK_DEBUG", debug)
    app = make_app()

    def fails() -> str:
        raise ZeroDivisionError("a secret")

    app.add_url_rule("/fails", view_func=fails)
    answer = app.test_client().get("/fails")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_hsts_is_sent_over_tls_only(make_app: MakeApp) -> None:
    client = make_app(hsts=31536000, proxies=1).test_client()
    secure = client.get("/about", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/about").headers


SCHEMES = {
    "https": "https", "HTTPS": "https", "http": "http", "": "http", "javascript": "http",
    "javascript:alert(1)//": "http", "data": "http", "//evil.example/": "http",
    "https://evil.example/": "http", "ws": "http",
}  # fmt: skip


def test_links_have_the_scheme_http_or_https(make_app: MakeApp) -> None:
    """Absolute URLs are http or https, even if a proxy passes on another scheme of a client."""
    client = make_app(proxies=1).test_client()
    for stated, scheme in SCHEMES.items():
        for path in ("/", "/feed.atom", "/sitemap.xml", "/opensearch.xml"):
            answer = client.get(path, headers={"X-Forwarded-Proto": stated})
            assert "javascript:" not in answer.text
            assert "evil.example" not in answer.text
            assert set(re.findall(r"([^\"'> ]*)://localhost", answer.text)) == {scheme}


NAMED = {
    "example.org": 200, "Example.ORG.": 200, "example.org:": 200, "a.example.org": 400,
    "[::1]": 200, "[::1]:8000": 200, "[0:0::1]": 200, "[::2]": 400, "192.0.2.1:80": 200,
    "192.0.2.11": 400, "xn--mnchen-3ya.example": 200, "example.net": 200, "A.b.Example.net": 200,
    "anexample.net": 400, "": 400, ".": 400, "example.org:99999": 400,
    "example.org.evil.example": 400,
}  # fmt: skip


def test_host_names_match_however_they_are_written(make_app: MakeApp) -> None:
    """Case, a port, a final dot, and the form of an IPv6 address do not count on either side.

    A request for another host gets status 400 and all headers, except for its health.
    """
    hosts = "Example.org:443, [::1], 192.0.2.1, München.example., .EXAMPLE.net,"
    client = make_app(hosts=hosts).test_client()
    for host, status in NAMED.items():
        answer = client.get("/about", headers={"Host": host})
        assert answer.status_code == status, host
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for host in ("evil.example", ""):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    assert (
        make_app(hosts="0::1").test_client().get("/about", headers={"Host": "[::1]"}).status_code
        == 200
    )
    for empty in (".", "[]", ":80"):
        answer = make_app(hosts=empty).test_client().get("/about", headers={"Host": "a.example"})
        assert answer.status_code == 400
    with pytest.raises(SettingError, match="PUBSEARCH_HOSTS"):
        make_app(hosts="é" * 100)


LOOPBACK = {
    "localhost:": 200, "evil.example:": 400,
    "localhost": 200, "localhost:8000": 200, "LocalHost.": 200, "catalogue.localhost:80": 200,
    "127.0.0.1": 200, "127.9.9.9:8000": 200, "[::1]:8000": 200, "[::ffff:127.0.0.1]": 200,
    "evil.example": 400, "evil.example:8000": 400, "localhost.evil.example": 400,
    "127.0.0.1.evil.example": 400, "evillocalhost": 400, "192.0.2.1": 400, "[2001:db8::1]": 400,
    "0.0.0.0": 400, "127.0.0.1evil": 400,
}  # fmt: skip


def test_a_local_server_has_local_names_only(client: FlaskClient) -> None:
    """A server on a loopback address refuses foreign names, and says which setting allows them.

    A foreign page may resolve its own name to this machine (DNS rebinding).
    """
    addresses = ("/about", "/api/search", "/healthz", "/static/style.css")
    for bound, address in product(("127.0.0.1", "127.0.0.2", "::1"), addresses):
        for host, status in LOOPBACK.items():
            # The servers state the address on which they listen as SERVER_NAME.
            environ = {"SERVER_NAME": bound, "HTTP_HOST": host}
            with client.get(address, environ_overrides=environ) as answer:
                assert answer.status_code == status, host
                assert (b"PUBSEARCH_HOSTS" in answer.data) == (status == 400)


def test_the_names_of_a_site_replace_those_of_its_machine(make_app: MakeApp) -> None:
    bound, host = {"SERVER_NAME": "127.0.0.1"}, {"Host": "search.example.org"}
    for names, status in (({}, 400), ({"hosts": "search.example.org"}, 200), ({"proxies": 1}, 200)):
        client = make_app(**names).test_client()
        answer = client.get("/about", headers=host, environ_overrides=bound)
        assert answer.status_code == status, names
    # A server on all addresses may have any name.
    everywhere = {"SERVER_NAME": "0.0.0.0"}
    answer = make_app().test_client().get("/about", headers=host, environ_overrides=everywhere)
    assert answer.status_code == 200


@pytest.mark.parametrize("command", [waitress, partial(gunicorn, 1)])
def test_servers_on_this_machine_refuse_foreign_names(
    catalogue_index: Path, command: Callable[[int], list[str]]
) -> None:
    """Waitress and gunicorn on 127.0.0.1 answer to localhost, and refuse a foreign name."""
    with server(catalogue_index, command) as served:
        port = int(served.url.rpartition(":")[2])
        for host, status in ((b"localhost", b"200"), (b"evil.example", b"400")):
            head = b"GET /api/search HTTP/1.1\r\nConnection: close\r\nHost: " + host
            assert answered(port, head + b"\r\n\r\n").split(b" ", 2)[1] == status


def test_forwarded_headers_count_only_behind_a_proxy(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """Forwarded headers are ignored unless trusted proxies are configured."""
    caplog.set_level("INFO")
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "mine", "X-Forwarded-Host": "evil"}
    answer = make_app(hosts="localhost").test_client().get("/about", headers=forged)
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] != "mine"
    answer = make_app(proxies=1).test_client().get("/about", headers=forged)
    assert answer.headers["X-Request-ID"] == "mine"
    told = [
        vars(each)["log_fields"]
        for each in caplog.records
        if each.name == "search_app.web.monitoring"
    ]
    assert [each["address"] for each in told] == ["127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize("given", ["a b", "x" * 65, "ü", "", "<script>"])
def test_an_invalid_request_id_is_replaced(make_app: MakeApp, given: str) -> None:
    client = make_app(proxies=1).test_client()
    answer = client.get("/about", headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 16


def test_metrics_are_local_unless_opened(make_app: MakeApp) -> None:
    """Only local requests without a proxy get metrics, unless a setting opens them."""
    client = make_app().test_client()
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=away).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 404
    by_socket = {"REMOTE_ADDR": ""}
    for here in (by_socket, {"REMOTE_ADDR": "::ffff:127.0.0.1"}):
        assert client.get("/metrics", environ_base=here).status_code == 200
    told = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", environ_base=by_socket, headers=told).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "strange"}).status_code == 404
    behind = make_app(proxies=1).test_client()
    assert behind.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert make_app(metrics=1).test_client().get("/metrics", environ_base=away).status_code == 200


def test_a_long_query_string_is_refused(client: FlaskClient) -> None:
    """A query string over 65,536 bytes gets status 414."""
    longest = "&".join(["a=b"] * (incoming.MAX_QUERY_BYTES // 4))
    assert client.get(f"/?{longest}").status_code == 200
    answer = client.get(f"/?{longest}&a=b&a=b")
    assert answer.status_code == 414
    assert "65,536 bytes" in answer.text


def test_too_many_requests_get_429_and_retry_after(make_app: MakeApp) -> None:
    """A client over the rate gets 429. Other clients and monitoring routes are not limited."""
    client = make_app(rate="3 per minute").test_client()
    answers = [client.get("/api/search") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers.get("Retry-After") for answer in answers[:3]] == [None] * 3
    refused = client.get("/api/search")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json is not None
    assert refused.json["error"]["code"] == "too_many_requests"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/").status_code == 429
    harvest = client.get("/oai?verb=Identify")  # the protocol has no 429
    assert (harvest.status_code, "Retry-After" in harvest.headers) == (503, True)
    for address in ("/healthz", "/metrics", "/static/style.css"):
        with client.get(address) as answer:
            assert answer.status_code == 200, address
    assert client.get("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 200


def test_a_refusal_says_how_long_to_wait(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr(incoming, "time", lambda: now)
    client = make_app(rate="1 per 2 hours").test_client()
    assert client.get("/").status_code == 200
    for seconds, hint, address in (
        (7200, "Try again in 2 hours.", "/"),
        (5401, "Try again in 2 hours.", "/"),
        (5400, "Try again in 90 minutes.", "/"),
        (91, "Try again in 2 minutes.", "/"),
        (90, "Try again in 90 seconds.", "/"),
        (1, "Try again in 1 second.", "/"),
        (1, "Réessayez dans 1 seconde.", "/fr/"),
        (3, "Повторите попытку через 3 секунды.", "/ru/"),
        (11, "حاول مرة أخرى بعد 11 ثانية.", "/ar/"),
    ):
        # The limiter adds up to a second, so that no client is too early.
        now = 1_800_007_200.5 - seconds
        refused = client.get(address)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(seconds))
        assert hint in refused.text


def test_a_busy_response_keeps_its_own_retry_after(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXPENSIVE", 0)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    app = make_app(rate="3 per hour")
    with app.extensions["pubsearch"]._admission.admit(1):
        refused = app.test_client().get("/?q=*a*")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("addresses", "statuses"),
    [
        (["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"], [200, 429, 200]),
        # A server may wrap IPv4 addresses in IPv6.
        (["::ffff:203.0.113.1", "::ffff:203.0.113.2", "203.0.113.1"], [200, 200, 429]),
    ],
)
def test_a_network_counts_as_one_client(
    addresses: list[str], statuses: list[int], make_app: MakeApp
) -> None:
    """The addresses of one /64 network of IPv6 share a rate limit, and those of IPv4 do not."""
    client = make_app(rate="1 per minute").test_client()
    found = [client.get("/", environ_base={"REMOTE_ADDR": each}).status_code for each in addresses]
    assert found == statuses


def test_a_rate_without_the_extra_is_reported(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "find_spec", lambda _: None)
    with pytest.raises(SettingError, match="make environment-production"):
        make_app(rate="3 per minute")


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
def test_an_invalid_host_is_a_bad_request(client: FlaskClient, address: str) -> None:
    """Every route answers an invalid Host header with a complete response of status 400."""
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
def test_any_host_header_gets_a_response(catalogue_app: Flask, host: str) -> None:
    """Any Host header gets a complete response with status 200 or 400."""
    # The test client would parse the host itself and fail on invalid Punycode.
    answer = ask(catalogue_app.wsgi_app, b"/?q=organ", headers={"Host": host})
    assert answer.status in (200, 400)
    assert faults(answer) == []


def test_an_invalid_forwarded_host_is_a_bad_request(make_app: MakeApp) -> None:
    """An invalid host forwarded by a trusted proxy gets status 400."""
    answer = make_app(proxies=1).test_client().get("/", headers={"X-Forwarded-Host": BAD_HOSTS[0]})
    assert answer.status_code == 400


def test_requests_with_bad_hosts_count_towards_the_rate(make_app: MakeApp) -> None:
    client = make_app(rate="3 per minute").test_client()
    answers = [client.get("/", headers={"Host": "a..b"}).status_code for _ in range(4)]
    assert answers == [400, 400, 400, 429]
