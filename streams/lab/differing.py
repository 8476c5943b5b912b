"""What two catalogues say otherwise of vehicles: found where they are judged, and handed over as rows.

Alerts that two sides share are many and are only counted; none of them is written down.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.alerts import Alert
from detectors.country import Country
from detectors.history import VehicleHistory
from streams.backfill.judging import JudgedVehicles, TaskJudge, WholeVehicles
from streams.lab.difference import AlertDifference, DifferenceRow, differences, samples
from streams.lab.dossiers import Dossier, dossier_of
from streams.lab.loads import LoadCount, within
from streams.lab.parties import PartyCounts, count_parties
from streams.lab.provinces import export_changes
from streams.lab.sides import SeveralSetups, side_by_side

Period = tuple[int | None, int | None]
"""First and last civil day of the alerts that are compared, ``None`` for no limit."""


@dataclass(frozen=True, slots=True)
class TwoSetups(SeveralSetups):
    """What every process needs to find differences."""

    country: Country
    """Whose documents they are."""
    period: Period = (None, None)


@dataclass(slots=True)
class Differences:
    """What two sides say otherwise, of some vehicles or of all."""

    rows: list[DifferenceRow] = field(default_factory=list)
    """By alert id where they are of all vehicles."""
    loads: tuple[LoadCount, LoadCount] = field(default_factory=lambda: (LoadCount(), LoadCount()))
    """Of A and of B."""
    parties: PartyCounts = field(default_factory=Counter)
    dossiers: dict[str, Dossier] = field(default_factory=dict)
    """Of the vehicles of samples, by VIN; of others too while it grows."""

    def add(self, other: "Differences") -> None:
        """Add what there is of other subjects."""
        self.rows += other.rows
        for load, more in zip(self.loads, other.loads, strict=True):
            load.add(more)
        self.parties.update(other.parties)
        self.dossiers |= other.dossiers


def find_differences(
    before: Mapping[str, Alert], after: Mapping[str, Alert], period: Period
) -> tuple[Differences, list[AlertDifference]]:
    """Set the alerts of some subjects side by side; no document of theirs is looked at."""
    a, b = within(before, *period), within(after, *period)
    found = list(differences(a, b))
    loads = LoadCount.of(a.values()), LoadCount.of(b.values())
    return Differences(list(map(DifferenceRow.of, found)), loads), found


def judge_differences(
    shared: TwoSetups, task: WholeVehicles
) -> tuple[Differences, list[JudgedVehicles]]:
    """Judge whole vehicles by both catalogues.

    Gives what else is counted of them, too; of exports B tells those alone that it counts otherwise.
    """
    judges = [TaskJudge(setup, task) for setup in shared.setups]
    alerts: list[dict[str, Alert]] = [{}, {}]
    lives: list[dict[str, VehicleHistory]] = [{}, {}]
    for sides in side_by_side(judges, task):
        for judge, judgements, said, seen in zip(judges, sides, alerts, lives, strict=True):
            for judgement in judgements:
                seen[judgement.history.vin] = judgement.history
                for alert in judge.note(judgement):
                    said[alert.alert_id] = alert
    result, found = find_differences(alerts[0], alerts[1], shared.period)
    _look_up(result, found, lives, shared.country)
    a, b = (judge.judged for judge in judges)
    b.exports = export_changes(a.exports, b.exports)
    return result, [a, b]


def complete_differences(
    result: Differences,
    found: Sequence[AlertDifference],
    histories: Callable[[Iterable[str]], Iterable[Mapping[str, VehicleHistory]]],
    country: Country,
) -> None:
    """Add to `find_differences` what the documents tell: of vehicles that were judged elsewhere.

    Parameters
    ----------
    result, found
        What it gave.
    histories
        Gives the histories of vehicles, some at once.
    country
        Whose documents they are.
    """
    by_vehicle: dict[str, list[AlertDifference]] = {}
    for one in found:
        if one.shown.subject_type == "vehicle":
            by_vehicle.setdefault(one.shown.subject, []).append(one)
    for lives in histories(by_vehicle):
        some = [one for vin in lives for one in by_vehicle[vin]]
        _look_up(result, some, (lives, lives), country)


def _look_up(
    result: Differences,
    found: Iterable[AlertDifference],
    lives: Sequence[Mapping[str, VehicleHistory]],
    country: Country,
) -> None:
    """Count the parties of differences, and tell the documents of those that are samples."""
    shown = {row.subject for some in samples(result.rows).values() for row in some}
    for one in found:
        vin = one.shown.subject
        count_parties(result.parties, one, lives[0][vin], lives[1][vin])
        if vin in shown:
            result.dossiers[vin] = dossier_of(lives[0][vin], country)
