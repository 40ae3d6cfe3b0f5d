"""Scripts of other sites read the site only if a setting allows it."""

from __future__ import annotations

import pytest

from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT

OPENED = (
    "/api/search?q=organ", "/api/suggest?q=o", "/export/ris?q=organ", "/export/x", "/feed.atom",
    "/unapi",
)  # fmt: skip
NOT_OPENED = ("/", "/about", "/static/style.css", "/healthz", "/metrics", "/robots.txt")


@pytest.mark.parametrize("cors", ["", "*", "https://portal.example.org"])
def test_a_setting_opens_responses_for_programs(catalogue_engine: Engine, cors: str) -> None:
    """The API, exports and feeds have the headers of the setting, also in errors; pages do not."""
    settings = config.load(PATIENT, index=catalogue_engine.index, cors=cors)
    client = create_app(settings, catalogue_engine).test_client()
    for address in (*OPENED, *NOT_OPENED):
        with client.get(address, headers={"Origin": "https://other.test"}) as answer:
            is_open = bool(cors) and address in OPENED
            policy = answer.headers["Cross-Origin-Resource-Policy"]
            assert policy == ("cross-origin" if is_open else "same-origin"), address
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed == (cors if is_open else None), address
