"""What a rule retells for other thresholds is what it finds by them."""

import copy
import functools
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.decoding import decode
from detectors.errors import DocumentError
from detectors.history import VehicleHistory
from detectors.policy import Policy
from detectors.registry import DECLARED, Beside, Catalogue
from detectors.rules.double_sale import DoubleSale
from streams.setup.policy import load_policy
from tests.property.documents import document, encode

SHIPPED = load_policy().tables
WINDOWS = st.sampled_from((1, 2, 3, 5, 7, 8, 10, 14, 30, 31, 60))
OTHERWISE = {"odd_price_gap": 0.9, "valid_from": "2026-01-10", "wreck_share": 1.0}


@functools.cache
def catalogue(window: int, moved: str | None = None) -> Catalogue:
    tables = copy.deepcopy(SHIPPED)
    tables["double_sale"]["window_days"] = window
    if moved is not None:
        tables["double_sale"][moved] = OTHERWISE[moved]
    return Catalogue(Policy(tables, DECLARED))


def life(seed: int) -> VehicleHistory:
    """Many sales of one car within few days."""
    dice = Random(seed)
    documents = []
    for number in range(dice.randint(2, 7)):
        event = document(dice.getrandbits(32)) | {"vin": "LSVAU2180N2183294", "event_id": str(number)}
        try:
            documents.append(decode(encode(event)))
        except DocumentError:
            continue
    return VehicleHistory.of("LSVAU2180N2183294", documents)


@given(st.integers(0, 2**32), WINDOWS, WINDOWS, st.sampled_from((None, None, *OTHERWISE)))
def test_what_is_retold_is_what_would_be_found(seed, window, other, moved):
    history = life(seed)
    first, second = catalogue(window), catalogue(other, moved)
    told = first.judge([history])[0].findings
    beside = second.judge([history], beside=Beside(first, [told]))
    alone = second.judge([history])
    assert msgspec.json.encode(beside[0].findings) == msgspec.json.encode(alone[0].findings)


def test_a_finding_is_retold_where_the_other_window_holds_the_same_sales():
    history = next(one for one in map(life, range(1_000)) if found(7, one) and found(60, one))
    assert retold(7, 7, history) == found(7, history)
    several = [one for one in map(life, range(2_000)) if found(7, one)]
    kept = [one for one in several if retold(8, 7, one) is not None]
    assert kept
    assert [retold(8, 7, one) for one in kept] == [found(8, one) for one in kept]
    assert (
        catalogue(7)
        .known["double_sale"]
        .retold(catalogue(7, "odd_price_gap").known["double_sale"], history, found(7, history))
        is None
    )


def rule(window: int) -> DoubleSale:
    detector = catalogue(window).known["double_sale"]
    assert isinstance(detector, DoubleSale)
    return detector


def found(window: int, history: VehicleHistory) -> list[object]:
    return list(rule(window).judge(history))


def retold(window: int, other: int, history: VehicleHistory) -> list[object] | None:
    return rule(window).retold(rule(other), history, found(other, history))
