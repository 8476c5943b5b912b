"""The whole country, block by block, to disk."""

import dataclasses
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from streams.simulator.block import Block, Fleet
from streams.simulator.calendars import FloatArray, IntArray, ordinal
from streams.simulator.delays import DAY
from streams.simulator.finish import ALL_FAULTS, Finished, finish
from streams.simulator.labels import LABELS
from streams.simulator.lives import domestic, exports
from streams.simulator.lives.registry import DOMESTIC_LIVES, EXPORT_LIVES, NEVER_ZERO, Life
from streams.simulator.noise import LOST
from streams.simulator.parameters import SimulatedCountry
from streams.simulator.spikes import Spike, plan_spikes, write_spike
from streams.simulator.spool import DEFAULT_LIMIT, Spool
from streams.simulator.truth import CountryTruth, MalformedTruth, OutageTruth, RushTruth, iso
from streams.simulator.world import World

BLOCK = 16_384
"""Vehicles planned at once; part of what a seed means, so never a setting."""
_SPIKE_STREAM = 1 << 32
_PLAN_STREAM = 1 << 33
_SHARE_STREAM = 1 << 34
# Steps of the two-dimensional Kronecker sequence with the least discrepancy (powers of the plastic
# number): any run of vehicles holds nearly the same share of every life.
_FIRST_STEP, _SECOND_STEP = 0.7548776662466927, 0.5698402909980532
_BUCKET_DAYS = 4


@dataclasses.dataclass(frozen=True)
class CountrySummary:
    """What was written."""

    vehicles: int
    documents: int
    malformed: int
    by_label: dict[str, int]
    spikes: int
    most_bytes_held: int


def simulate(
    country: SimulatedCountry,
    *,
    vehicles: int,
    days: int,
    seed: int,
    start: int,
    export_share: float,
    out: Path,
    truth: Path,
    progress: Callable[[int], None] = lambda _: None,
    limit: int = DEFAULT_LIMIT,
) -> CountrySummary:
    """Write a country's documents in arrival order, and what is true about them.

    Parameters
    ----------
    country
        Parameters.
    vehicles
        How many vehicles have documents.
    days
        Length of the stream.
    seed
        The same seed and arguments give the same bytes.
    start
        Ordinal of the first day.
    export_share
        Share of the vehicles that are exported.
    out, truth
        JSON Lines files; gzip when the name ends in .gz.
    progress
        Called with the number of vehicles done.
    limit
        Bytes of documents held in memory before they go to temporary files beside `out`.
    """
    world = World(country, start, start + days)
    spool = Spool(
        world.start * DAY, world.end * DAY, _BUCKET_DAYS * DAY, limit=limit, directory=out.parent
    )
    labels = np.zeros(len(LABELS), dtype=np.int64)
    encoder = msgspec.json.Encoder()
    try:
        with _open(truth) as truth_file:
            spikes = plan_spikes(
                world, np.random.default_rng([seed, _PLAN_STREAM]), vehicles, export_share
            )
            for made in _blocks(world, spikes, seed, vehicles, export_share):
                spool.add(made.arrival, made.tag, made.lines)
                labels += made.labels
                truth_file.write(encoder.encode_lines(made.truth))
                progress(int(made.labels.sum()))
            truth_file.write(encoder.encode_lines([spike.truth() for spike in spikes]))
            truth_file.write(encoder.encode_lines(_rushes(world)))
            truth_file.write(encoder.encode_lines(_outages(world)))
            documents, malformed = _write(spool, out, truth_file)
            by_label = {label.name: int(count) for label, count in zip(LABELS, labels, strict=True)}
            closing = CountryTruth(
                seed=seed, start=iso(start), days=days, vehicles=vehicles, documents=documents,
                malformed=malformed, ordinary_vehicles=by_label["ordinary"],
                export_share=export_share, by_label=by_label,
            )  # fmt: skip
            truth_file.write(encoder.encode_lines([closing]))
    finally:
        spool.close()
    return CountrySummary(
        vehicles=int(labels.sum()),
        documents=documents,
        malformed=malformed,
        by_label=by_label,
        spikes=len(spikes),
        most_bytes_held=spool.most_held,
    )


