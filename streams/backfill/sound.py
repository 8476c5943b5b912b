"""Lines that are in order, found column by column: what the decoder would say of most of them.

The decoder looks at every value of every document by itself. Here msgspec reads the lines, by the
decoder's own types, and each field is looked at once for all documents of a type. A line that is found
*sound* is one that the decoder takes as it is; its columns are those of the decoder's document, and
the line itself stands for the document until somebody opens it. A line with anything out of the
ordinary is the decoder's to read: nothing is refused, dropped or normalised here.
"""

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.country import CHINA
from detectors.decoding import MAXIMUM_BYTES
from detectors.documents import FULL_REGISTERS
from detectors.history import Content
from detectors.normalising import is_destination
from detectors.watermarks import Watermarks
from detectors.wire import decoder
from streams.backfill.arrays import Mask, Spelled, Texts, Words
from streams.backfill.clocks import Times, read_times
from streams.backfill.columns import LedgerRows, batch_of
from streams.backfill.forms import FORMS, NOT_READ, READ, DocumentForm, pile_of
from streams.backfill.piles import CheckedColumn, Pile, are_tidy, are_visible

_PROVINCES: Final = ("province", "exporter_province", "source_province")
_AT_ONCE: Final = 256
"""Lines that are decoded and taken apart while they are in the processor's cache."""
_TO_CAPITAL: Final = ord("a") - ord("A")
_LONGEST_VIN: Final = 40


class Sound(NamedTuple):
    """What was found in order, and what the decoder has to read."""

    batches: list[pa.RecordBatch]
    """Of the lines in order."""
    rest: list[int]
    """Places of the others, in their order."""


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
    piles = {kind: pile_of(kind) for kind in FORMS}
    rest: list[int] = []
    for start in range(0, len(lines), _AT_ONCE):
        rest += _decode(lines[start : start + _AT_ONCE], start, piles)
    batches = []
    for kind, pile in piles.items():
        if not pile.places:
            continue
        looked = _Look(FORMS[kind], pile, [lines[place] for place in pile.places])
        rest += [pile.places[place] for place in np.flatnonzero(~looked.sound)]
        if looked.sound.any():
            looked.note(watermarks)
            batches.append(looked.batch(part, numbers[pile.places]))
    return Sound(batches, sorted(rest))


