"""Documents of rows: the functions that a feed's documents become for the columns of one file."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from detectors.rejection import show
from streams.feeds.codes import Ignored, Lookup
from streams.feeds.columns import Cell, translated
from streams.feeds.definition import (
    Amount,
    Counts,
    Distance,
    DocumentSpec,
    FeedFile,
    Moment,
    Value,
)
from streams.feeds.errors import RowIgnored, RowRefused
from streams.feeds.event_ids import event_id_of
from streams.feeds.rows import Fields, Losses, Values
from streams.feeds.values import (
    REGION_NAME,
    Dropped,
    Translate,
    amount_reader,
    distance_reader,
    field_kinds,
    identity_reader,
    moment_reader,
    text_reader,
)

_MONTH: Final = len("2025-03")
_DAY: Final = len("2025-03-14")


class Maker(NamedTuple):
    """What documents of a feed are made with, besides their columns."""

    feed: FeedFile
    tables: Mapping[str, Lookup]
    zone: ZoneInfo
    losses: Losses

    def make(
        self, number: int, spec: DocumentSpec, cells: Mapping[str, Cell]
    ) -> Callable[[Values], Fields]:
        """Make what turns a row into the feed's document of this number, from 0."""
        constants, getters, amounts = self._parts(spec, cells)
        take = self.losses.take
        moments = given(spec)
        vin = identity_reader(spec.vin, [cells[key] for key in spec.vin.columns], self.losses)
        occurred = self._moment("occurred_at", moments["occurred_at"], cells)
        event_id = event_id_of(number, spec, cells)
        event_type = spec.__struct_config__.tag
        base: Fields = {"event_type": event_type, "source": self.feed.source, **constants}
        precise = spec.date_precision

        def make(values: Values) -> Fields:
            fields = base.copy()
            fields["vin"] = vin(values)
            written = occurred(values)
            fields["occurred_at"] = written.text
            if precise == "month" or (precise is None and written.precision == "month"):
                fields["date_precision"] = "month"
            fields["event_id"] = event_id(values)
            for name, get in getters:
                found = get(values)
                if found.__class__ is str:
                    fields[name] = found
                elif found is not None:
                    take(fields, name, found)
            for name, convert in amounts:
                amount = convert(values, written.text)
                if amount is not None:
                    take(fields, name, amount)
            return fields

        return make

    def make_count(self, spec: Counts, cells: Mapping[str, Cell]) -> Callable[[Values], Fields]:
        """Make what turns a row into a count."""
        region = full(spec.region)
        lookup = self.tables[region.codes] if region.codes else None
        table = self.feed.codes[region.codes] if region.codes else None
        column = region.column or ""
        named = translated(cells[column], text_reader("region", column, REGION_NAME, lookup, table))
        period = self._moment("period", spec.period, cells)
        number = cells[spec.count].read

        def make(values: Values) -> Fields:
            text = number(values)
            if not (text.isascii() and text.isdigit()):
                raise RowRefused("bad_number", spec.count, show(text), "a whole number from 0")
            found = named(values)
            if isinstance(found, Ignored):
                raise RowIgnored(found.why)
            day, precision = period(values)
            return {
                "event_type": "count",
                "region": found,
                "period": day[:_MONTH] if precision == "month" else day[:_DAY],
                "count": int(text),
            }

        return make

    def _parts(
        self, spec: DocumentSpec, cells: Mapping[str, Cell]
    ) -> tuple[
        Fields,
        list[tuple[str, Callable[[Values], Any]]],
        list[tuple[str, Callable[[Values, str], Any]]],
    ]:
        """Fields that are always the same, those of one column, and amounts of money."""
        constants: Fields = {}
        getters: list[tuple[str, Callable[[Values], Any]]] = []
        amounts: list[tuple[str, Callable[[Values, str], Any]]] = []
        kinds = field_kinds(spec)
        for name, value in given(spec).items():
            if isinstance(value, str | Value):
                text = full(value)
                if text.column is None:
                    constants[name] = kinds[name].typed(text.value or "")
                else:
                    getters.append((name, translated(cells[text.column], self._text(name, text, spec))))
            elif isinstance(value, Distance):
                getters.append((name, translated(cells[value.column], distance_reader(name, value))))
            elif isinstance(value, Amount):
                amounts.append((name, self._in_money(name, value, cells)))
            elif name != "occurred_at":
                moment = translated(cells[value.column], self._optional_moment(name, value))
                getters.append((name, moment))
        return constants, getters, amounts

    def _in_money(
        self, name: str, amount: Amount, cells: Mapping[str, Cell]
    ) -> Callable[[Values, str], Any]:
        """Make what reads an amount and turns it into the feed's currency at the rate of its month."""
        read = translated(cells[amount.column], amount_reader(name, amount))
        wanted, all_rates = self.feed.currency, self.feed.rates
        own = amount.currency or wanted
        named = cells[amount.currency_column].read if amount.currency_column else None
        if named is None and own == wanted:
            return lambda values, _: read(values)

        def convert(values: Values, day: str) -> Any:
            found = read(values)
            currency = (named(values).upper() if named else "") or own
            if found is None or found.__class__ is Dropped or currency == wanted:
                return found
            rates = all_rates.get(currency)
            if rates is None:
                return None
            rate = rates.get(day[:7]) or rates.get(day[:4])
            if rate is None:
                return Dropped(name, f"no rate of {currency} for {day[:4]}")
            return round(found * rate, 2)

        return convert

    def _text(self, name: str, value: Value, spec: DocumentSpec) -> Translate:
        table = self.feed.codes[value.codes] if value.codes else None
        lookup = self.tables[value.codes] if value.codes else None
        column = value.column or ""
        return text_reader(name, column, field_kinds(spec)[name], lookup, table)

    def _moment(self, name: str, moment: Moment, cells: Mapping[str, Cell]) -> Callable[[Values], Any]:
        read = moment_reader(name, moment, self.zone, name, also_iso=self._typed_cells)

        def required(text: str) -> Any:
            if not text:
                raise RowRefused("missing_value", moment.column, "empty", "a day")
            written = read(text)
            if written is None:
                allowed = f"a day as {' or '.join(moment.formats)}"
                raise RowRefused("bad_date", moment.column, show(text), allowed)
            return written

        return translated(cells[moment.column], required)

    def _optional_moment(self, name: str, moment: Moment) -> Translate:
        read = moment_reader(name, moment, self.zone, name, also_iso=self._typed_cells)

        def optional(text: str) -> object:
            written = read(text) if text else None
            if written is None:
                return Dropped(name, show(text)) if text else None
            return written.text

        return optional

    @property
    def _typed_cells(self) -> bool:
        """Whether the container itself may know that a cell is a day."""
        return self.feed.container.kind in ("sheet", "parquet")


def given(spec: DocumentSpec) -> dict[str, Any]:
    """Fields of the document that the feed makes, by name."""
    apart = ("vin", "when", "event_id", "date_precision")
    everything = {name: getattr(spec, name) for name in spec.__struct_fields__}
    return {n: value for n, value in everything.items() if n not in apart and value is not None}


def full(value: str | Value) -> Value:
    """A field's description, which may be only the name of a column."""
    return Value(column=value) if isinstance(value, str) else value
