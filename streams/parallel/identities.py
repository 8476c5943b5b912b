"""Under which VIN each document came first, for tens of millions of documents in some 40 bytes each.

Nearly all documents come once. They are kept here in arrays and looked up by the batch; only what comes
again is followed document by document.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_FEWEST_SLOTS: Final = 1 << 13
_FULLEST: Final = 0.6
"""Share of the slots in use from which there will be twice as many."""
_WIDTH: Final = 17
"""Characters of a VIN; shorter ones are filled with blanks, longer ones lie apart."""

_Keys = npt.NDArray[np.int64]
_Slots = npt.NDArray[np.intp]


class First(NamedTuple):
    """How a document came first."""

    revision: int
    vin: str


class FirstSeen:
    """Remembers the first coming of every document by a 64-bit hash of its identity."""

    def __init__(self) -> None:
        self._keys: _Keys = np.zeros(_FEWEST_SLOTS, dtype=np.int64)
        """Hash tables with open addressing; zero stands for a free slot."""
        self._rows = np.zeros(_FEWEST_SLOTS, dtype=np.uint32)
        self._vins = bytearray()
        self._long_vins: dict[int, str] = {}
        self._revisions: dict[int, int] = {}
        """Those that are not zero."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def again(
        self, hashes: Sequence[int], revisions: Sequence[int], vins: Sequence[str]
    ) -> Iterator[tuple[int, First]]:
        """Take a batch in, and say which of its documents had come before, with how they came first.

        Parameters
        ----------
        hashes, revisions, vins
            Of the documents, in the order of their coming.
        """
        keys: _Keys = np.array(hashes, dtype=np.int64)
        keys[keys == 0] = 1
        self._make_room(len(keys))
        slots = self._find(keys)
        known = self._keys[slots] == keys
        _, first_places = np.unique(keys, return_index=True)
        new = np.zeros(len(keys), dtype=bool)
        new[first_places] = True
        new &= ~known
        places = np.flatnonzero(new)
        self._insert(keys[places], np.arange(self._count, self._count + len(places), dtype=np.uint32))
        self._remember(places.tolist(), revisions, vins)
        repeated = np.flatnonzero(~new)
        rows = self._rows[self._find(keys[repeated])]
        for place, row in zip(repeated.tolist(), rows.tolist(), strict=True):
            yield place, self._first(row)

    def _find(self, keys: _Keys) -> _Slots:
        """Slot of every key, or the free one where the search for it ends."""
        mask = len(self._keys) - 1
        slots = (keys & mask).astype(np.intp)
        searched = np.arange(len(keys))
        while len(searched):
            held = self._keys[slots[searched]]
            searched = searched[(held != keys[searched]) & (held != 0)]
            slots[searched] = (slots[searched] + 1) & mask
        return slots

    def _insert(self, keys: _Keys, rows: npt.NDArray[np.uint32]) -> None:
        """Put new keys in, each of them once."""
        while len(keys):
            slots = self._find(keys)
            self._keys[slots] = keys
            in_place = self._keys[slots] == keys  # of several keys for one slot the last one is there
            self._rows[slots[in_place]] = rows[in_place]
            keys, rows = keys[~in_place], rows[~in_place]

    def _make_room(self, more: int) -> None:
        slots = len(self._keys)
        while (self._count + more) > _FULLEST * slots:
            slots *= 2
        if slots == len(self._keys):
            return
        used = np.flatnonzero(self._keys)
        keys, rows = self._keys[used], self._rows[used]
        self._keys, self._rows = np.zeros(slots, dtype=np.int64), np.zeros(slots, dtype=np.uint32)
        self._insert(keys, rows)

    def _remember(self, places: Sequence[int], revisions: Sequence[int], vins: Sequence[str]) -> None:
        texts = [vins[place] for place in places]
        odd = [n for n, place in enumerate(places) if revisions[place] or len(texts[n]) != _WIDTH]
        for n in odd:
            row, vin, revision = self._count + n, texts[n], revisions[places[n]]
            if revision:
                self._revisions[row] = revision
            if len(vin) > _WIDTH:
                self._long_vins[row] = vin
            texts[n] = vin[:_WIDTH].ljust(_WIDTH)
        self._vins += "".join(texts).encode()
        self._count += len(places)

    def _first(self, row: int) -> First:
        vin = self._long_vins.get(row)
        if vin is None:
            vin = self._vins[row * _WIDTH : (row + 1) * _WIDTH].decode().rstrip()
        return First(self._revisions.get(row, 0), vin)
