"""What `zeromile feed check` and `convert` print."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from rich.table import Table
from rich.text import Text

from streams.feeds.converting import Account, Made
from streams.feeds.trial import TrialReport

_MOST_LINES: Final = 40
"""Lines of a table of values; how many more there are is said."""
_NUMBERS: Final = frozenset({"rows", "documents", "filled", "first in row", "line"})
"""Columns that hold numbers."""


def account_tables(account: Account) -> Iterator[Table]:
    """What became of the rows."""
    table = Table("rows", "", title=f"{account.rows:,} rows", title_justify="left")
    table.columns[0].justify = "right"
    made = ", ".join(f"{count:,} {kind}" for kind, count in account.documents.items()) or "none"
    table.add_row(f"{account.converted:,}", Text(f"became documents: {made}"))
    for why, count in account.ignored.most_common():
        table.add_row(f"{count:,}", Text(f"ignored: {why}"))
    for reason, count in account.refused.most_common():
        table.add_row(f"{count:,}", Text(f"refused: {reason}"))
    if account.losses.folded:
        folded = "VINs had Cyrillic or Greek letters, which were taken for Latin ones"
        table.add_row(f"{account.losses.folded:,}", folded)
    yield table
    if account.unmapped:
        first = account.first_unmapped
        rows = ((f"{count:,}", *key, str(first[key])) for key, count in account.unmapped.most_common())
        yield _table(("rows", "column", "value without a meaning: rows refused", "first in row"), rows)
    if account.losses.dropped:
        counted = account.losses.dropped.most_common()
        named = (
            (f"{count:,}", field, value, str(account.losses.examples[field, value]))
            for (field, value), count in counted
        )
        yield _table(("rows", "field", "value left out", "first in row"), named)


def trial_tables(report: TrialReport) -> Iterator[Table]:
    """What a dry run found."""
    yield from account_tables(report.account)
    columns = (
        (name, f"{c.filled / c.rows:.1%}" if c.rows else "-", "read" if c.known else "not read")
        for name, c in report.columns.items()
    )
    yield _table(("column", "filled", "by the feed"), columns)
    if report.absent:
        yield _table(("columns of the feed that the data lack",), ((key,) for key in report.absent))
    refused = (
        (reason, first.table, str(first.row.number), str(first.error))
        for reason, first in report.first_refused.items()
    )
    yield _table(("refused", "file", "line", "the first of them"), refused)
    found = ((f"{count:,}", what) for what, count in report.identities.most_common())
    yield _table(("documents", "identity"), found)


def trial_json(report: TrialReport) -> dict[str, object]:
    """What a dry run found, for programs."""
    account = report.account
    return {
        "rows": account.rows,
        "converted": account.converted,
        "documents": account.documents,
        "ignored": account.ignored,
        "refused": {
            reason: {"rows": count, "first": report.first_refused[reason].described()}
            for reason, count in account.refused.items()
        },
        "unmapped": [
            {
                "column": column,
                "value": value,
                "rows": n,
                "first": account.first_unmapped[column, value],
            }
            for (column, value), n in account.unmapped.most_common()
        ],
        "left_out": [
            {"field": f, "value": v, "rows": n, "first": account.losses.examples[f, v]}
            for (f, v), n in account.losses.dropped.most_common()
        ],
        "columns": {
            name: {"filled": c.filled, "rows": c.rows, "read": c.known}
            for name, c in report.columns.items()
        },
        "absent": report.absent,
        "folded": account.losses.folded,
        "identities": report.identities,
        "documents_shown": [made.documents for made in report.shown],
    }


def beside(shown: list[Made]) -> Iterator[str]:
    """The first rows and, below each, the documents that it became."""
    for made in shown:
        raw = made.row.raw
        text = raw if isinstance(raw, str) else raw.decode()
        yield f"line {made.row.number}: {text.rstrip()}"
        for fields in made.documents:
            yield f"    {msgspec.json.encode(fields).decode()}"


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold", justify="right" if name in _NUMBERS else "left")
    listed = list(rows)
    for row in listed[:_MOST_LINES]:
        table.add_row(*map(Text, row))
    if len(listed) > _MOST_LINES:
        table.add_row(f"and {len(listed) - _MOST_LINES:,} more")
    return table
