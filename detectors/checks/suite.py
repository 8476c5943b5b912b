"""The suite: all checks on all histories of a detector, and its examples."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from detectors.base import Detector
from detectors.checks.findings import (
    check_bounded,
    check_evidence,
    check_explanation,
    check_labels,
    check_round_trip,
    check_score,
)
from detectors.checks.identity import check_stable_ids
from detectors.checks.purity import (
    check_ends,
    check_missing_fields,
    check_no_clock,
    check_order,
    check_repeatable,
    check_screen,
    check_unchanged_input,
)
from detectors.errors import DetectorContractError
from detectors.findings import Finding
from detectors.history import VehicleHistory

Check = Callable[[Detector[Any], VehicleHistory], None]
Holds = Callable[[Finding], bool]
"""Whether a finding's deadline, if it has one, has passed."""

CHECKS: Final[tuple[Check, ...]] = (
    check_ends,
    check_screen,
    check_missing_fields,
    check_repeatable,
    check_no_clock,
    check_unchanged_input,
    check_order,
    check_stable_ids,
    check_evidence,
    check_score,
    check_explanation,
    check_labels,
    check_round_trip,
    check_bounded,
)
"""What every history is put to, in this order; nothing else is asked of what does not end."""


def check_detector(
    detector: Detector[Any],
    *,
    firing: Iterable[VehicleHistory],
    quiet: Iterable[VehicleHistory],
    holds: Holds = lambda _: True,
) -> None:
    """Check that a detector keeps the contract.

    Parameters
    ----------
    detector
        The detector, with its parameters.
    firing
        Histories on which it must find something; at least one.
    quiet
        Histories on which it must find nothing, those that almost fire among them; at least one.
    holds
        For findings that wait for a feed: whether it has come far enough. By default it has.

    Raises
    ------
    DetectorContractError
        With every promise that is broken: the check, the vehicle and what was seen.
    """
    loud, silent = list(firing), list(quiet)
    broken = _first_fault(check_ends, detector, [*loud, *silent])
    endless = any("steps" in fault for fault in broken)
    broken = broken if endless else [*_example_faults(detector, loud, silent, holds)]
    for check in () if endless else CHECKS:
        broken += _first_fault(check, detector, [*loud, *silent])
    if broken:
        raise DetectorContractError(detector.spec.id, broken)


def _first_fault(
    check: Check, detector: Detector[Any], histories: Sequence[VehicleHistory]
) -> list[str]:
    """The first history on which a check fails; more of the same would only hide the others."""
    for history in histories:
        try:
            check(detector, _lent(history))
        except DetectorContractError as error:
            return [f"{check.__name__}: {history.vin}: {fault}" for fault in error.broken]
        except Exception as error:  # noqa: BLE001 - a detector may raise anything; that is the finding
            return [f"{check.__name__}: {history.vin}: raised {error!r}"]
    return []


def _lent(history: VehicleHistory) -> VehicleHistory:
    """A copy, so that a detector that changes its input spoils one check and not all that follow."""
    return VehicleHistory(history.vin, list(history._filed), overfull=history.overfull)  # noqa: SLF001


def _example_faults(
    detector: Detector[Any],
    firing: Sequence[VehicleHistory],
    quiet: Sequence[VehicleHistory],
    holds: Holds,
) -> Iterable[str]:
    for name, histories, wanted in (("firing", firing, True), ("quiet", quiet, False)):
        if not histories:
            yield f"examples: no {name} history was given"
        for history in histories:
            try:
                found = any(holds(finding) for finding in detector.judge(_lent(history)))
            except Exception as error:  # noqa: BLE001 - the same
                yield f"examples: {history.vin}: raised {error!r}"
                continue
            if found != wanted:
                yield f"examples: {history.vin} is {name}, but {'fired' if found else 'stayed quiet'}"
