"""A block's papers become lines with arrival times, and its plans become truth."""

import dataclasses

import msgspec
import numpy as np

from streams.simulator import vins
from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.delays import DAY
from streams.simulator.encoding import Encoder
from streams.simulator.labels import LABELS, ORDINARY
from streams.simulator.malformed import FAULTS, REGISTRATION_FAULTS
from streams.simulator.noise import LOST, Feed, feed
from streams.simulator.places import PROVINCE_CODES
from streams.simulator.truth import ExpectedAlert, VehicleTruth, iso, stamp

ALL_FAULTS = FAULTS + REGISTRATION_FAULTS
_SPOILED = ("check_digit", "forbidden_letter", "too_short")
_BY_OWNER = frozenset({"double_sale", "document_conflict", "resale_after_export", "cloned_vin"})
"""Schemes that show by who owned the car."""
_EPOCH = 719_163  # ordinal of 1970-01-01


@dataclasses.dataclass
class Finished:
    """Lines of a block inside the stream's time, their arrival (seconds), their tags, and the truth."""

    lines: list[bytes]
    arrival: IntArray
    tag: IntArray
    truth: list[VehicleTruth]
    labels: IntArray


def finish(block: Block, number: int, salt: int) -> Finished:
    """Publish a block."""
    texts = _number_plates(block)
    encoder = Encoder(block, texts, number, salt)
    first, last = block.world.start * DAY, block.world.end * DAY
    lines: list[bytes] = []
    arrivals: list[IntArray] = []
    tags: list[IntArray] = []
    feeds: dict[str, Feed] = {}
    for name, table in block.tables.items():
        made = feed(block, name, table)
        feeds[name] = made
        early_copy = (made.tag > 0) & (made.tag < LOST)
        arrival = np.where(early_copy, np.maximum(made.arrival, first), made.arrival)
        inside = np.flatnonzero((made.arrival >= first) & (made.arrival < last))
        columns = {key: column[inside] for key, column in made.columns.items()}
        written = encoder.encode(name, columns, made.recorded[inside])
        tag = made.tag[inside]
        for row in np.flatnonzero(tag).tolist():
            written[row] = ALL_FAULTS[(tag[row] - 1) % LOST].spoil(written[row])
        lines.extend(written)
        arrivals.append(arrival[inside])
        tags.append(tag)
    return Finished(
        lines=lines,
        arrival=np.concatenate(arrivals),
        tag=np.concatenate(tags),
        truth=_truth(block, feeds, texts, (first, last)),
        labels=np.bincount(block.fleet.label, minlength=len(LABELS)),
    )


def _number_plates(block: Block) -> list[str]:
    """Texts of the vehicles' numbers, then of the mistyped ones."""
    fleet, brands = block.fleet, block.world.brands
    years = (fleet.born - _EPOCH).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    ahead = (fleet.model % 8 == 0).astype(np.int64)
    wmi = np.empty((len(fleet.index), 3), dtype=np.uint8)
    for brand in np.unique(fleet.brand).tolist():
        rows = np.flatnonzero(fleet.brand == brand)
        codes = brands.wmi[brand]
        wmi[rows] = codes[fleet.model[rows] % len(codes)]
    right = vins.make_vins(wmi, fleet.index, years + 1970 + ahead)
    wrong = vins.mistype(right, block.rng)
    spoiled = np.flatnonzero(fleet.spoiled)
    if len(spoiled):
        right[spoiled], how = vins.spoil(right[spoiled], block.rng)
        for row, kind in zip(spoiled.tolist(), how.tolist(), strict=True):
            fleet.variant[row] = _SPOILED[kind]
    return vins.as_text(right) + vins.as_text(wrong)


