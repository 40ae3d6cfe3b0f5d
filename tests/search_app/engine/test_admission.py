"""The admission of searches, and of the exports that yield to them."""

from itertools import count
from threading import Thread
from time import monotonic

import pytest

from search_app.engine import admission
from search_app.engine.admission import AdmissionControl


def test_an_export_pauses_while_a_search_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export takes no further item until the search ends, or its pause is over."""
    control = AdmissionControl()
    taken: list[int] = []
    monkeypatch.setattr(admission, "SLICE_SECONDS", -1)

    def export() -> None:
        for number in control.pace(count()):
            taken.append(number)
            if number == 2:
                return

    monkeypatch.setattr(admission, "MAX_PAUSE_SECONDS", 60)
    began = monotonic()
    with control.admit(1):
        thread = Thread(target=export)
        thread.start()
        thread.join(0.2)
        assert taken == [0]
    thread.join()
    assert taken == [0, 1, 2]
    monkeypatch.setattr(admission, "MAX_PAUSE_SECONDS", 0.001)
    with control.admit(1):
        export()
    assert monotonic() - began < 60
