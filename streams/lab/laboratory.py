"""Documents decoded once, and judged by several policies in one pass, as far as they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from detectors.alerts import Alert
from detectors.history import Content, VehicleHistory
from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.backfill.judging import JudgedVehicles, Setup, WholeVehicles
from streams.backfill.kept import read_manifest
from streams.backfill.ledger import look_at
from streams.backfill.outputs import ReplayOutputs
from streams.backfill.processes import Processes
from streams.backfill.selection import select_for
from streams.engine.results import DetectorFailure
from streams.lab.changes import changed, only
from streams.lab.differing import (
    Differences,
    Period,
    TwoSetups,
    complete_differences,
    find_differences,
    judge_differences,
)
from streams.lab.ledgers import one_ledger
from streams.lab.provinces import TwoSidesOfProvinces, watches_provinces
from streams.lab.sides import SeveralSetups, judge_sides
from streams.setup.clock import utc_now
from streams.setup.identities import decode_from_environment

_AT_ONCE: Final = 20_000
"""Vehicles whose histories are in memory together."""


class TwoSides(NamedTuple):
    """Alerts that fire by A and by B."""

    before: Mapping[str, Alert]
    after: Mapping[str, Alert]


class Compared(NamedTuple):
    """What A and B say otherwise."""

    differences: Differences
    detectors: list[str]
    """Whose alerts were compared: of those that differ."""


@contextmanager
def open_laboratory(
    paths: Sequence[Path], catalogue: Catalogue, means: Means, complete_through: int | None = None
) -> Iterator["Laboratory"]:
    """A laboratory over files or a ledger, read as the catalogue's country and the environment say.

    Parameters
    ----------
    paths
        Files, or one ledger.
    catalogue
        Whose country the documents are of.
    means, complete_through
        As for `Laboratory`.
    """
    decode = decode_from_environment(catalogue.policy.country)
    with one_ledger(paths, catalogue, decode, means) as ledger:
        yield Laboratory(ledger, decode, means, complete_through)


class Laboratory:
    """Judges the documents of a ledger by one catalogue or several.

    Parameters
    ----------
    ledger
        The documents.
    decode
        How their ids are kept.
    means
        What judging may use.
    complete_through
        Civil day through which every feed is taken as complete.

    Attributes
    ----------
    ledger
        The documents.
    """

    def __init__(
        self, ledger: Path, decode: Decode, means: Means, complete_through: int | None = None
    ) -> None:
        self.failures: dict[str, DetectorFailure] = {}
        """The first of each detector, whichever side it was on."""
        self.ledger = ledger
        self._decode = decode
        self._means = means
        self._complete_through = complete_through

    @property
    def newest_day(self) -> int | None:
        """Civil day of the newest document."""
        return max((one.day for one in read_manifest(self.ledger).newest), default=None)

    def firing(self, catalogue: Catalogue) -> dict[str, Alert]:
        """Alerts that fire, by id."""
        [alerts] = self._judge([catalogue])
        return alerts

    def both(self, a: Catalogue, b: Catalogue) -> TwoSides:
        """Judge by A and, as far as it differs, by B in one pass: for figures over all alerts."""
        names = changed(a, b)
        before, after = self._judge([a, only(b, names)])
        return TwoSides(before, _instead(before, after, names))

    def differences(self, a: Catalogue, b: Catalogue, period: Period = (None, None)) -> Compared:
        """Judge by A and by B, by the detectors alone that differ between them.

        Parameters
        ----------
        a, b
            The sides.
        period
            Of the alerts that are compared.
        """
        names = changed(a, b)
        sides = only(a, names), only(b, names)
        found = Differences()
        if names:
            provinces = TwoSidesOfProvinces(*sides)
            with self._ready(sides) as (run, setups):
                shared = TwoSetups(setups, a.policy.country, period)
                with Processes(self._means.processes, shared) as processes:
                    for some, judged in processes.map(judge_differences, self._tasks(run, sides)):
                        found.add(some)
                        provinces.count(*(side.exports for side in judged))
                        self._note_failures(judged)
                today = run.watermarks.newest_day("customs_export")
            by_provinces, _ = find_differences(*provinces.alerts(today), period)
            found.add(by_provinces)
        found.rows.sort(key=attrgetter("alert_id"))
        return Compared(found, sorted(names))

    def set_side_by_side(self, a: Catalogue, sides: TwoSides, period: Period) -> Differences:
        """Find out what two sides say otherwise that were judged already.

        Parameters
        ----------
        a
            Whose histories are told.
        sides, period
            The alerts, and the period of those that are compared.
        """
        result, found = find_differences(*sides, period)
        complete_differences(result, found, partial(self.histories, a), a.policy.country)
        return result

    def variants(self, a: Catalogue, others: Sequence[Catalogue]) -> Iterator[dict[str, Alert]]:
        """Alerts that fire by each of many catalogues that hardly differ from A, all in one pass."""
        names = [changed(a, other) for other in others]
        sides = [a, *(only(other, some) for other, some in zip(others, names, strict=True))]
        every, *variants = self._judge(sides)
        for some, alerts in zip(names, variants, strict=True):
            yield _instead(every, alerts, some)

    def histories(
        self, catalogue: Catalogue, vins: Iterable[str]
    ) -> Iterator[dict[str, VehicleHistory]]:
        """Histories of vehicles, some at once."""
        names = sorted(set(vins))
        if not names:
            return
        with Backfill(catalogue, None, self._decode, means=self._means) as run:
            run.read([self.ledger])
            for start in range(0, len(names), _AT_ONCE):
                yield run.histories(names[start : start + _AT_ONCE])

    def _judge(self, sides: Sequence[Catalogue]) -> list[dict[str, Alert]]:
        """Alerts that fire by each side."""
        outputs = [ReplayOutputs(side.policy) for side in sides]
        with (
            self._ready(sides) as (run, setups),
            Processes(self._means.processes, SeveralSetups(setups)) as processes,
        ):
            for judged in processes.map(judge_sides, self._tasks(run, sides)):
                for output, one in zip(outputs, judged, strict=True):
                    output.take(one.alerts, one.exports, [], None)
                self._note_failures(judged)
            today = run.watermarks.newest_day("customs_export")
        for side, output in zip(sides, outputs, strict=True):
            if watches_provinces(side):
                output.conclude(today)
        return [dict(output.firing) for output in outputs]

    @contextmanager
    def _ready(self, sides: Sequence[Catalogue]) -> Iterator[tuple[Backfill, tuple[Setup, ...]]]:
        """What judging by several sides takes."""
        with (
            Backfill(sides[0], None, self._decode, means=self._means) as run,
            TemporaryDirectory(prefix="zeromile-", dir=self._means.scratch) as folder,
        ):
            yield (
                run,
                tuple(
                    Setup.of(
                        side, self._decode, Path(folder), None, utc_now(),
                        counts_exports=watches_provinces(side),
                    )
                    for side in sides
                ),
            )  # fmt: skip

    def _note_failures(self, judged: Iterable[JudgedVehicles]) -> None:
        for failure in (each for side in judged for each in side.failures):
            self.failures.setdefault(failure.detector, failure.here())

    def _tasks(self, run: Backfill, sides: Sequence[Catalogue]) -> Iterator[WholeVehicles]:
        """Vehicles that any side can find anything about."""
        ledger = run.read([self.ledger])
        if self._complete_through is not None:
            run.watermarks.declare_complete(self._complete_through)
        counted = any(map(watches_provinces, sides))
        for bucket in range(ledger.buckets):
            look_at(run.database, ledger, bucket)
            select_for(run.database, sides, Content.USED_EXPORT if counted else Content.NOTHING)
            for task, _ in run.opened(ledger, self._complete_through):
                yield task


def _instead(
    alerts: Mapping[str, Alert], others: Mapping[str, Alert], names: set[str]
) -> dict[str, Alert]:
    """Alerts with those of some detectors replaced by others."""
    return {name: one for name, one in alerts.items() if one.detector not in names} | dict(others)
