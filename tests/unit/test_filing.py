from itertools import permutations

import msgspec
import pytest

from detectors.filing import FiledDocument, FilingOutcome, Position, content_digest, file_document, trim
from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy
from streams.state.store import MemoryStore
from tests.unit.documents import day, registration

DOCUMENT = registration("initial", "2025-03-01", "a", event_id="1", price_cny=100.0)
HERE = Position("registrations", 3, 17)


def changed(**fields):
    return msgspec.structs.replace(DOCUMENT, **fields)


VOID = changed(revision=1, status="void")


def filed(*documents) -> tuple[list[FiledDocument], list[FilingOutcome]]:
    file: list[FiledDocument] = []
    return file, [file_document(file, document) for document in documents]


@pytest.mark.parametrize(
    ("documents", "outcomes"),
    [
        ([DOCUMENT], ["new"]),
        ([DOCUMENT, DOCUMENT], ["new", "duplicate"]),
        ([DOCUMENT, changed(revision=1)], ["new", "amended"]),
        ([changed(revision=1), DOCUMENT], ["new", "stale"]),
        ([DOCUMENT, changed(revision=3), changed(revision=2)], ["new", "amended", "stale"]),
        ([DOCUMENT, VOID], ["new", "voided"]),
        ([VOID, DOCUMENT], ["voided", "stale"]),
        ([VOID, changed(revision=1, status="void", price_cny=1.0)], ["voided", "duplicate"]),
        ([VOID, changed(revision=2)], ["voided", "amended"]),
        ([DOCUMENT, changed(source="other")], ["new", "new"]),
        ([DOCUMENT, changed(event_id="2")], ["new", "new"]),
    ],
)
def test_what_becomes_of_a_document(documents, outcomes):
    assert [outcome.value for outcome in filed(*documents)[1]] == outcomes


def test_duplicates_stale_documents_and_those_of_no_car_change_nothing():
    assert {outcome for outcome in FilingOutcome if not outcome.changed} == {
        FilingOutcome.DUPLICATE,
        FilingOutcome.STALE,
        FilingOutcome.OF_NO_CAR,
    }


def test_two_contents_under_one_revision_are_contested_and_the_same_one_stays():
    other = changed(price_cny=101.0)
    kept = max(DOCUMENT, other, key=content_digest)
    for order in ([DOCUMENT, other], [other, DOCUMENT], [DOCUMENT, other, DOCUMENT, other]):
        file, outcomes = filed(*order)
        assert [(entry.document, entry.contested) for entry in file] == [(kept, True)]
        assert outcomes[1] is FilingOutcome.CONTESTED


def test_a_higher_revision_ends_the_quarrel():
    file, _ = filed(DOCUMENT, changed(price_cny=101.0), changed(price_cny=102.0, revision=1))
    assert [(entry.document.price_cny, entry.contested) for entry in file] == [(102.0, False)]


def test_the_file_does_not_depend_on_the_order_of_arrival():
    documents = [DOCUMENT, changed(price_cny=101.0), VOID, changed(revision=2, price_cny=5.0)]
    documents += [changed(revision=2, price_cny=6.0), changed(event_id="2")]
    files = {
        frozenset((entry.document, entry.contested) for entry in filed(*order, *order[:2])[0])
        for order in permutations(documents)
    }
    assert len(files) == 1


def test_a_document_keeps_the_place_where_it_was_first_read():
    file: list[FiledDocument] = []
    file_document(file, DOCUMENT, HERE)
    file_document(file, DOCUMENT, Position("registrations", 3, 99))
    assert file[0].position == HERE
    file_document(file, changed(revision=1), Position("registrations", 3, 100))
    assert file[0].position == Position("registrations", 3, 100)


def _crowd(number: int):
    return [
        registration("transfer", "2025-03-01", None, event_id=f"{n:03d}", day=day("2020-01-01") + n)
        for n in range(number)
    ]


def test_an_overfull_file_keeps_its_ends():
    file, _ = filed(*_crowd(10))
    assert not trim(file, 10)
    assert trim(file, 5)
    assert [entry.document.event_id for entry in file] == ["000", "001", "007", "008", "009"]


@pytest.mark.parametrize("step", [1, 3, 7])
def test_trimming_on_the_way_ends_in_the_same_file(step):
    documents = _crowd(20)
    shuffled = sorted(documents, key=lambda d: (int(d.event_id) * 7) % 20)
    file: list[FiledDocument] = []
    for start in range(0, 20, step):
        for document in shuffled[start : start + step]:
            file_document(file, document)
        trim(file, 6)
    kept = sorted(entry.document.event_id for entry in file)
    assert kept == ["000", "001", "002", "017", "018", "019"]


def test_what_was_said_first_and_last_stays_whatever_order_it_came_in():
    revisions = [changed(revision=n, price_cny=float(n)) for n in range(5)]
    kept = []
    for order in (revisions, revisions[::-1], [revisions[n] for n in (2, 4, 0, 3, 1)]):
        [entry], _ = filed(*order, *order)
        kept.append((entry.document, entry.superseded))
    assert kept == [(revisions[4], (revisions[0], revisions[3]))] * 3


def test_a_withdrawal_keeps_what_it_withdraws():
    [entry], outcomes = filed(VOID, DOCUMENT)
    assert outcomes[-1] is FilingOutcome.STALE
    assert entry.document.is_void
    assert entry.superseded == (DOCUMENT,)


@pytest.mark.parametrize("batch", [1, 7, 64, 140])
def test_the_counters_are_one_truth_whatever_the_batch(batch):
    lines = [
        b'{"event_type":"registration","event_id":"%d","source":"s","vin":"LRW3E7FS5PC695355",'
        b'"occurred_at":"2023-05-%02d","kind":"transfer","owner_id":"o%d"}' % (n, 1 + n % 28, n)
        for n in range(70)
    ]
    engine = Engine(Catalogue(load_policy()), MemoryStore())
    stream = [RawDocument(line) for line in lines * 2]
    for start in range(0, len(stream), batch):
        engine.process(stream[start : start + batch])
    assert (engine.counters.accepted, engine.counters.duplicate) == (70, 70)
    assert len(engine.history("LRW3E7FS5PC695355").documents) == 64
