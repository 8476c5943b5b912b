"""Lines that are in order, found column by column: what the decoder would say of most of them.

The decoder looks at every value of every document by itself. Here msgspec reads the lines, by the
decoder's own types, and each field is looked at once for all documents of a type. A line that is found
*sound* is one that the decoder takes as it is; its columns are those of the decoder's document, and
the line itself stands for the document until somebody opens it. A line with anything out of the
ordinary is the decoder's to read: nothing is refused, dropped or normalised here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Final, NamedTuple, get_args

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.country import CHINA
from detectors.decoding import MAXIMUM_BYTES
from detectors.documents import FULL_REGISTERS, EventType, OwnerType
from detectors.history import CONTENT_OF_KIND, Content
from detectors.normalising import LEAST_AMOUNT, are_texts, is_destination
from detectors.watermarks import Watermarks
from detectors.wire import WireCustomsExport, WireDeregistration, WireRegistration, decoder
from streams.backfill.arrays import Mask, Spelled, Texts, Words, equal, spell
from streams.backfill.clocks import Times, read_times
from streams.backfill.columns import LedgerRows, batch_of

Values = Sequence[Any]
"""A field of all documents."""

_AT_ONCE: Final = 256
"""Lines that are decoded and taken apart while they are in the processor's cache."""
_SOME: Final = 128
_FIRST_VISIBLE: Final = ord("!")
_LAST_VISIBLE: Final = ord("~")
_TO_CAPITAL: Final = ord("a") - ord("A")
_LONGEST_VIN: Final = 40
_TO_EXPORTER: Final = dict.fromkeys((None, *get_args(OwnerType)), 0) | {"exporter": Content.TO_EXPORTER}


class Sound(NamedTuple):
    """What was found in order, and what the decoder has to read."""

    batches: list[pa.RecordBatch]
    """Of the lines in order."""
    rest: list[int]
    """Places of the others, in their order."""


class _Form(NamedTuple):
    """How the fields of a type of document are looked at."""

    event_type: EventType
    identities: tuple[str, ...] = ()
    """Texts without blanks, beside those of the ledger."""
    words: tuple[str, ...] = ()
    """Any text."""
    provinces: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    """Those that rules read, beside ``occurred_at``; a document may lack them."""


_FORMS: Final[dict[type, _Form]] = {
    WireRegistration: _Form(
        "registration",
        ("seller_id", "invoice_no", "owner_group", "seller_group"),
        ("brand", "model", "plate"),
        ("province",),
    ),
    WireDeregistration: _Form("deregistration", provinces=("province",)),
    WireCustomsExport: _Form(
        "customs_export",
        ("declaration_no", "exporter_id", "licence_no"),
        ("exit_customs", "hs_code", "trade_mode", "brand", "model"),
        ("exporter_province", "source_province"),
        ("licence_applied_at", "exited_at"),
    ),
}


@dataclass(slots=True)
class _Pile:
    """Documents of one type, field by field, and the places of their lines."""

    places: list[int] = field(default_factory=list)
    columns: list[list[Any]] = field(default_factory=list)

    def add(self, documents: Values, places: Sequence[int]) -> None:
        """Put documents on it."""
        self.places += places
        columns = zip(*map(msgspec.structs.astuple, documents), strict=True)
        if not self.columns:
            self.columns = list(map(list, columns))
            return
        for column, more in zip(self.columns, columns, strict=True):
            column.extend(more)


def find_sound(
    lines: Sequence[bytes], numbers: NDArray[np.int64], part: int, watermarks: Watermarks
) -> Sound:
    """Read lines that are in order.

    Parameters
    ----------
    lines
        None of them empty.
    numbers, part
        Their numbers, and that of the part that they come from.
    watermarks
        Takes note of the documents in order.
    """
    piles: defaultdict[type, _Pile] = defaultdict(_Pile)
    rest: list[int] = []
    for start in range(0, len(lines), _AT_ONCE):
        rest += _decode(lines[start : start + _AT_ONCE], start, piles)
    batches = []
    for kind, pile in piles.items():
        looked = _Look(kind, pile, list(map(lines.__getitem__, pile.places)))
        rest += [pile.places[place] for place in np.flatnonzero(~looked.sound)]
        if looked.sound.any():
            looked.note(watermarks)
            batches.append(looked.batch(part, numbers[pile.places]))
    return Sound(batches, sorted(rest))


