"""A feed turned into functions, once: a row's values in, the documents' fields out."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from streams.feeds.codes import compile_table
from streams.feeds.columns import bind_columns, full_column
from streams.feeds.definition import Amount, Counts, Distance, DocumentSpec, FeedFile, Moment, Value
from streams.feeds.errors import FeedError
from streams.feeds.making import Maker, full, given
from streams.feeds.rows import Losses, RowConverter, applies_when, explainer
from streams.feeds.values import REGION_NAME, FieldKind, field_kinds, moment_reader


class CompiledFeed:
    """A feed whose references are checked, ready for files.

    Raises
    ------
    FeedError
        For a column, table of codes, format or meaning that the feed names and does not have.
    """

    def __init__(self, feed: FeedFile) -> None:
        self.feed = feed
        self._zone = _zone(feed.timezone)
        self._tables = {name: compile_table(name, table) for name, table in feed.codes.items()}
        _check_columns(feed)
        if bool(feed.document) == (feed.counts is not None):
            raise FeedError("the feed: allowed: either one [[document]] and more, or [counts]")
        if feed.counts is not None:
            self._check_counts(feed.counts)
        for number, spec in enumerate(feed.document, 1):
            self._check(spec, f"document[{number}]")
        for number, ignore in enumerate(feed.ignore, 1):
            _check_keys(feed, ignore.when, f"ignore[{number}].when")

    def bind(self, header: Sequence[str], file: str, losses: Losses | None = None) -> RowConverter:
        """Make what converts the rows of a file with these columns.

        Raises
        ------
        FeedError
            If the file lacks a column, or has two of one name.
        """
        cells = bind_columns(self.feed, self._tables, header, file)
        losses = Losses() if losses is None else losses
        maker = Maker(self.feed, self._tables, self._zone, losses)
        ignores = [(applies_when(ignore.when, cells), ignore.why) for ignore in self.feed.ignore]
        documents = [
            (applies_when(spec.when, cells), maker.make(number, spec, cells))
            for number, spec in enumerate(self.feed.document)
        ]
        if self.feed.counts is not None:
            documents.append((applies_when({}, cells), maker.make_count(self.feed.counts, cells)))
        return RowConverter(ignores, documents, explainer(self.feed, cells))

    def _check(self, spec: DocumentSpec, place: str) -> None:
        _check_keys(self.feed, spec.when, f"{place}.when")
        _check_keys(self.feed, spec.event_id, f"{place}.event_id")
        _check_keys(self.feed, spec.vin.columns, f"{place}.vin")
        if spec.vin.kind != "vin" and not spec.vin.scheme:
            raise FeedError(
                f"{place}.vin: kind {spec.vin.kind!r} needs a scheme that says whose numbers they are; "
                "allowed: 1 to 20 letters, digits and hyphens"
            )
        for name, value in given(spec).items():
            where = f"{place}.{name}"
            if isinstance(value, str | Value):
                self._check_text(full(value), where, field_kinds(spec)[name])
            elif isinstance(value, Moment | Amount | Distance):
                _check_keys(self.feed, [value.column], where)
                if isinstance(value, Amount) and value.currency_column is not None:
                    _check_keys(self.feed, [value.currency_column], where)
                if isinstance(value, Moment):
                    moment_reader(name, value, self._zone, where, also_iso=False)

    def _check_counts(self, counts: Counts) -> None:
        _check_keys(self.feed, [counts.count, counts.period.column], "counts")
        self._check_text(full(counts.region), "counts.region", REGION_NAME)
        moment_reader("period", counts.period, self._zone, "counts.period", also_iso=False)

    def _check_text(self, value: Value, where: str, kind: FieldKind) -> None:
        if (value.column is None) == (value.value is None):
            raise FeedError(f"{where}: allowed: either a column or a value")
        if value.value is not None:
            if value.codes is not None:
                raise FeedError(f"{where}: a value needs no codes")
            kind.check(value.value, where)
            return
        _check_keys(self.feed, [value.column or ""], where)
        if value.codes is None:
            return
        table = self.feed.codes.get(value.codes)
        if table is None:
            known = ", ".join(self.feed.codes) or "none"
            raise FeedError(f"{where}: there is no table codes.{value.codes}; there are {known}")
        kind.check_table(table, f"codes.{value.codes}", where)


def compile_feed(feed: FeedFile) -> CompiledFeed:
    """Check a feed's references and make it ready for files.

    Raises
    ------
    FeedError
        For a column, table of codes, format or meaning that the feed names and does not have.
    """
    return CompiledFeed(feed)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise FeedError(
            f"timezone is {name!r}; allowed: a name of the tz database, such as Europe/Madrid"
        ) from None


def _check_columns(feed: FeedFile) -> None:
    seen: list[str] = []
    for key, spec in feed.columns.items():
        column = full_column(spec)
        if [bool(column.names), bool(column.join), bool(column.first_of)].count(True) != 1:
            raise FeedError(f"columns.{key}: allowed: one of names, join and first_of")
        unknown = next((name for name in column.join + column.first_of if name not in seen), None)
        if unknown is not None:
            above = ", ".join(seen) or "none"
            raise FeedError(f"columns.{key}: names {unknown!r}; allowed: columns above it, {above}")
        if column.codes is not None and column.codes not in feed.codes:
            known = ", ".join(feed.codes) or "none"
            raise FeedError(f"columns.{key}: there is no table codes.{column.codes}; there are {known}")
        if column.part > column.parts:
            raise FeedError(f"columns.{key}: part is {column.part}; allowed: at most {column.parts}")
        seen.append(key)


def _check_keys(feed: FeedFile, keys: Iterable[str], place: str) -> None:
    for key in keys:
        if key not in feed.columns:
            raise FeedError(f"{place}: there is no columns.{key}; there are {', '.join(feed.columns)}")
