"""Filing is commutative and idempotent, and knows the one document that counts."""

from itertools import groupby

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.decoding import decode
from detectors.documents import Document, event_order
from detectors.filing import FiledDocument, FilingOutcome, content_digest, file_document, trim
from tests.property.documents import DOCUMENTS, VINS, encode

DOCUMENTS = st.lists(
    DOCUMENTS.map(lambda entry: decode(encode({**entry, "vin": VINS[0]}))), min_size=1, max_size=12
)


def _file(documents: list[Document]) -> tuple[set[tuple[bytes, bool, bytes]], list[FilingOutcome]]:
    filed: list[FiledDocument] = []
    outcomes = [file_document(filed, document) for document in documents]
    return {_content(entry) for entry in filed}, outcomes


def _content(entry: FiledDocument) -> tuple[bytes, bool, bytes]:
    document = entry.document
    identity = f"{document.source}/{document.event_id}@{document.revision}".encode()
    return identity, entry.contested, content_digest(document)


def _expected(documents: list[Document]) -> set[tuple[bytes, bool, bytes]]:
    """The file by its definition, without filing: highest revision, then greatest digest."""

    def identity(document: Document) -> tuple[str, str]:
        return document.source, document.event_id

    expected = set()
    for _, group in groupby(sorted(documents, key=identity), key=identity):
        entries = list(group)
        newest = max(entry.revision for entry in entries)
        rivals = {content_digest(p): p for p in entries if p.revision == newest}
        winner = rivals[max(rivals)]
        expected.add(_content(FiledDocument(winner, contested=len(rivals) > 1)))
    return expected


@given(documents=DOCUMENTS, dice=st.randoms(use_true_random=False))
def test_filing_is_commutative_and_idempotent(documents, dice):
    once, outcomes = _file(documents)
    assert once == _expected(documents)
    shuffled = documents * 2
    dice.shuffle(shuffled)
    again, _ = _file(shuffled)
    assert again == once
    assert outcomes[0].changed


@given(documents=DOCUMENTS)
def test_filing_again_changes_nothing(documents):
    filed: list[FiledDocument] = []
    for document in documents:
        file_document(filed, document)
    before = list(filed)
    assert not any(file_document(filed, document).changed for document in documents)
    assert filed == before


@given(
    days=st.lists(st.integers(1, 400), min_size=1, max_size=40, unique=True),
    limit=st.integers(2, 12),
    dice=st.randoms(use_true_random=False),
)
def test_trimming_keeps_the_earliest_and_the_latest_in_any_order(days, limit, dice):
    template = decode(
        b'{"event_type":"registration","event_id":"e","source":"s","vin":"V","occurred_at":"2026-01-01",'
        b'"kind":"transfer"}'
    )
    entries = [_on_day(template, day) for day in days]
    kept = sorted(entries, key=event_order)
    if len(kept) > limit:
        kept = kept[: limit // 2] + kept[len(kept) - (limit - limit // 2) :]
    filed: list[FiledDocument] = []
    overfull = False
    arrivals = entries * 2
    dice.shuffle(arrivals)
    for entry in arrivals:
        file_document(filed, entry)
        if dice.random() < 0.5:
            overfull |= trim(filed, limit)
    overfull |= trim(filed, limit)
    assert sorted((e.document for e in filed), key=event_order) == kept
    assert overfull == (len(entries) > limit)


def _on_day(template: Document, day: int) -> Document:
    return msgspec.structs.replace(template, day=template.day + day, event_id=f"e{day}")
