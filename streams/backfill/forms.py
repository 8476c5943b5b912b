"""What is kept of each field of each type of document, while lines are looked at column by column."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, get_args

from detectors.documents import EventType, OwnerType
from detectors.history import CONTENT_OF_KIND, Content
from detectors.wire import WireCustomsExport, WireDeregistration, WireRegistration
from streams.backfill.piles import (
    HIDDEN,
    AmountColumn,
    FieldColumn,
    MeaningColumn,
    NumberColumn,
    Pile,
    TextColumn,
    WordColumn,
    text_column,
    tidy_column,
)

_VOID: Final = {"valid": 0, "void": 1}
_USED: Final = {"new": 0, "used": Content.USED_EXPORT}
_TO_EXPORTER: Final = dict.fromkeys((None, *get_args(OwnerType)), 0) | {"exporter": Content.TO_EXPORTER}
READ: Final = 1
NOT_READ: Final = 2
_STATUSES: Final = {None: 0, "read": READ, "not_read": NOT_READ}


Make = Callable[[], FieldColumn]


class DocumentForm(NamedTuple):
    """How the fields of a type of document are looked at, beside those that all types have."""

    event_type: EventType
    columns: dict[str, Make]
    times: tuple[str, ...] = ()
    """Those that rules read, beside ``occurred_at``; a document may lack them."""


def _time_column() -> TextColumn:
    """Times that a document may lack."""
    return TextColumn(empty=HIDDEN)


_EVERY: Final[dict[str, Make]] = {
    "event_id": TextColumn,
    "source": WordColumn,
    "vin": TextColumn,
    "occurred_at": TextColumn,
    "recorded_at": _time_column,
    "revision": NumberColumn,
    "status": lambda: MeaningColumn(_VOID),
}
_OWNED: Final[dict[str, Make]] = {"province": WordColumn, "owner_id": TextColumn}
_DRIVEN: Final[dict[str, Make]] = {
    "odometer_km": AmountColumn,
    "odometer_status": lambda: MeaningColumn(_STATUSES),
}
FORMS: Final[dict[type, DocumentForm]] = {
    WireRegistration: DocumentForm(
        "registration",
        _EVERY
        | _OWNED
        | _DRIVEN
        | {
            "kind": lambda: MeaningColumn(CONTENT_OF_KIND),
            "owner_type": lambda: MeaningColumn(_TO_EXPORTER),
        }
        | {"price_cny": AmountColumn}
        | dict.fromkeys(("seller_id", "invoice_no", "owner_group", "seller_group"), tidy_column)
        | dict.fromkeys(("brand", "model", "plate"), text_column),
    ),
    WireDeregistration: DocumentForm("deregistration", _EVERY | _OWNED),
    WireCustomsExport: DocumentForm(
        "customs_export",
        _EVERY
        | _DRIVEN
        | {"condition": lambda: MeaningColumn(_USED), "destination": WordColumn}
        | dict.fromkeys(("exporter_province", "source_province"), WordColumn)
        | dict.fromkeys(("licence_applied_at", "exited_at"), _time_column)
        | dict.fromkeys(("declaration_no", "exporter_id", "licence_no"), tidy_column)
        | dict.fromkeys(("exit_customs", "hs_code", "trade_mode", "brand", "model"), text_column),
        ("licence_applied_at", "exited_at"),
    ),
}


def pile_of(kind: Any) -> Pile:
    """Where the documents of a type go."""
    columns = {name: make() for name, make in FORMS[kind].columns.items()}
    return Pile(kind.__struct_fields__, columns)