def _truth(
    block: Block, feeds: dict[str, Feed], texts: list[str], window: tuple[int, int]
) -> list[VehicleTruth]:
    fleet = block.fleet
    expected: dict[int, list[ExpectedAlert]] = {}
    tolerated: dict[int, list[str]] = {}
    for number in range(len(block.expectations)):
        item = block.expectations[number]
        if item.tolerated:
            for row in item.vehicles.tolist():
                tolerated.setdefault(row, []).append(item.detector)
            continue
        for row, alert in _expected(block, number, feeds, window):
            expected.setdefault(row, []).append(alert)
    missing = _missing_papers(block, feeds, window)
    registrations = feeds["registration"].columns
    mistyped = set(registrations["vehicle"][registrations["alias"] > 0].tolist())
    truth = []
    for row in np.flatnonzero(fleet.label > 0).tolist():
        label = LABELS[fleet.label[row]]
        truth.append(
            VehicleTruth(
                vin=texts[row],
                label=label.name,
                kind=label.kind,
                province=PROVINCE_CODES[fleet.province[row]],
                registered_on=iso(int(fleet.born[row])),
                papers_complete=row not in missing,
                variant=fleet.variant[row] or msgspec.UNSET,
                fools=label.fools or msgspec.UNSET,
                expected=_earliest(expected.get(row, [])),
                tolerated=tuple(tolerated[row]) if row in tolerated else msgspec.UNSET,
                missing=tuple(sorted(missing[row])) if row in missing else msgspec.UNSET,
                spike=int(fleet.spike[row]) if fleet.spike[row] >= 0 else msgspec.UNSET,
            )
        )
        if row in mistyped:
            truth.append(
                VehicleTruth(
                    vin=texts[row + len(fleet.index)],
                    label=label.name,
                    kind=label.kind,
                    province=PROVINCE_CODES[fleet.province[row]],
                    registered_on=iso(int(fleet.born[row])),
                    papers_complete=row not in missing,
                    variant="mistyped_number",
                    fools=label.fools or msgspec.UNSET,
                )
            )
    stray = set(expected) - set(np.flatnonzero(fleet.label != 0).tolist())
    if stray:
        raise AssertionError(f"expected alerts on {ORDINARY.name} vehicles: rows {sorted(stray)[:5]}")
    return truth


def _earliest(alerts: list[ExpectedAlert]) -> tuple[ExpectedAlert, ...]:
    """One alert a detector: the first that can be proved, complete ones before others."""
    alerts.sort(key=lambda alert: (not alert.complete, alert.provable_on))
    first: dict[str, ExpectedAlert] = {}
    for alert in alerts:
        first.setdefault(alert.detector, alert)
    return tuple(sorted(first.values(), key=lambda alert: alert.detector))


def _expected(
    block: Block, number: int, feeds: dict[str, Feed], window: tuple[int, int]
) -> list[tuple[int, ExpectedAlert]]:
    item = block.expectations[number]
    first, last = window
    visible = np.zeros(len(item.vehicles), dtype=np.int64)
    early = np.zeros(len(item.vehicles), dtype=np.bool_)
    lost = early.copy()
    nameless = early.copy()
    for name, rows in item.needs:
        arrival = feeds[name].first_arrival[rows]
        visible = np.maximum(visible, arrival)
        early |= arrival < first
        lost |= feeds[name].lost[rows]
        nameless |= feeds[name].nameless[rows]
    late = visible >= last
    too_short = (item.provable + item.margin) > block.world.end
    result = []
    for place, row in enumerate(item.vehicles.tolist()):
        reason = (
            "before_stream" if early[place]
            else "malformed" if lost[place]
            else "after_stream" if late[place]
            else "owner_missing" if nameless[place] and item.detector in _BY_OWNER
            else "stream_ends_first" if too_short[place]
            else None
        )  # fmt: skip
        arrived = not (early[place] or lost[place] or late[place])
        alert = ExpectedAlert(
            detector=item.detector,
            provable_on=iso(int(item.provable[place])),
            complete=reason is None,
            visible_at=stamp(int(visible[place])) if arrived else msgspec.UNSET,
            missing=reason or msgspec.UNSET,
        )
        result.append((row, alert))
    return result


def _missing_papers(
    block: Block, feeds: dict[str, Feed], window: tuple[int, int]
) -> dict[int, set[str]]:
    """Why papers of a vehicle are not in the stream, by vehicle row."""
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
