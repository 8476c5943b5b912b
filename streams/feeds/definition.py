"""What a feed file may say, typed.

A feed file is TOML: where the rows are (`container`), what their columns are called (`columns`), and
what documents they state (`[[document]]`). There is no expression language: a column is named, cut,
joined, and looked up in a table of codes.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from detectors.country import CHINA
from detectors.documents import EventType

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Position = Annotated[int, Meta(ge=1, le=1_000_000)]

IGNORE: Final = "ignore"
"""What a code stands for where its row is no document."""
OPEN: Final = "?"
"""What a draft writes where a person must decide."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the feed file: a key that it does not know is an error."""


class FixedField(_Table, frozen=True, kw_only=True):
    """A column of a file without delimiters."""

    name: Text
    width: Position
    start: Position | None = None
    """Position of the first character, from 1; without it the column follows the one before."""


class Container(_Table, frozen=True, kw_only=True):
    """How rows lie in the file."""

    kind: Literal["csv", "fixed", "jsonl", "parquet", "sheet"]
    encoding: str | list[str] = "utf-8"
    """Python's names of codecs; of several, the first that reads the beginning of the file."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Meta(max_length=1)] = '"'
    """Empty: quotes mean nothing."""
    header: bool = True
    """Whether the first row names the columns; without it `names` does."""
    names: list[Text] = []
    skip: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Lines above the header."""
    comment: str = ""
    """Lines that begin so are ignored."""
    banner: list[Text] = []
    """Lines that begin so are ignored: some files of a register carry one, others do not."""
    fields: list[FixedField] = []
    """Columns of kind `fixed`."""
    width: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Length of a line of kind `fixed`; 0: the end of the last column."""
    unit: Literal["character", "byte"] = "character"
    """What widths of kind `fixed` count."""
    sheet: str = ""
    """Name of the sheet of kind `sheet`; without it the first."""
    member: str = "*"
    """Which files of a zip are read, as a shell pattern."""


class Column(_Table, frozen=True, kw_only=True):
    """A column under the name by which the rest of the feed knows it."""

    names: list[Text] = []
    """Its names in the files: registers rename columns."""
    optional: bool = False
    """Whether files may lack it; a file that lacks another one is not read."""
    missing: list[str] = []
    """Values that mean nothing was stated, besides the feed's."""
    split: str = ""
    """Cut the value at this text …"""
    part: Annotated[int, Meta(ge=1, le=20)] = 1
    """… and take this piece, from 1; the last piece reaches to the end."""
    parts: Annotated[int, Meta(ge=2, le=20)] = 2
    """… of this many."""
    start: Position = 1
    """First character that counts."""
    length: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Characters that count; 0: to the end."""
    join: list[Text] = []
    """Columns of this feed that are put together instead."""
    separator: str = " "
    first_of: list[Text] = []
    """Columns of this feed of which the first that states something counts instead."""
    codes: Text | None = None
    """Table of codes through which the column is read; a row with a value it lacks is refused."""
    strip: str = ""
    """Characters to take off both ends, besides blanks."""


class CodeTable(_Table, frozen=True, kw_only=True):
    """What a register's codes stand for.

    Codes are compared without regard to case, accents, repeated blanks and letters that look alike in
    Latin and Cyrillic. ``""`` stands for no statement, ``ignore`` for a row that is no document.
    """

    values: dict[str, str] = {}
    starts: dict[str, str] = {}
    """By how the value begins, where no whole value fits; the longest beginning first."""
    contains: dict[str, str] = {}
    """By what the value holds, where neither fits; the first entry that does."""
    missing: str | None = None
    """What an empty value stands for."""
    otherwise: str | None = None
    """What all other values stand for; without it they are unmapped."""
    required: bool = False
    """Whether a row with an unmapped value is refused, and not only the value left out."""


class RowCondition(_Table, frozen=True, kw_only=True):
    """When a row states a document, besides a plain list of values."""

    any_of: list[str] = []
    none_of: list[str] = []
    starts: list[str] = []
    present: bool | None = None


class Value(_Table, frozen=True, kw_only=True):
    """A field of a document: a column, a column through a table of codes, or always the same."""

    column: Text | None = None
    codes: Text | None = None
    value: str | None = None


class Moment(_Table, frozen=True, kw_only=True):
    """A day or a time."""

    column: Text
    formats: Annotated[list[str], Meta(min_length=1)]
    """Their names, tried in this order: `dd.mm.yyyy`, `yyyymm`, `month dd yyyy`, `iso`, `excel` …"""
    pivot: Annotated[int, Meta(ge=0, le=99)] = 50
    """Years of two digits from here on are of the last century."""


class Amount(_Table, frozen=True, kw_only=True):
    """An amount of money, written in the feed's currency."""

    column: Text
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    factor: float = 1.0
    """What one unit of the column is: 10000 for amounts in 万元."""
    zero: Literal["kept", "missing"] = "missing"
    currency: Currency | None = None
    """By default the feed's; amounts in another one need `rates`, or are left out."""
    currency_column: Text | None = None
    """Where each row names its own currency."""


