"""Files as a ledger: documents are decoded once, however often they are judged."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.backfill import Means
from streams.backfill.buckets import number_of_buckets
from streams.backfill.building import build
from streams.backfill.judging import Setup
from streams.backfill.kept import is_kept
from streams.setup.clock import utc_now


@contextmanager
def one_ledger(
    paths: Sequence[Path], catalogue: Catalogue, decode: Decode, means: Means
) -> Iterator[Path]:
    """The ledger that was given, or one of the files, which is gone after the statement."""
    if len(paths) == 1 and is_kept(paths[0]):
        yield paths[0]
        return
    with TemporaryDirectory(prefix="zeromile-", dir=means.scratch) as folder:
        ledger = Path(folder, "ledger")
        build_ledger(paths, ledger, catalogue, decode, means)
        yield ledger


def build_ledger(
    paths: Sequence[Path], ledger: Path, catalogue: Catalogue, decode: Decode, means: Means
) -> None:
    """Decode files into a ledger; small ones are not divided into buckets."""
    with TemporaryDirectory(prefix="zeromile-", dir=means.scratch) as unsorted:
        setup = Setup.of(catalogue, decode, Path(unsorted), None, utc_now())
        build(
            list(paths),
            ledger,
            setup,
            append=False,
            processes=means.processes,
            memory=means.memory,
            buckets=number_of_buckets(paths),
        )
