"""What reaches beyond single vehicles: how far the feeds have come, documents that change their VIN."""

from collections.abc import Iterable, Sequence

from detectors.watermarks import Watermarks
from streams.engine.vin_corrections import VinCorrections
from streams.feeds.reading import LineBatch
from streams.parallel.identities import First, FirstSeen
from streams.parallel.messages import Go, NewestDay, Withdrawal
from streams.parallel.routing import Document, owner_of


class JointView:
    """Puts together what the workers say of one batch after the other.

    Parameters
    ----------
    watermarks
        Moved by what all workers read.
    workers
        How many there are.
    """

    def __init__(self, watermarks: Watermarks, workers: int) -> None:
        self.watermarks = watermarks
        self.vin_corrections = 0
        """Withdrawals made because an amendment changed the VIN."""
        self._first_seen = FirstSeen()
        self._corrections = VinCorrections()
        """Knows the identities that have come more than once."""
        self._followed: set[int] = set()
        self._workers = workers

    def go(
        self,
        lines: LineBatch,
        documents: Sequence[Document | None],
        moved: Iterable[NewestDay],
        now: str | None,
    ) -> list[Go]:
        """What every worker must know to conclude a batch.

        Parameters
        ----------
        lines, documents
            The batch; ``None`` for a document that was refused.
        moved
            How far the workers say that it brings the feeds.
        now
            Value of ``detected_at``; ``None`` if nothing is to be judged yet.
        """
        newest = self._merge(moved)
        goes = [Go(newest, [], now) for _ in range(self._workers)]
        for place, vin, revision in self._withdrawals(documents):
            withdrawal = Withdrawal(lines.values[place], vin, revision)
            goes[owner_of(vin, self._workers)].withdrawals.append(withdrawal)
            self.vin_corrections += 1
        return goes

    def _merge(self, moved: Iterable[NewestDay]) -> list[NewestDay]:
        """Move the watermarks; what all workers together have reached."""
        reach = self.watermarks.reach
        return [new for new in moved if reach(new.event_type, new.source, new.day)]

    def _withdrawals(self, documents: Iterable[Document | None]) -> list[tuple[int, str, int]]:
        """Withdrawals of a batch as place, VIN and revision, in the order of the lines."""
        stated = [(n, p) for n, p in enumerate(documents) if p is not None and p.status != "void"]
        hashes = [hash((document.source, document.event_id)) for _, document in stated]
        revisions = [document.revision for _, document in stated]
        vins = [document.vin for _, document in stated]
        found = []
        for index, first in self._first_seen.again(hashes, revisions, vins):
            place, document = stated[index]
            for vin, revision in self._follow(hashes[index], first, document):
                found.append((place, vin, revision))
        return found

    def _follow(self, key: int, first: First, document: Document) -> Iterable[tuple[str, int]]:
        """Withdrawals that a document makes necessary whose identity has come before."""
        if key not in self._followed:
            self._followed.add(key)
            self._corrections.note(document.source, document.event_id, *first)
        return self._corrections.note(
            document.source, document.event_id, document.revision, document.vin
        )
