"""From plans to truth: what must be found in a block's vehicles, and whether it can be proved."""

from collections.abc import Iterator

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from streams.simulator.block import Block, Expectation
from streams.simulator.labels import LABELS
from streams.simulator.noise import Feed
from streams.simulator.places import PROVINCE_CODES
from streams.simulator.truth import ExpectedAlert, VehicleTruth, iso, stamp

Window = tuple[int, int]
"""First second of the stream and the one after its last."""

_BY_OWNER = frozenset({"double_sale", "document_conflict", "resale_after_export", "cloned_vin"})
"""Schemes that show by who owned the car."""


def vehicle_truth(
    block: Block, feeds: dict[str, Feed], texts: list[str], window: Window
) -> list[VehicleTruth]:
    """Say what is true of every vehicle that is not ordinary.

    Parameters
    ----------
    block
        The block as planned.
    feeds
        What became of its documents, by event type.
    texts
        The vehicles' numbers, then their mistyped numbers.
    window
        The stream's time.
    """
    fleet = block.fleet
    expected = _expected_by_vehicle(block, feeds, window)
    tolerated = _tolerated_by_vehicle(block)
    missing = _missing_documents(block, feeds, window)
    registrations = feeds["registration"].columns
    mistyped = set(registrations["vehicle"][registrations["alias"] > 0].tolist())
    truth = []
    for row in np.flatnonzero(fleet.label > 0).tolist():
        known = replace(
            _description(block, row, texts[row]),
            documents_complete=row not in missing,
            expected=_earliest(expected.pop(row, [])),
            tolerated=tuple(tolerated[row]) if row in tolerated else UNSET,
            missing=tuple(sorted(missing[row])) if row in missing else UNSET,
        )
        truth.append(known)
        if row in mistyped:
            truth.append(replace(known, vin=texts[row + len(texts) // 2], variant="mistyped_number"))
    if expected:
        raise AssertionError(f"alerts expected on ordinary vehicles: rows {sorted(expected)[:5]}")
    return truth


def _description(block: Block, row: int, vin: str) -> VehicleTruth:
    fleet = block.fleet
    label = LABELS[fleet.label[row]]
    return VehicleTruth(
        vin=vin,
        label=label.name,
        kind=label.kind,
        province=PROVINCE_CODES[fleet.province[row]],
        registered_on=iso(int(fleet.born[row])),
        documents_complete=True,
        variant=fleet.variant[row] or UNSET,
        fools=label.fools or UNSET,
        spike=int(fleet.spike[row]) if fleet.spike[row] >= 0 else UNSET,
    )


def _expected_by_vehicle(
    block: Block, feeds: dict[str, Feed], window: Window
) -> dict[int, list[ExpectedAlert]]:
    expected: dict[int, list[ExpectedAlert]] = {}
    for item in block.expectations:
        if not item.tolerated:
            for row, alert in _alerts(item, feeds, window, block.world.end):
                expected.setdefault(row, []).append(alert)
    return expected


def _tolerated_by_vehicle(block: Block) -> dict[int, list[str]]:
    tolerated: dict[int, list[str]] = {}
    for item in block.expectations:
        for row in item.vehicles.tolist() if item.tolerated else ():
            tolerated.setdefault(row, []).append(item.detector)
    return tolerated


def _earliest(alerts: list[ExpectedAlert]) -> tuple[ExpectedAlert, ...]:
    """One alert a detector: the first that can be proved, complete ones before others."""
    alerts.sort(key=lambda alert: (not alert.complete, alert.provable_on))
    first: dict[str, ExpectedAlert] = {}
    for alert in alerts:
        first.setdefault(alert.detector, alert)
    return tuple(sorted(first.values(), key=lambda alert: alert.detector))


def _alerts(
    item: Expectation, feeds: dict[str, Feed], window: Window, end: int
) -> Iterator[tuple[int, ExpectedAlert]]:
    """What is expected of each vehicle, and whether the documents that prove it are there."""
    visible = np.zeros(len(item.vehicles), dtype=np.int64)
    reasons = np.full(len(item.vehicles), "", dtype=object)
    # The first reason that applies stands, so the last to be written comes first.
    reasons[item.provable + item.margin > end] = "stream_ends_first"
    for name, rows in item.needs:
        visible = np.maximum(visible, feeds[name].first_arrival[rows])
        if item.detector in _BY_OWNER:
            reasons[feeds[name].nameless[rows]] = "owner_missing"
    reasons[visible >= window[1]] = "after_stream"
    for name, rows in item.needs:
        reasons[feeds[name].lost[rows]] = "malformed"
    for name, rows in item.needs:
        reasons[feeds[name].first_arrival[rows] < window[0]] = "before_stream"
    for row, reason, provable, seconds in zip(
        item.vehicles.tolist(),
        reasons.tolist(),
        item.provable.tolist(),
        visible.tolist(),
        strict=True,
    ):
        unseen = reason in {"before_stream", "malformed", "after_stream"}
        yield (
            row,
            ExpectedAlert(
                detector=item.detector,
                provable_on=iso(provable),
                complete=not reason,
                visible_at=UNSET if unseen else stamp(seconds),
                missing=reason or UNSET,
            ),
        )


def _missing_documents(block: Block, feeds: dict[str, Feed], window: Window) -> dict[int, set[str]]:
    """Why documents of a vehicle are not in the stream, by vehicle row."""
    first, last = window
    missing: dict[int, set[str]] = {}
    for name in block.tables:
        made = feeds[name]
        size = len(made.first_arrival)
        vehicle = made.columns["vehicle"][:size].astype(np.int64)
        checks = [
            ("before_stream", made.first_arrival < first),
            ("after_stream", made.first_arrival >= last),
            ("malformed", made.lost),
            ("owner_missing", made.nameless),
        ]
        for rows, arrival in made.revised_by:
            cut = np.zeros(size, dtype=np.bool_)
            cut[rows[arrival >= last]] = True
            checks.append(("after_stream", cut))
        for reason, hit in checks:
            for row in np.unique(vehicle[hit]).tolist():
                missing.setdefault(row, set()).add(reason)
    return missing