class Distance(_Table, frozen=True, kw_only=True):
    """A reading of the odometer, written in kilometres."""

    column: Text
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    unit: Literal["km", "mile"] = "km"
    zero: Literal["kept", "missing"] = "kept"


class Identity(_Table, frozen=True, kw_only=True):
    """Which vehicle a row is about."""

    columns: Annotated[list[Text], Meta(min_length=1)]
    kind: Literal["vin", "partial", "other"] = "vin"
    """A VIN; part of one with more columns; or a register's own number, which is no VIN."""
    scheme: Annotated[str, Meta(pattern="^[A-Za-z0-9-]{0,20}$")] = ""
    """Whose numbers `partial` and `other` are; stands before the number."""
    fold: bool = False
    """Whether Cyrillic letters that look Latin are taken for the Latin ones."""
    digest: bool = False
    """Whether the columns' digest stands for them, where they are many."""


TextField = str | Value
Precision = Literal["day", "month"]


class _DocumentSpec(_Table, frozen=True, tag_field="type", kw_only=True):
    """What every document states."""

    vin: Identity
    occurred_at: Moment
    when: dict[str, list[str] | RowCondition] = {}
    """Values of columns at which a row states this document; all must hold."""
    event_id: list[str] = []
    """Columns that tell documents of the source apart; without them all columns of the feed do."""
    recorded_at: Moment | None = None
    status: TextField | None = None
    date_precision: Precision | None = None


class RegistrationSpec(_DocumentSpec, frozen=True, tag="registration", kw_only=True):
    """A registration made of a row."""

    kind: TextField
    province: TextField | None = None
    owner_id: TextField | None = None
    owner_type: TextField | None = None
    owner_group: TextField | None = None
    seller_id: TextField | None = None
    seller_group: TextField | None = None
    price_cny: Amount | None = None
    invoice_no: TextField | None = None
    odometer_km: Distance | None = None
    odometer_status: TextField | None = None
    brand: TextField | None = None
    model: TextField | None = None
    fuel: TextField | None = None
    use: TextField | None = None
    plate: TextField | None = None


class DeregistrationSpec(_DocumentSpec, frozen=True, tag="deregistration", kw_only=True):
    """A deregistration made of a row."""

    reason: TextField
    province: TextField | None = None
    owner_id: TextField | None = None


class CustomsExportSpec(_DocumentSpec, frozen=True, tag="customs_export", kw_only=True):
    """A customs export made of a row."""

    declaration_no: TextField
    exporter_id: TextField
    destination: TextField
    condition: TextField
    exporter_province: TextField | None = None
    source_province: TextField | None = None
    exit_customs: TextField | None = None
    value_cny: Amount | None = None
    odometer_km: Distance | None = None
    odometer_status: TextField | None = None
    hs_code: TextField | None = None
    trade_mode: TextField | None = None
    licence_no: TextField | None = None
    licence_applied_at: Moment | None = None
    manufacturer_letter: TextField | None = None
    exited_at: Moment | None = None
    brand: TextField | None = None
    model: TextField | None = None
    fuel: TextField | None = None


DocumentSpec = RegistrationSpec | DeregistrationSpec | CustomsExportSpec
DOCUMENT_SPECS: Final[dict[EventType, type[Any]]] = {
    "registration": RegistrationSpec,
    "deregistration": DeregistrationSpec,
    "customs_export": CustomsExportSpec,
}


class Counts(_Table, frozen=True, kw_only=True):
    """A table of counts made of rows, instead of documents: for `zeromile spikes`."""

    region: TextField
    period: Moment
    count: Text
    """Column of the number; rows of one region and period are added up."""


class Ignore(_Table, frozen=True, kw_only=True):
    """Rows that are no document."""

    why: Text
    when: dict[str, list[str] | RowCondition]


class FeedFile(_Table, frozen=True, kw_only=True):
    """A feed file."""

    title: Text
    source: Text
    """What the documents name as their source."""
    container: Container
    columns: dict[str, str | list[str] | Column]
    document: list[DocumentSpec] = []
    counts: Counts | None = None
    about: str = ""
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = CHINA.code
    """ISO 3166-1; the regions in the tables of codes are its."""
    timezone: str = CHINA.timezone
    """Of times without an offset."""
    currency: Currency = CHINA.currency
    """Of the amounts in documents: the country's, ISO 4217."""
    missing: list[str] = []
    """Values that mean nothing was stated, in any column; empty ones always do."""
    ignore: list[Ignore] = []
    codes: dict[str, CodeTable] = {}
    rates: dict[str, dict[str, Annotated[float, Meta(gt=0)]]] = {}
    """What one unit of another currency is in the feed's, by month (`2025-03`) or year."""

    @property
    def makes_amounts(self) -> bool:
        """Whether its documents state money."""
        values = (value for spec in self.document for value in msgspec.structs.asdict(spec).values())
        return any(isinstance(value, Amount) for value in values)