def _blocks(
    world: World, spikes: list[Spike], seed: int, vehicles: int, export_share: float
) -> Iterator[Finished]:
    offsets = np.random.default_rng([seed, _SHARE_STREAM]).random(2)
    salt = (seed * 0x9E3779B97F4A7C15) % (1 << 63)
    ordinary = vehicles - sum(spike.vehicles for spike in spikes)
    number = 0
    for first in range(0, ordinary, BLOCK):
        rng = np.random.default_rng([seed, number])
        block = Block(world, rng, Fleet(world, rng, first, min(BLOCK, ordinary - first)))
        _live(block, export_share, offsets)
        yield finish(block, number, salt)
        number += 1
    first = ordinary
    for spike in spikes:
        rng = np.random.default_rng([seed, _SPIKE_STREAM, spike.number])
        block = Block(world, rng, Fleet(world, rng, first, spike.vehicles))
        write_spike(block, spike)
        yield finish(block, number, salt)
        number += 1
        first += spike.vehicles


def _live(block: Block, export_share: float, offsets: FloatArray) -> None:
    """Give every vehicle of a block its life."""
    country = block.world.country
    index = block.fleet.index
    exported = (offsets[0] + index * _FIRST_STEP) % 1.0 < export_share
    position = np.asarray((offsets[1] + index * _SECOND_STEP) % 1.0, dtype=np.float64)
    shares = country.export_lives.shares
    ordinary = 1.0 - sum(shares.values())
    never_zero = sum(share for name, share in shares.items() if name in NEVER_ZERO)
    zero = (country.zero_mileage.share - (sum(shares.values()) - never_zero)) / ordinary
    lives: list[tuple[Life, float]] = [(EXPORT_LIVES[name], share) for name, share in shares.items()]
    lives += [(exports.zero_mileage, ordinary * zero), (exports.genuine, ordinary * (1.0 - zero))]
    _share_out(block, np.flatnonzero(exported), position, lives)
    shares = country.domestic_lives.shares
    lives = [(DOMESTIC_LIVES[name], share) for name, share in shares.items()]
    lives.append((domestic.ordinary, 1.0 - sum(shares.values())))
    _share_out(block, np.flatnonzero(~exported), position, lives)


def _share_out(
    block: Block, rows: IntArray, position: FloatArray, lives: list[tuple[Life, float]]
) -> None:
    edges = np.cumsum([share for _, share in lives])
    which = np.minimum(np.searchsorted(edges, position[rows], side="right"), len(lives) - 1)
    for number, (life, _) in enumerate(lives):
        members = rows[which == number]
        if len(members):
            life(block, members)


def _rushes(world: World) -> list[RushTruth]:
    return [
        RushTruth(
            destination=effect.destination or "all",
            first_day=effect.begin,
            last_day=effect.end,
            factor=effect.factor,
        )
        for effect in world.country.policy
        if effect.factor > 1 and world.start <= ordinal(effect.begin) < world.end
    ]


def _outages(world: World) -> list[OutageTruth]:
    return [
        OutageTruth(
            event_type=outage.event_type,
            province=f"CN-{outage.province}" if outage.province else "all",
            first_day=iso(first_day),
            days=outage.days,
        )
        for outage, first_day in world.outages
    ]


def _write(spool: Spool, out: Path, truth_file: IO[bytes]) -> tuple[int, int]:
    documents = malformed = 0
    with _open(out) as file:
        for lines, tags in spool:
            if not lines:
                continue
            file.write(b"\n".join(lines) + b"\n")
            broken = np.flatnonzero(tags)
            truth_file.write(
                msgspec.json.Encoder().encode_lines(
                    [
                        MalformedTruth(
                            line=documents + row + 1,
                            reason=ALL_FAULTS[(int(tags[row]) - 1) % LOST].reason,
                            sent_again=bool(tags[row] < LOST),
                        )
                        for row in broken.tolist()
                    ]
                )
            )
            documents += len(lines)
            malformed += len(broken)
    return documents, malformed


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open for writing; gzip by name, without a time stamp, so that equal content is equal bytes."""
    with path.open("wb") as raw:
        if path.name.endswith(".gz"):
            with gzip.GzipFile("", "wb", 3, raw, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield raw
