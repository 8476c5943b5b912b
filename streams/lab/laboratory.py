"""Documents decoded once, and judged by one policy after another, as far as two of them differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from detectors.alerts import Alert
from detectors.exports import hardly_used
from detectors.history import VehicleHistory
from detectors.identities import Decode
from detectors.policy import Policy
from detectors.registry import FORESTS, Catalogue
from detectors.spikes.declared import PROVINCE_DETECTORS
from streams.backfill.backfill import Backfill, Means
from streams.backfill.building import build
from streams.backfill.judging import Setup
from streams.backfill.kept import BUCKETS, is_kept
from streams.engine.results import DetectorFailure
from streams.setup.clock import utc_now
from streams.setup.identities import decode_from_environment

SMALL: Final = 64 << 20
"""Bytes of files that are judged in one go."""
_SHARED: Final = ("history", "watermarks", "country")
"""Sections of the policy that concern every detector."""
_AT_ONCE: Final = 2_000


class TwoSides(NamedTuple):
    """Alerts that fire by A and by B."""

    before: dict[str, Alert]
    after: dict[str, Alert]
    detectors: list[str] | None
    """Whose alerts these are; ``None`` for all."""


@contextmanager
def one_ledger(
    paths: Sequence[Path], catalogue: Catalogue, decode: Decode, means: Means
) -> Iterator[Path]:
    """The ledger that was given, or one of the files, which is gone after the statement."""
    if len(paths) == 1 and is_kept(paths[0]):
        yield paths[0]
        return
    with TemporaryDirectory(prefix="zeromile-", dir=means.scratch) as folder:
        ledger = Path(folder, "ledger")
        build_ledger(paths, ledger, catalogue, decode, means)
        yield ledger


def build_ledger(
    paths: Sequence[Path], ledger: Path, catalogue: Catalogue, decode: Decode, means: Means
) -> None:
    """Decode files into a ledger; small ones are not cut into buckets."""
    with TemporaryDirectory(prefix="zeromile-", dir=means.scratch) as unsorted:
        setup = Setup.of(catalogue, decode, Path(unsorted), None, utc_now())
        build(
            list(paths),
            ledger,
            setup,
            append=False,
            processes=means.processes,
            memory=means.memory,
            buckets=1 if sum(path.stat().st_size for path in paths) < SMALL else BUCKETS,
        )


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
    """Judges the documents of a ledger by one catalogue after another.

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
    """

    def __init__(
        self, ledger: Path, decode: Decode, means: Means, complete_through: int | None = None
    ) -> None:
        self.failures: dict[str, DetectorFailure] = {}
        """The first of each detector, whichever side it was on."""
        self._ledger = ledger
        self._decode = decode
        self._means = means
        self._complete_through = complete_through

    def firing(self, catalogue: Catalogue) -> dict[str, Alert]:
        """Alerts that fire, by id."""
        provinces = not PROVINCE_DETECTORS.keys().isdisjoint(enabled(catalogue.policy))
        with Backfill(
            catalogue, None, self._decode, means=self._means, counts_exports=provinces
        ) as run:
            summary = run.run([self._ledger], complete_through=self._complete_through)
            for failure in summary.failures:
                self.failures.setdefault(failure.detector, failure)
            return dict(summary.firing)

    def both(self, a: Catalogue, b: Catalogue, *, whole: bool) -> TwoSides:
        """Judge by A and by B, but by the detectors alone that differ between them.

        Parameters
        ----------
        a, b
            The sides.
        whole
            Whether to give the alerts of the other detectors too, for figures over all of them.
        """
        names = changed(a, b)
        if whole:
            before = self.firing(a)
            return TwoSides(before, self.instead(before, b, names), None)
        if not names:
            return TwoSides({}, {}, [])
        return TwoSides(self.firing(only(a, names)), self.firing(only(b, names)), sorted(names))

    def instead(
        self, alerts: Mapping[str, Alert], catalogue: Catalogue, names: set[str]
    ) -> dict[str, Alert]:
        """Alerts with those of some detectors replaced by what a catalogue says."""
        rest = {name: alert for name, alert in alerts.items() if alert.detector not in names}
        return rest | (self.firing(only(catalogue, names)) if names else {})

    def histories(
        self, catalogue: Catalogue, vins: Iterable[str]
    ) -> Iterator[dict[str, VehicleHistory]]:
        """Histories of vehicles, some at once."""
        names = sorted(set(vins))
        if not names:
            return
        with Backfill(catalogue, None, self._decode, means=self._means) as run:
            run.read([self._ledger])
            for start in range(0, len(names), _AT_ONCE):
                yield run.histories(names[start : start + _AT_ONCE])


def enabled(policy: Policy) -> set[str]:
    """Detectors that a policy leaves switched on."""
    return {name for name, parameters in policy.parameters.items() if parameters.enabled}


def changed(a: Catalogue, b: Catalogue) -> set[str]:
    """Detectors that may say something else by B than by A."""
    old, new = a.policy, b.policy
    every = {*old.detectors, *new.detectors}
    if any(old.tables.get(name) != new.tables.get(name) for name in _SHARED):
        return every
    found = {
        name
        for name in every
        if old.tables.get(name) != new.tables.get(name)
        or old.detectors.get(name) is not new.detectors.get(name)
    }
    if _model_id(a) != _model_id(b):
        found.update(forest.spec.id for forest in FORESTS)
    if not found.isdisjoint(PROVINCE_DETECTORS) or _counts_otherwise(old, new):
        found.update(PROVINCE_DETECTORS)
    return found


def _counts_otherwise(old: Policy, new: Policy) -> bool:
    """Whether a province counts another car as hardly used, by a threshold that belongs to a rule."""
    one, other = hardly_used(old), hardly_used(new)
    return (one.maximum_km, one.maximum_reading_age_days) != (
        other.maximum_km,
        other.maximum_reading_age_days,
    )


def only(catalogue: Catalogue, names: set[str]) -> Catalogue:
    """A catalogue with all but some detectors switched off."""
    policy = catalogue.policy
    off = {
        name: {**section, "enabled": False}
        for name, section in policy.tables.items()
        if name in policy.detectors and name not in names
    }
    tables = {**policy.tables, **off}
    return Catalogue(Policy(tables, policy.detectors), catalogue.model)


def _model_id(catalogue: Catalogue) -> str | None:
    return None if catalogue.model is None else catalogue.model.model_id
