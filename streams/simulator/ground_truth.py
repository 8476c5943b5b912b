"""From plans to truth: what a block's vehicles are, and which of their documents are missing."""

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from streams.simulator.block import Block
from streams.simulator.labels import LABELS
from streams.simulator.noise import SimulatedFeed
from streams.simulator.places import PROVINCE_CODES
from streams.simulator.truth import VehicleTruth, iso

Window = tuple[int, int]
"""First second of the stream and the one after its last."""


def vehicle_truth(
    block: Block, feeds: dict[str, SimulatedFeed], texts: list[str], window: Window
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
    missing = _missing_documents(block, feeds, window)
    registrations = feeds["registration"].columns
    mistyped = set(registrations["vehicle"][registrations["alias"] > 0].tolist())
    truth = []
    for row in np.flatnonzero(fleet.label > 0).tolist():
        known = replace(
            _description(block, row, texts[row]),
            documents_complete=row not in missing,
            missing=tuple(sorted(missing[row])) if row in missing else UNSET,
        )
        truth.append(known)
        if row in mistyped:
            truth.append(replace(known, vin=texts[row + len(texts) // 2], variant="mistyped_number"))
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
        spike=int(fleet.spike[row]) if fleet.spike[row] >= 0 else UNSET,
    )


def _missing_documents(
    block: Block, feeds: dict[str, SimulatedFeed], window: Window
) -> dict[int, set[str]]:
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
