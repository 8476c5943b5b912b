"""A detector that raises is told with its vehicle, and the exit status says so."""

import pytest

from detectors.rules.double_sale import DoubleSale


@pytest.fixture
def failing(monkeypatch):
    def faulty(self, history):
        raise KeyError("a fault for the test")

    monkeypatch.setattr(DoubleSale, "findings", faulty)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("debug", [False, True])
def test_the_first_failure_of_a_detector_is_shown(run, stream, debug):
    result = run("replay", stream, *["--debug"] * debug)
    assert result.exit_code == 1
    assert "detector double_sale failed on vehicle LRW3E7FS5PC000400" in result.stderr
    assert "KeyError: 'a fault for the test'" in result.stderr
    assert ("test_detector_failures.py" in result.stderr) is debug