def _decode(lines: Sequence[bytes], start: int, piles: defaultdict[type, _Pile]) -> list[int]:
    """Decode some lines onto the piles of their types; gives the places of the refused."""
    rest: list[int] = []
    documents: list[Any] = []
    todo = iter(lines)
    while (seen := len(documents) + len(rest)) < len(lines):
        try:
            documents.extend(map(decoder.decode, todo))  # what came before a refused one stays
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            rest.append(start + len(documents) + len(rest))
    places: Sequence[int] = range(start, start + seen)
    if rest:
        places = sorted({*places}.difference(rest))
    kinds = list(map(type, documents))
    for kind in dict.fromkeys(kinds):
        here = [one is kind for one in kinds]
        piles[kind].add(list(compress(documents, here)), list(compress(places, here)))
    return rest


class _Look:
    """A look at all documents of a type.

    Parameters
    ----------
    kind
        The type.
    pile, lines
        The documents, and the lines that they were.
    """

    def __init__(self, kind: type, pile: _Pile, lines: Sequence[bytes]) -> None:
        self._form = _FORMS[kind]
        self._fields: dict[str, Values] = dict(zip(kind.__struct_fields__, pile.columns, strict=True))  # type: ignore[attr-defined] # a Struct
        self._lines = lines
        self.sound: Mask = np.ones(len(lines), np.bool_)
        self._vin = _capital(self._spelled("vin").spelled)
        self._event_id = self._spelled("event_id")
        self._owner = self._spelled("owner_id") if "owner_id" in self._fields else None
        self._source = Words.of(self._fields["source"])
        self._look()

    def _look(self) -> None:
        """Find what is not in order."""
        form, fields = self._form, self._fields
        if max(map(len, self._lines)) > MAXIMUM_BYTES:
            self.sound &= np.array([len(line) <= MAXIMUM_BYTES for line in self._lines])
        for name in form.identities:
            if not _are_tidy(self._fields[name]):
                self._spelled(name)
        self._fail_words("source", self._source.known, lambda word: _are_tidy([word]))
        self.sound &= self._vin.lengths <= _LONGEST_VIN
        for name in form.words:
            self._fail(name, _are_texts)
        for name in form.provinces:
            self._fail_words(name, set(fields[name]), CHINA.regions.__contains__)
        if "destination" in fields:
            self._fail_words("destination", set(fields["destination"]), is_destination)
        self._times = read_times(fields["occurred_at"])
        self._recorded = read_times(fields["recorded_at"])
        self.sound &= self._times.read
        self._fail_unread("recorded_at", self._recorded)
        for name in form.times:
            self._fail_unread(name, read_times(fields[name]))

    def _spelled(self, name: str) -> Texts:
        """The texts of an identity; fail the documents where one is empty or not of visible ASCII."""
        values = self._fields[name]
        missing = values.count(None)
        spelled = spell(values)
        hidden = np.flatnonzero(~_are_visible(spelled.data))
        self.sound[np.searchsorted(spelled.ends, hidden, side="right") - 1] = False
        filled = spelled.lengths > 0
        if np.count_nonzero(filled) < len(values) - missing:
            self.sound &= filled | np.array([one is None for one in values])
        return Texts(spelled, filled if missing else None)

    def _fail(self, name: str, are_fine: Callable[[Values], bool]) -> None:
        """Fail the documents whose value is not fine: all are asked about, then some, then each."""
        values = self._fields[name]
        if are_fine(values):
            return
        for start in range(0, len(values), _SOME):
            some = values[start : start + _SOME]
            if not are_fine(some):
                fine = [are_fine([one]) for one in some]
                self.sound[start : start + _SOME] &= np.array(fine)

    def _fail_words(
        self, name: str, different: Iterable[str | None], is_fine: Callable[[str], bool]
    ) -> None:
        """Fail the documents whose value is not fine, of which there are few different ones."""
        bad = {value for value in different if value is not None and not is_fine(value)}
        if bad:
            self.sound &= np.array([value not in bad for value in self._fields[name]])

    def _fail_unread(self, name: str, times: Times) -> None:
        """Fail the documents with a time that was not read."""
        if times.read.all():
            return
        missing = np.array([one is None for one in self._fields[name]])
        self.sound &= times.read | missing

    def note(self, watermarks: Watermarks) -> None:
        """Tell how far sources have come, as :meth:`detectors.watermarks.Watermarks.observe`."""
        days = np.where(
            self._recorded.read, np.minimum(self._times.days, self._recorded.days), self._times.days
        )
        newest = np.zeros(len(self._source.known), np.int32)
        np.maximum.at(newest, self._source.codes[self.sound], days[self.sound])
        for source, day in zip(self._source.known, newest.tolist(), strict=True):
            if day:
                watermarks.reach(self._form.event_type, source, day)

    def batch(self, part: int, numbers: NDArray[np.int64]) -> pa.RecordBatch:
        """The documents in order as rows of a ledger."""
        fields, times = self._fields, self._times
        rows = LedgerRows(
            event_type=self._form.event_type,
            vin=self._vin,
            source=self._source,
            event_id=self._event_id,
            revision=fields["revision"],
            status=fields["status"],
            days=times.days,
            clocks=times.clocks,
            timed=times.timed,
            content=self._content(),
            kilometres=self._kilometres(),
            province=fields["province"] if "kind" in fields else None,
            price=_amounts(fields["price_cny"]) if "kind" in fields else None,
            owner=self._owner,
        )
        return batch_of(rows, self._lines, part, numbers, self.sound)

    def _content(self) -> NDArray[np.int32]:
        """As :func:`detectors.history.content_of`."""
        fields, number = self._fields, len(self._lines)
        if "reason" in fields:
            return np.full(number, Content.DEREGISTRATION, np.int32)
        full = np.isin(_amounts(fields["odometer_km"]), list(FULL_REGISTERS))
        if "kind" in fields:
            kinds = np.fromiter(map(CONTENT_OF_KIND.__getitem__, fields["kind"]), np.int32, number)
            kinds |= np.fromiter(map(_TO_EXPORTER.__getitem__, fields["owner_type"]), np.int32, number)
        else:
            used = equal(fields["condition"], "used")
            kinds = np.where(used, Content.USED_EXPORT, 0).astype(np.int32) | Content.CUSTOMS_EXPORT
        return np.where(full, kinds | Content.FULL_REGISTER, kinds)

    def _kilometres(self) -> NDArray[np.float64] | None:
        """As :func:`detectors.documents.read_odometer`."""
        fields = self._fields
        if "reason" in fields:
            return None
        kilometres = _amounts(fields["odometer_km"])
        read = equal(fields["odometer_status"], "read")
        unread = equal(fields["odometer_status"], "not_read")
        lacking = unread | ((kilometres == 0) & ~read) | np.isin(kilometres, list(FULL_REGISTERS))
        return np.where(lacking, np.nan, kilometres)


