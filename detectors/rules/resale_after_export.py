"""Sold at home after it was given away for export."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import CustomsExport, Document, is_before
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.sales import Sale, SaleDocument
from detectors.screens import ScreenCase, screen
from detectors.wording import count


class ResaleAfterExport(Detector[Parameters]):
    """Fires on a domestic sale or a new registration later than a pending export or a declaration.

    The endorsement "pending export" blocks domestic resale, and a declared car has left.
    """

    spec = DetectorSpec(
        id="resale_after_export",
        version=1,
        title="Domestic resale after export",
        status="stable",
        severities=("high", "critical"),
        description="A transfer or a first registration after a pending export or a declaration.",
        abnormal_because=(
            "After the endorsement the plate is handed in and domestic resale is barred; after the "
            "declaration the car is no longer in the country."
        ),
        known_gaps="Documents of one civil day have no order, so a resale on the same day is not seen.",
        look_alikes=(
            "A withdrawn endorsement or declaration is void and no longer counts. A car that came "
            "back (return, revoked deregistration or renewed registration between the two) stays "
            "quiet, and so does a document that only repeats the present owner."
        ),
        references=("Announcement 6/2024 on the export of used vehicles, pending-export transfers",),
        runbook=(
            "Ask the registering office whether the endorsement was cancelled within the 60 days of "
            "its temporary plate.",
            "Ask customs whether the declared car left, and whether it came back.",
        ),
        screen=screen(
            ScreenCase(Content.PENDING_EXPORT | Content.TRANSFER, documents=2),
            ScreenCase(Content.PENDING_EXPORT | Content.INITIAL, documents=2),
            ScreenCase(Content.CUSTOMS_EXPORT | Content.TRANSFER, documents=2),
            ScreenCase(Content.CUSTOMS_EXPORT | Content.INITIAL, documents=2),
        ),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per domestic sale after a document that gave the car away for good."""
        away = [document for document in history.sale_documents if _gives_away(document)]
        for sale in history.sales if away else ():
            if sale.day <= away[0].day or sale.kind not in {"initial", "transfer"}:
                continue
            exported = _strongest(p for p in away if _still_away(history, p, sale))
            if exported is None:
                continue
            declared = isinstance(exported, CustomsExport)
            yield self.finding(
                history,
                sale.document,
                severity="critical" if declared else "high",
                closeness=0.5,
                facts={
                    "exported": civil_time.day_text(exported.day),
                    "export_document": "customs_export" if declared else "pending_export",
                    "resold": civil_time.day_text(sale.day),
                    "resale_kind": sale.kind,
                    "days": sale.day - exported.day,
                },
                evidence=(exported, sale.document),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both documents."""
        declared = facts["export_document"] == "customs_export"
        given = "declared for export" if declared else "endorsed pending export"
        again = "registered anew" if facts["resale_kind"] == "initial" else "sold at home"
        days = count(facts["days"], "day")
        return (
            f"The car was {given} on {facts['exported']}, and {again} {days} later, on "
            f"{facts['resold']}."
        )


def _gives_away(document: SaleDocument) -> bool:
    return isinstance(document, CustomsExport) or document.kind == "pending_export"


def _strongest(documents: Iterable[SaleDocument]) -> SaleDocument | None:
    """A declaration tells more than the endorsement that the law puts before it."""
    return min(documents, key=lambda document: not isinstance(document, CustomsExport), default=None)


def _still_away(history: VehicleHistory, exported: SaleDocument, resale: Sale) -> bool:
    """Whether the document precedes the resale, and the car did not come back in between."""
    if not is_before(exported, resale.document):
        return False
    came_back: list[Document] = [
        document for document in history.deregistrations if document.reason in {"returned", "revoked"}
    ]
    came_back += [each for each in history.registrations if each.kind == "reregistration"]
    return not any(exported.day <= document.day <= resale.day for document in came_back)
