"""A block's documents become lines with arrival times, and its plans become truth."""

import dataclasses

import numpy as np

from streams.simulator import vins
from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.delays import DAY
from streams.simulator.encoding import Encoder
from streams.simulator.ground_truth import vehicle_truth
from streams.simulator.labels import LABELS
from streams.simulator.malformed import FAULTS, REGISTRATION_FAULTS
from streams.simulator.noise import LOST, SimulatedFeed, feed
from streams.simulator.truth import VehicleTruth

ALL_FAULTS = FAULTS + REGISTRATION_FAULTS
_SPOILED = ("check_digit", "forbidden_letter", "too_short")
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
    texts = _number_plates(block, salt)
    encoder = Encoder(block, texts, number, salt)
    first, last = block.world.start * DAY, block.world.end * DAY
    lines: list[bytes] = []
    arrivals: list[IntArray] = []
    tags: list[IntArray] = []
    feeds: dict[str, SimulatedFeed] = {}
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
        truth=vehicle_truth(block, feeds, texts, (first, last)),
        labels=np.bincount(block.fleet.label, minlength=len(LABELS)),
    )


def _number_plates(block: Block, salt: int) -> list[str]:
    """Texts of the vehicles' numbers, then of the mistyped ones."""
    fleet, brands = block.fleet, block.world.brands
    years = (fleet.born - _EPOCH).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    ahead = (fleet.mark % 8 == 0).astype(np.int64)
    wmi = np.empty((len(fleet.index), 3), dtype=np.uint8)
    for brand in np.unique(fleet.brand).tolist():
        rows = np.flatnonzero(fleet.brand == brand)
        codes = brands.wmi[brand]
        wmi[rows] = codes[fleet.mark[rows] % len(codes)]
    right = vins.make_vins(wmi, fleet.index, years + 1970 + ahead, shift=salt)
    wrong = vins.mistype(right, block.rng)
    spoiled = np.flatnonzero(fleet.spoiled)
    if len(spoiled):
        right[spoiled], how = vins.spoil(right[spoiled], block.rng)
        for row, kind in zip(spoiled.tolist(), how.tolist(), strict=True):
            fleet.variant[row] = _SPOILED[kind]
    return vins.as_text(right) + vins.as_text(wrong)
