"""Scripts of other sites read the site only if a setting allows it."""

import pytest

from search_app.engine import Engine
from tests.search_app.web.reading import make_client

OPENED = (
    "/api/search?q=organ", "/api/suggest?q=o", "/export/ris?q=organ", "/export/x", "/feed.atom",
    "/linkset/x", "/oai?verb=Identify", "/unapi",
)  # fmt: skip
NOT_OPENED = ("/", "/about", "/static/style.css", "/healthz", "/metrics", "/robots.txt")


@pytest.mark.parametrize("cors", ["", "*", "https://portal.example.org"])
def test_a_setting_opens_responses_for_programs(catalogue_engine: Engine, cors: str) -> None:
    """The API, exports and feeds have the headers of the setting, also in errors; pages do not."""
    client = make_client(catalogue_engine, cors=cors)
    for address in (*OPENED, *NOT_OPENED):
        with client.get(address, headers={"Origin": "https://other.test"}) as answer:
            is_open = bool(cors) and address in OPENED
            policy = answer.headers["Cross-Origin-Resource-Policy"]
            assert policy == ("cross-origin" if is_open else "same-origin"), address
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed == (cors if is_open else None), address
