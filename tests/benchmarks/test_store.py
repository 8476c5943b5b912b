"""A tiny run of the benchmark of the store: both versions store the same, and what it took is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.environments import PeerUnavailableError
from tests.benchmarks.store import EARLIER, IN_TURN, NOW, SIZE, measure_store

pytestmark = pytest.mark.nightly


def test_both_versions_store_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    try:
        report = measure_store(300, 1, 1)
    except PeerUnavailableError as error:
        pytest.skip(str(error))
    assert [check.held for check in report.checks] == [True]
    assert report.row(NOW).beside == EARLIER
    assert report.row(NOW).measured[IN_TURN.name].ratio is not None
    assert report.row(NOW).measured[SIZE.name].spread.median > 500
