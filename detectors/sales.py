"""What counts as a sale of a vehicle, derived from its documents.

A sale is an initial registration; a transfer or pending-export registration to another owner; a
customs export by an exporter who is not the registered owner at that time. Documents that state the
same change (same kind, same buyer, same civil day, or a declaration by the exporter who already
holds the car) are one sale. Where documents name no owner, all of one kind on one day are one.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from detectors.documents import CustomsExport, OwnerType, Registration

SaleKind = Literal["initial", "transfer", "pending_export", "customs_export"]
SaleDocument = Registration | CustomsExport


class Sale(msgspec.Struct, frozen=True):
    """One change of hands."""

    kind: SaleKind
    day: int
    buyer: str | None
    buyer_type: OwnerType | None
    seller: str | None
    """Whoever held the car before, by the document itself or by the documents before it."""
    price_cny: float | None
    document: SaleDocument
    """The first document that states the change."""

    @property
    def to_exporter(self) -> bool:
        """Whether the car left for export with this sale."""
        return self.buyer_type == "exporter" or self.kind in {"pending_export", "customs_export"}


def derive_sales(documents: Iterable[SaleDocument]) -> tuple[Sale, ...]:
    """Derive the sales of one vehicle.

    Parameters
    ----------
    documents
        Live registrations and customs exports of one vehicle, in event order.
    """
    sales: list[Sale] = []
    stated: set[tuple[str, str | None, int]] = set()
    holder: str | None = None
    first = True
    for document in documents:
        sale = _sale(document, holder)
        change = (sale.kind, sale.buyer, sale.day)
        if change not in stated and _changes_hands(sale, holder, first=first):
            sales.append(sale)
        stated.add(change)
        holder = sale.buyer
        first = False
    return tuple(sales)


def _changes_hands(sale: Sale, holder: str | None, *, first: bool) -> bool:
    if first or sale.kind == "initial":
        return True
    if sale.kind == "customs_export":
        return holder is not None and sale.buyer != holder
    return sale.buyer is None or sale.buyer != holder


def _sale(document: SaleDocument, holder: str | None) -> Sale:
    if isinstance(document, CustomsExport):
        return Sale(
            kind="customs_export",
            day=document.day,
            buyer=document.exporter_id,
            buyer_type="exporter",
            seller=holder,
            price_cny=document.value_cny,
            document=document,
        )
    return Sale(
        kind=document.kind,
        day=document.day,
        buyer=document.owner_id,
        buyer_type=document.owner_type,
        seller=document.seller_id or holder,
        price_cny=document.price_cny,
        document=document,
    )
