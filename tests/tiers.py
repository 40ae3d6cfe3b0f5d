"""The tiers of the tests: what `make test` leaves to `make test-all`.

A test is marked `thorough` if it takes long, and `make test` guards its rule with fewer cases or in
another way. `thorough(CASES, usual=["the first"])` marks single cases of a test. Hypothesis makes 5
examples of a property in `make test-fast`, 20 in `make test`, and 100 in `make test-all`.
"""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import HealthCheck, settings

ALL = 100
"""Examples of a property in `make test-all`."""


def load_profiles() -> None:
    """Register the profiles and load that of `make test`, before a test is imported.

    A slow machine must not fail an example, and a fixture is the same for all examples of a test.
    """
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    patient = settings(deadline=None, suppress_health_check=checks)
    for name, count in (("fast", 5), ("usual", 20), ("all", ALL)):
        settings.register_profile(name, patient, max_examples=count)
    settings.load_profile("usual")


def examples(count: int) -> settings:
    """Return the settings of a property that needs more or fewer examples than others.

    `make test-all` generates `count` of them, and the other tiers at most as many as of others.
    """
    usual = settings().max_examples
    return settings(max_examples=count if usual == ALL else min(count, usual))


def thorough(cases: Iterable[object], usual: Sequence[object] = ()) -> list[object]:
    """Return the cases of a test, of which `make test` runs only those in `usual`."""
    marks = pytest.mark.thorough
    return [case if case in usual else pytest.param(case, marks=marks) for case in cases]
