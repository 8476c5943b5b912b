"""The judge: whole histories in, findings out. Both roads end here, the stream and the backfill."""

from collections.abc import Iterable, Sequence
from itertools import repeat

import msgspec

from detectors.alerts import by_identity
from detectors.documents import Document, EventType
from detectors.filing import FilingOutcome, file_document, file_documents, trim
from detectors.findings import Deadline, Finding
from detectors.history import VehicleHistory
from detectors.registry import EVERY_SCREEN, Beside, Catalogue
from detectors.watermarks import Watermarks

Outcomes = list[tuple[EventType, FilingOutcome]]
"""What became of published documents, in their order."""


class Judgement(msgspec.Struct, frozen=True):
    """What is found of one vehicle now."""

    history: VehicleHistory
    findings: list[Finding]
    """All of them, those included that wait for a feed."""
    firing: dict[str, Finding]
    """Those that hold now, by alert id."""
    failed: dict[str, Exception]
    """What detectors raised, by their id."""

    @property
    def deadlines(self) -> list[Deadline]:
        """What findings wait for, or have waited for."""
        return [finding.deadline for finding in self.findings if finding.deadline is not None]


def judge_histories(
    catalogue: Catalogue,
    watermarks: Watermarks,
    histories: Sequence[VehicleHistory],
    passed: Iterable[int] = repeat(EVERY_SCREEN),
    beside: Beside | None = None,
) -> list[Judgement]:
    """Judge vehicles, many at once for the sake of the forests; no judgement depends on the others.

    Parameters
    ----------
    catalogue
        The detectors.
    watermarks
        Say which findings must wait for documents that may still come.
    histories
        The vehicles.
    passed
        Screens that each of them passes (`Catalogue.screened`), where somebody has looked.
    beside
        What another catalogue says of them, where it has judged them already.
    """
    judgements = []
    verdicts = catalogue.judge(histories, passed, beside)
    for history, verdict in zip(histories, verdicts, strict=True):
        found = verdict.findings
        held = [one for one in found if one.deadline is None or watermarks.have_passed(one.deadline)]
        firing = by_identity(held, "vehicle", history.vin) if held else {}
        judgements.append(Judgement(history, found, firing, verdict.failed))
    return judgements


def file_whole(
    vin: str, documents: Sequence[Document], withdrawn: Iterable[Document], most: int
) -> tuple[VehicleHistory, Outcomes]:
    """File all that was ever published of a vehicle.

    Parameters
    ----------
    vin, documents
        The vehicle, and its documents in the order in which they came.
    withdrawn
        Withdrawals that nobody published: of documents that an amendment moved to another VIN.
    most
        Documents that are kept of one vehicle.
    """
    filed, filings = file_documents(documents)
    outcomes = [(one.event_type, came) for one, came in zip(documents, filings, strict=True)]
    for gone in withdrawn:
        file_document(filed, gone)
    overfull = trim(filed, most)
    return VehicleHistory(vin, filed, overfull=overfull), outcomes


def judge_whole(
    catalogue: Catalogue,
    watermarks: Watermarks,
    vin: str,
    documents: Sequence[Document],
    withdrawn: Iterable[Document] = (),
) -> Judgement:
    """Judge one vehicle by all that was ever published of it; see `file_whole`."""
    most = catalogue.policy.history.maximum_documents
    history, _ = file_whole(vin, documents, withdrawn, most)
    [judgement] = judge_histories(catalogue, watermarks, [history])
    return judgement
