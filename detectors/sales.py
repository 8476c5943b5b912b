"""What counts as a sale of a vehicle, derived from its documents.

A sale is an initial registration; a transfer or pending-export registration to another owner; a
customs export by an exporter who is not the registered owner at that time. A registration renewed (back
after a temporary deregistration, or used abroad before) sells nothing. Documents that state the
same change (same kind, same buyer, same civil day, or a declaration by the exporter who already
holds the car) are one sale. Where documents name no owner, all of one kind on one day are one.
Documents of one kind and day that name the same seller and invoice (or, without invoices, the same
seller and price) are one sale to several holders.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from detectors.documents import CustomsExport, OwnerType, Registration

SaleKind = Literal["initial", "transfer", "pending_export", "customs_export"]
SaleDocument = Registration | CustomsExport


class Sale(msgspec.Struct, frozen=True, gc=False):
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


Holders = tuple[str | None, ...]
"""Who holds a car; ``None`` for somebody whom no document names."""


def derive_sales(documents: Iterable[SaleDocument]) -> tuple[Sale, ...]:
    """Derive the sales of one vehicle.

    Parameters
    ----------
    documents
        Live registrations and customs exports of one vehicle, in event order.
    """
    sales: list[Sale] = []
    stated: set[tuple[SaleKind, str | None, int]] = set()
    joint: set[JointSale] = set()
    holders: Holders = ()
    last: JointSale | None = None
    for document in documents:
        sale = _sale(document, holders)
        if sale is None:
            assert isinstance(document, Registration)  # noqa: S101 - a declaration always is one
            holders, last = (document.owner_id,), None
            continue
        change, shared = (sale.kind, sale.buyer, sale.day), joint_sale(document)
        if shared in joint:
            holders += (sale.buyer,) if shared == last else ()
            stated.add(change)
            continue
        if change not in stated and _changes_hands(sale, holders):
            sales.append(sale)
        stated.add(change)
        if shared is not None:
            joint.add(shared)
        holders, last = (sale.buyer,), shared
    return tuple(sales)


JointSale = tuple[str, int, str | None, str | float]
"""Kind, civil day, seller, and the invoice or the price: what documents of one sale share."""


def joint_sale(document: SaleDocument) -> JointSale | None:
    """What a registration shares with those of the other holders, ``None`` where it cannot be told."""
    if isinstance(document, CustomsExport):
        return None
    seller, invoice = document.seller_id, document.invoice_no
    paid = invoice or (document.price_cny if seller is not None else None)
    return (document.kind, document.day, seller, paid) if paid else None


def _changes_hands(sale: Sale, holders: Holders) -> bool:
    if not holders or sale.kind == "initial":
        return True
    if sale.kind == "customs_export":
        return None not in holders and sale.buyer not in holders
    return sale.buyer is None or sale.buyer not in holders


def _sale(document: SaleDocument, holders: Holders) -> Sale | None:
    """What a document says of a change of hands; ``None`` for a renewed registration."""
    holder = holders[0] if holders else None
    if isinstance(document, CustomsExport):
        return Sale(
            "customs_export",
            document.day,
            document.exporter_id,
            "exporter",
            holder,
            document.value_cny,
            document,
        )
    if document.kind == "reregistration":
        return None
    return Sale(
        document.kind,
        document.day,
        document.owner_id,
        document.owner_type,
        document.seller_id or holder,
        document.price_cny,
        document,
    )
