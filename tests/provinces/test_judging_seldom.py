"""Provinces are judged when somebody wants to know, and no more than a share of the time."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from detectors.exports import ExportChange
from detectors.policy import Policy
from detectors.registry import DECLARED
from detectors.spikes.declared import PROVINCE_DETECTORS
from detectors.spikes.tally import Export
from detectors.watermarks import Watermarks
from streams.engine.province_aggregator import ProvinceAggregator
from streams.service import province_desk
from streams.service.metrics import Metrics
from streams.service.province_desk import (
    LONGEST_REST,
    LONGEST_SECONDS,
    QUIET_SECONDS,
    RESTS,
    ProvinceDesk,
)
from streams.service.settings import load_settings
from streams.setup.policy import load_policy, shipped_policy_text

TODAY = 739_100


def _export(day: int) -> Export:
    return Export("CN-GD", day, day, "E", "", "AE", "", False, "customs")


def test_with_all_their_detectors_off_provinces_are_judged_for_who_asks_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    off = "\n".join(f"[{name}]\nenabled = false" for name in PROVINCE_DETECTORS)
    book = ProvinceAggregator(Policy.parse(shipped_policy_text(), off, DECLARED))
    book.count([ExportChange(f"V{n}", None, _export(TODAY - n)) for n in range(60)])
    asked, report = [], book._watch.report
    monkeypatch.setattr(book._watch, "report", lambda *counts: asked.append(1) or report(*counts))
    assert book.latest is None
    assert book.judge(TODAY) == []
    assert not asked
    assert book.latest is not None
    assert book.latest is book.latest
    assert asked == [1]


def _desk(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> ProvinceDesk:
    monkeypatch.setattr(province_desk.time, "monotonic", lambda: clock[0])
    policy = load_policy()
    watermarks = Watermarks(policy.watermarks)
    watermarks.reach("customs_export", "customs", TODAY)
    desk = ProvinceDesk(load_settings(), "t.v1", policy, watermarks, Metrics().unreadable_records)
    desk.caught_up = True
    return desk


def test_a_feed_that_never_is_quiet_is_judged(monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    desk = _desk(monkeypatch, clock)
    judged: list[float] = []
    monkeypatch.setattr(desk.book, "judge", lambda _: judged.append(clock[0]) or [])
    for number in range(500):
        record = SimpleNamespace(
            key=f"V{number}".encode(),
            value=msgspec.msgpack.encode(_export(TODAY)),
            topic="t",
            offset=number,
        )
        desk._try_to_take(record)
        desk.judge()
        clock[0] += QUIET_SECONDS / 4
    assert len(desk._exports) == 500
    assert judged[0] == LONGEST_SECONDS
    assert all(later - earlier >= LONGEST_SECONDS for earlier, later in pairwise(judged))
    assert len(judged) == 4


@pytest.mark.parametrize("takes", [0.5, 6.0])
def test_judging_takes_a_share_of_the_time_and_does_not_rest_for_long(
    monkeypatch: pytest.MonkeyPatch, takes: float
):
    clock = [0.0]
    desk = _desk(monkeypatch, clock)
    judged = []

    def judge(today: int | None) -> list[Any]:
        judged.append(clock[0])
        clock[0] += takes
        return []

    monkeypatch.setattr(desk.book, "judge", judge)
    for number in range(400):
        if number % 4 == 0:
            desk._note_change()
        desk.judge()
        clock[0] += 0.5
    pauses = [later - earlier for earlier, later in pairwise(judged)]
    rests = takes + min(RESTS * takes, LONGEST_REST)
    assert judged[0] <= QUIET_SECONDS + 0.5
    assert pauses
    assert all(rests <= pause <= rests + 3 for pause in pauses)
