"""A ledger that is kept: Parquet files in buckets of vehicles, each sorted by VIN, and a manifest.

The files are what their names say and nothing more: DuckDB, Polars and Spark read them as they are. The
manifest is written last and names them all, so a build that is broken off leaves the ledger as it was.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

import msgspec
import pyarrow.parquet as pq

from detectors.country import CHINA, Country
from detectors.documents import EventType
from detectors.identities import Decode, IdentityKey, country_of
from streams.backfill.decoding import DecodedRefusal
from streams.backfill.ledger import (
    Ledger,
    LedgerError,
    LedgerRefusal,
)
from streams.feeds.reading import STANDARD_INPUT, Line

MANIFEST: Final = "manifest.json"
FORMAT: Final = 3
"""Version of the layout that this program writes and reads."""
CONTRACT: Final = "v1"
"""Version of the document contract by which its documents were decoded."""


class Input(msgspec.Struct, frozen=True):
    """A file whose documents are in a ledger; column ``file`` counts them from 0."""

    name: str
    sha256: str | None
    """``None`` for standard input."""
    bytes: int | None


class Newest(msgspec.Struct, frozen=True):
    """Newest civil day of a source, as a proleptic ordinal."""

    event_type: EventType
    source: str
    day: int


class LedgerCountry(msgspec.Struct, frozen=True):
    """By whose civil days and regions documents were decoded."""

    code: str
    timezone: str
    regions: tuple[str, ...]
    """Their ISO 3166-2 codes, sorted."""

    @classmethod
    def of(cls, country: Country) -> Self:
        """What tells a country's documents from another's."""
        return cls(country.code, country.timezone, tuple(sorted(country.regions)))

    def __str__(self) -> str:
        return f"{self.code} ({self.timezone})"


class LedgerManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a ledger holds."""

    format: int
    contract: str
    buckets: int
    inputs: tuple[Input, ...]
    rows: int
    lines: int
    """Lines that were no blanks, the refused ones included."""
    refused: dict[str, int]
    """By reason."""
    newest: tuple[Newest, ...]
    moved: tuple[str, ...]
    """Vehicles of documents that came under several VINs."""
    identities: str | None
    """What tells the key from others by which ids of people and companies were digested."""
    tables: tuple[str, ...]
    refusals: tuple[str, ...]
    summaries: tuple[str, ...]
    """What is known of each vehicle, a file a bucket."""
    moving: str
    """Documents of identities that came under several VINs, in the order in which they came: who opens
    the ledger needs not look for them."""
    country: LedgerCountry = LedgerCountry.of(CHINA)
    """Of a ledger that does not say: China, the only one there was."""


def is_kept(path: Path) -> bool:
    """Whether a path is a ledger."""
    return path != STANDARD_INPUT and (path / MANIFEST).is_file()


def read_manifest(directory: Path) -> LedgerManifest:
    """Read what a ledger holds.

    Raises
    ------
    LedgerError
        If it is none, or one that this program does not read.
    """
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=LedgerManifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise LedgerError(f"{directory} is no ledger: {error}") from None
    if (manifest.format, manifest.contract) != (FORMAT, CONTRACT):
        raise LedgerError(
            f"{directory} is a ledger of format {manifest.format} and contract {manifest.contract}; "
            f"this program reads format {FORMAT} and contract {CONTRACT}: build it anew"
        )
    return manifest


def open_kept(directory: Path, decode: Decode, refuse: Callable[[list[LedgerRefusal]], None]) -> Ledger:
    """Open a kept ledger; its refused lines are told in their order.

    Raises
    ------
    LedgerError
        If it cannot be read, is of another country, or its ids are kept in another way than now.
    """
    manifest = read_manifest(directory)
    check_country(directory, manifest.country, country_of(decode))
    if manifest.identities != fingerprint(decode):
        raise LedgerError(
            f"{directory} was built {with_key(manifest.identities)}, and ids are now read "
            f"{with_key(fingerprint(decode))} (ZEROMILE_IDENTITY_KEY): build it anew"
        )
    for name in manifest.refusals:
        refuse(list(_refused(directory / name, manifest)))
    return Ledger(
        manifest.buckets,
        tables=[directory / name for name in manifest.tables],
        rows=manifest.rows,
        lines_read=manifest.lines,
        newest={(one.event_type, one.source): one.day for one in manifest.newest},
        moved=list(manifest.moved),
        moving=directory / manifest.moving,
        summaries=[directory / name for name in manifest.summaries],
    )


def check_country(directory: Path, built: LedgerCountry, country: Country) -> None:
    """Refuse a ledger whose civil days and regions are not those of the policy's country."""
    now = LedgerCountry.of(country)
    if built == now:
        return
    raise LedgerError(
        f"{directory} was built for {built}, and the policy is of {now}"
        + (" with other regions" if str(built) == str(now) else "")
        + f": build it anew, or judge it under its own country (zeromile --country {built.code} …)"
    )


def fingerprint(decode: Decode) -> str | None:
    """What tells the key of a decoder from others, ``None`` where it has none."""
    key = getattr(decode, "__self__", None)
    return key.fingerprint if isinstance(key, IdentityKey) else None


def with_key(identities: str | None) -> str:
    """Say by which key ids were digested."""
    return "without an identity key" if identities is None else f"with the identity key {identities}"


def read_moving(path: Path) -> Iterator[bytes]:
    """Documents that a ledger keeps because their identities moved from VIN to VIN."""
    yield from pq.ParquetFile(path).read()["original"].to_pylist()


def _refused(path: Path, manifest: LedgerManifest) -> Iterator[LedgerRefusal]:
    for row in pq.ParquetFile(path).read().to_pylist():  # `read_table` would import pandas, too
        file = row.pop("file")
        refusal = DecodedRefusal(**row)
        line = Line(refusal.value, manifest.inputs[file].name, refusal.line)
        yield LedgerRefusal(file, line, refusal)
