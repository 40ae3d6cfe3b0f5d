"""Settings: what is no value of one is an error that says what is."""

from pathlib import Path

import pytest

from search_app import config, create_app
from search_app.config import SettingError

INVALID = {
    "such as https://example.org": {
        "CORS": ["https://a.org, https://b.org", "null", "https://a.org/", "**"],
        "SITE_URL": ["example.org", "https://example.org/", "ftp://example.org", "x"],
    },
    "such as /catalogue": {"PREFIX": ["catalogue", "/catalogue/", "//evil.test", "/..", "/a?b"]},
    "such as 120 per minute": {"RATE": ["often", "3 per fortnight", "-1 per minute"]},
    "a whole number from 1 to 65535": {"PORT": ["0", "65536", "x", ""]},
    "0 or 1": {"SEMANTIC": ["2", "yes"]},
}
"""Invalid values of settings, by the end of their error."""


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        (name, value, hint)
        for hint, settings in INVALID.items()
        for name, values in settings.items()
        for value in values
    ],
)
def test_an_invalid_value_is_an_error(name: str, value: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        create_app(config.load({f"PUBSEARCH_{name}": value}, index=tmp_path))
    assert f"PUBSEARCH_{name}" in str(caught.value)
    assert hint in str(caught.value)