def _capital(spelled: Spelled) -> Spelled:
    """VINs in capitals, as far as they are ASCII."""
    data = spelled.data
    small = (data >= ord("a")) & (data <= ord("z"))
    return Spelled(data - (small * np.uint8(_TO_CAPITAL)), spelled.ends) if small.any() else spelled


def _are_tidy(values: Values) -> bool:
    """Whether texts that are given are of visible ASCII characters alone, and none is empty."""
    filled = list(filter(None, values))
    joined = "".join(filled)
    if len(filled) < len(values) - values.count(None) or not joined.isascii():
        return False
    return bool(_are_visible(np.frombuffer(joined.encode(), np.uint8)).all())


def _are_visible(characters: NDArray[np.uint8]) -> Mask:
    """Which bytes are visible ASCII characters: the others wrap round to more."""
    return (characters - np.uint8(_FIRST_VISIBLE)) <= _LAST_VISIBLE - _FIRST_VISIBLE


def _are_texts(values: Values) -> bool:
    """Whether the decoder takes texts that are given as they are."""
    given = [value for value in values if value is not None] if None in values else values
    return not given or are_texts(given)


def _amounts(values: Values) -> NDArray[np.float64]:
    """As :func:`detectors.normalising.amount_of`; not a number where there is none."""
    amounts = np.array(values, np.float64)
    return np.where(amounts < LEAST_AMOUNT, 0.0, amounts)
