"""Provinces by two sides: their exports are counted once, and B's alerts are what it changes of A's."""

from collections.abc import Iterable, Sequence

from detectors.alerts import Alert
from detectors.exports import ExportChange
from detectors.policy import Policy
from detectors.registry import Catalogue
from detectors.spikes.declared import PROVINCE_DETECTORS
from streams.engine.province_aggregator import ProvinceAggregator
from streams.lab.changes import enabled


def watches_provinces(catalogue: Catalogue) -> bool:
    """Whether anybody asks what provinces export."""
    return not PROVINCE_DETECTORS.keys().isdisjoint(enabled(catalogue.policy))


def export_changes(a: Sequence[ExportChange], b: Sequence[ExportChange]) -> list[ExportChange]:
    """What B counts otherwise than A, both of the same vehicles, each of them once."""
    if a == b:
        return []
    before = {change.vin: change.after for change in a}
    after = {change.vin: change.after for change in b}
    return [
        ExportChange(vin, old, new)
        for vin in {**before, **after}
        if (old := before.get(vin)) != (new := after.get(vin))
    ]


class TwoSidesOfProvinces:
    """Counts exports by A and by B, and judges provinces by both.

    Where only counts differ, and not by what they are judged, one judge goes on from A's counts to
    B's: weeks that have the same counts are not judged again.

    Parameters
    ----------
    a, b
        The sides.
    """

    def __init__(self, a: Catalogue, b: Catalogue) -> None:
        self._watched = watches_provinces(a), watches_provinces(b)
        self._a = ProvinceAggregator(a.policy)
        self._b = self._a if _judge_alike(a.policy, b.policy) else ProvinceAggregator(b.policy)
        self._otherwise: list[ExportChange] = []

    def count(self, exports: Iterable[ExportChange], otherwise: Iterable[ExportChange]) -> None:
        """Count what some vehicles are counted for by A, and what B makes of it."""
        self._otherwise += otherwise
        for one in dict.fromkeys((self._a, self._b)):
            one.count(exports)

    def alerts(self, today: int | None) -> tuple[dict[str, Alert], dict[str, Alert]]:
        """Alerts that fire by A and by B, judged on a civil day."""
        before = _changed({}, self._a.judge(today)) if self._watched[0] else {}
        self._b.count(self._otherwise)
        standing = before if self._b is self._a else {}
        after = _changed(standing, self._b.judge(today)) if self._watched[1] else {}
        return before, after


def _judge_alike(a: Policy, b: Policy) -> bool:
    shared = ("country", *PROVINCE_DETECTORS)
    return all(a.tables.get(name) == b.tables.get(name) for name in shared)


def _changed(standing: dict[str, Alert], changes: Iterable[Alert]) -> dict[str, Alert]:
    firing = dict(standing)
    for alert in changes:
        if alert.state == "firing":
            firing[alert.alert_id] = alert
        else:
            firing.pop(alert.alert_id, None)
    return firing
