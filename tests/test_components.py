"""A test that lacks a component of the machine is skipped, or fails where nothing may be skipped."""

import pytest


@pytest.mark.parametrize(
    ("required", "outcome"), [(None, pytest.skip.Exception), ("0", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_a_missing_component(component, monkeypatch, required, outcome):
    monkeypatch.delenv("KUNDENWERT_REQUIRE_ALL", raising=False)
    if required:
        monkeypatch.setenv("KUNDENWERT_REQUIRE_ALL", required)
    component(present=True, reason="")
    with pytest.raises(outcome, match="no such server"):
        component(present=False, reason="no such server")