def _decode(lines: Sequence[bytes], start: int, piles: dict[type, Pile]) -> list[int]:
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
    form
        The type.
    pile, lines
        The documents, and the lines that they were.
    """

    def __init__(self, form: DocumentForm, pile: Pile, lines: Sequence[bytes]) -> None:
        self._form = form
        self._columns = columns = pile.columns
        self._lines = lines
        self.sound: Mask = np.ones(len(lines), np.bool_)
        self._vin = _capital(self._spelled("vin", required=True))
        self._event_id = self._spelled("event_id", required=True)
        self._owner = self._spelled("owner_id") if "owner_id" in columns else None
        self._source: Words = columns["source"].words()
        self._times = read_times(columns["occurred_at"].spelled())
        self._recorded = self._optional_times("recorded_at")
        self._look()

    def _look(self) -> None:
        """Find what is not in order."""
        columns = self._columns
        if max(map(len, self._lines)) > MAXIMUM_BYTES:
            self.sound &= np.array([len(line) <= MAXIMUM_BYTES for line in self._lines])
        self.sound &= (self._vin.lengths <= _LONGEST_VIN) & self._times.read
        self._allow(self._source, lambda word: are_tidy([word]))
        for name in _PROVINCES:
            if name in columns:
                self._allow(columns[name].words(), CHINA.regions.__contains__)
        if "destination" in columns:
            self._allow(columns["destination"].words(), is_destination)
        for column in columns.values():
            if isinstance(column, CheckedColumn):
                self.sound[column.bad] = False
        for name in self._form.times:
            self._optional_times(name)

    def _spelled(self, name: str, *, required: bool = False) -> Spelled:
        """The texts of an identity; fail the documents where one is not of visible ASCII."""
        spelled: Spelled = self._columns[name].spelled()
        hidden = np.flatnonzero(~are_visible(spelled.data))
        self.sound[np.searchsorted(spelled.ends, hidden, side="right") - 1] = False
        if required:
            self.sound &= spelled.lengths > 0
        return spelled

    def _allow(self, words: Words, is_fine: Callable[[str], bool]) -> None:
        """Fail the documents whose word is not fine."""
        bad = {word for word in words.known if word is not None and not is_fine(word)}
        if bad:
            self.sound &= ~words.have(bad)

    def _optional_times(self, name: str) -> Times:
        """Times that a document may lack; fail those with one that was not read."""
        spelled: Spelled = self._columns[name].spelled()
        times = read_times(spelled)
        self.sound &= times.read | (spelled.lengths == 0)
        return times

    def note(self, watermarks: Watermarks) -> None:
        """Tell how far sources have come, as :meth:`detectors.watermarks.Watermarks.observe`."""
        days = np.where(
            self._recorded.read, np.minimum(self._times.days, self._recorded.days), self._times.days
        )
        newest = np.zeros(len(self._source.known), np.int32)
        np.maximum.at(newest, self._source.codes[self.sound], days[self.sound])
        for source, day in zip(self._source.known, newest.tolist(), strict=True):
            if day and source is not None:
                watermarks.reach(self._form.event_type, source, day)

    def batch(self, part: int, numbers: NDArray[np.int64]) -> pa.RecordBatch:
        """The documents in order as rows of a ledger."""
        columns, times = self._columns, self._times
        registered = "kind" in columns
        kilometres = columns["odometer_km"].amounts() if "odometer_km" in columns else None
        rows = LedgerRows(
            event_type=self._form.event_type,
            vin=self._vin,
            source=self._source,
            event_id=Texts(self._event_id),
            revision=columns["revision"].numbers(),
            void=columns["status"].numbers() > 0,
            days=times.days,
            clocks=times.clocks,
            timed=times.timed,
            content=self._content(kilometres),
            kilometres=None if kilometres is None else self._readings(kilometres),
            province=columns["province"].words() if registered else None,
            price=columns["price_cny"].amounts() if registered else None,
            owner=None if self._owner is None else Texts(self._owner, self._owner.lengths > 0),
        )
        return batch_of(rows, self._lines, part, numbers, self.sound)

    def _content(self, kilometres: NDArray[np.float64] | None) -> NDArray[np.int32]:
        """As :func:`detectors.history.content_of`."""
        if kilometres is None:
            return np.full(len(self._lines), Content.DEREGISTRATION, np.int32)
        columns = self._columns
        if "kind" in columns:
            content: NDArray[np.int32] = columns["kind"].numbers() | columns["owner_type"].numbers()
        else:
            content = columns["condition"].numbers() | np.int32(Content.CUSTOMS_EXPORT)
        return np.where(_are_full(kilometres), content | np.int32(Content.FULL_REGISTER), content)

    def _readings(self, kilometres: NDArray[np.float64]) -> NDArray[np.float64]:
        """As :func:`detectors.documents.read_odometer`."""
        status = self._columns["odometer_status"].numbers()
        lacking = (status == NOT_READ) | ((kilometres == 0) & (status != READ)) | _are_full(kilometres)
        return np.where(lacking, np.nan, kilometres)


def _are_full(kilometres: NDArray[np.float64]) -> Mask:
    return np.isin(kilometres, list(FULL_REGISTERS))


def _capital(spelled: Spelled) -> Spelled:
    """VINs in capitals, as far as they are ASCII."""
    data = spelled.data
    small = (data >= ord("a")) & (data <= ord("z"))
    return Spelled(data - (small * np.uint8(_TO_CAPITAL)), spelled.ends) if small.any() else spelled
