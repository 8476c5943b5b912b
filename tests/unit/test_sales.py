"""What counts as a sale: the definition of the design, case by case."""

import pytest

from detectors.documents import event_order
from detectors.sales import derive_sales
from tests.unit.documents import export, registration

FIRST, T, P = "initial", "transfer", "pending_export"


def sold(*documents):
    """Kind, buyer and day of the month of each sale."""
    sales = derive_sales(sorted(documents, key=event_order))
    return [(sale.kind, sale.buyer, sale.document.occurred_at[8:]) for sale in sales]


def first(owner="a", **fields):
    return registration(FIRST, "2025-03-01", owner, **fields)


@pytest.mark.parametrize(
    ("why", "documents", "sales"),
    [
        ("a first registration is a sale", [first()], [(FIRST, "a", "01")]),
        (
            "a transfer to another owner is one",
            [first(), registration(T, "2025-03-05", "b")],
            [(FIRST, "a", "01"), (T, "b", "05")],
        ),
        (
            "a transfer to the present owner is none",
            [first(), registration(T, "2025-03-05", "a")],
            [(FIRST, "a", "01")],
        ),
        (
            "a pending export to another owner is one",
            [first(), registration(P, "2025-03-05", "x")],
            [(FIRST, "a", "01"), (P, "x", "05")],
        ),
        (
            "a pending export that repeats the owner is none",
            [first("x"), registration(P, "2025-03-05", "x")],
            [(FIRST, "x", "01")],
        ),
        (
            "a declaration by the registered owner is none",
            [first("x"), export("2025-03-05", "x")],
            [(FIRST, "x", "01")],
        ),
        (
            "a declaration by another exporter is one",
            [first(), export("2025-03-05", "x")],
            [(FIRST, "a", "01"), ("customs_export", "x", "05")],
        ),
        (
            "a transfer to the exporter and its own declaration are one",
            [first(), registration(P, "2025-03-05", "x"), export("2025-03-06", "x")],
            [(FIRST, "a", "01"), (P, "x", "05")],
        ),
        (
            "a declaration without a known owner is none: who owned the car is not known",
            [first(None), export("2025-03-05", "x")],
            [(FIRST, None, "01")],
        ),
        (
            "same kind, same owner, same day: one",
            [first(), first(event_id="again")],
            [(FIRST, "a", "01")],
        ),
        (
            "same kind, same day, another owner: two",
            [first(), first("b")],
            [(FIRST, "a", "01"), (FIRST, "b", "01")],
        ),
        (
            "a first registration anew on another day is a sale, even to the same owner",
            [first(), registration(FIRST, "2025-03-05", "a")],
            [(FIRST, "a", "01"), (FIRST, "a", "05")],
        ),
        (
            "no owners: all documents of one kind on one day are one",
            [registration(T, "2025-03-05", None, event_id=str(n)) for n in range(3)],
            [(T, None, "05")],
        ),
        (
            "no owners: documents of two days are two",
            [registration(T, "2025-03-05"), registration(T, "2025-03-06")],
            [(T, None, "05"), (T, None, "06")],
        ),
        (
            "no owners: two kinds on one day are two",
            [registration(T, "2025-03-05"), registration(P, "2025-03-05")],
            [(T, None, "05"), (P, None, "05")],
        ),
        (
            "back and forth are two",
            [first(), registration(T, "2025-03-05", "b"), registration(T, "2025-03-07", "a")],
            [(FIRST, "a", "01"), (T, "b", "05"), (T, "a", "07")],
        ),
        (
            "documents of one day are read in the legal order, whatever their ids",
            [registration(T, "2025-03-01", "b", event_id="0"), first(event_id="9")],
            [(FIRST, "a", "01"), (T, "b", "01")],
        ),
    ],
)
def test_the_definition_of_a_sale(why, documents, sales):
    assert sold(*documents) == sales, why
    assert sold(*documents[::-1]) == sales, why


def test_the_seller_is_named_by_the_document_or_was_the_holder():
    documents = [
        first(seller_id="dealer"),
        registration(T, "2025-03-05", "b"),
        registration(T, "2025-03-09", "c", seller_id="agent"),
        export("2025-03-20", "x"),
    ]
    assert [sale.seller for sale in derive_sales(documents)] == ["dealer", "a", "agent", "c"]


@pytest.mark.parametrize(
    ("document", "abroad"),
    [
        (registration(FIRST, "2025-03-01", "a", owner_type="person"), False),
        (registration(FIRST, "2025-03-01", "x", owner_type="exporter"), True),
        (registration(T, "2025-03-01", "x", owner_type="exporter"), True),
        (registration(T, "2025-03-01", "x", owner_type="dealer"), False),
        (registration(P, "2025-03-01", "x"), True),
        (export("2025-03-01"), True),
    ],
)
def test_which_sales_lead_abroad(document, abroad):
    assert derive_sales([document])[0].to_exporter is abroad


def test_prices_are_those_of_the_documents():
    documents = [first(price_cny=120000.0), export("2025-03-20", "x", value_cny=90000.0)]
    assert [sale.price_cny for sale in derive_sales(documents)] == [120000, 90000]
