"""A feed file with a mistake has an error that names the key, the value and what is allowed."""

import copy
import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds.errors import FeedError
from streams.feeds.loading import feed_text, load_feed, parse_feed, shipped_feeds
from tests.feeds.feeds_of_tests import PLAIN

MISTAKES = [
    ('kind = "csv"', 'kind = "xls"', "container.kind is 'xls'; allowed: one of csv, fixed"),
    ('kind = "csv"', 'knd = "csv"', "[container]: unknown key 'knd'; did you mean 'kind'?"),
    ('title = "plain"', "", "lacks the key 'title'"),
    ('source = "plain"', 'source = ""', "source is ''"),
    ('country = "ES"', 'country = "Spain"', "country is 'Spain'; allowed: a text like"),
    ('timezone = "Europe/Madrid"', 'timezone = "Madrid"', "timezone is 'Madrid'; allowed: a name of the tz database"),
    ('vin = "VIN"', "vin = 7", "columns.vin is 7; allowed: a text or a list"),
    ('vin = "VIN"', 'vin = { nme = ["VIN"] }', "[columns.vin]: unknown key 'nme'; did you mean 'names'?"),
    ('vin = "VIN"', "vin = { optional = true }", "columns.vin: allowed: one of names, join and first_of"),
    ('vin = "VIN"', 'vin = { join = ["day"] }', "columns.vin: names 'day'; allowed: columns above it, none"),
    ('type = "registration"', 'type = "sale"', "document[1].type is 'sale'"),
    ('type = "registration"', 'type = "deregistration"', "[document[1]]: unknown key"),
    ('brand = "brand"\nodo', "brand = 3\nodo", "document[1].brand is 3; allowed: a text or a table with column"),
    ('brand = "brand"\nodo', 'brand = "brnd"\nodo', "document[1].brand: there is no columns.brnd; there are vin"),
    ('brand = "brand"\nodo', 'bran = "brand"\nodo', "[document[1]]: unknown key 'bran'; did you mean 'brand'?"),
    ('formats = ["dd.mm.yyyy", "iso"]', 'formats = ["dd.mm.jjjj"]', "'dd.mm.jjjj' is no format"),
    ('formats = ["dd.mm.yyyy", "iso"]', 'formats = ["dd/mm/yyyy or mm/dd/yyyy"]', "say which of them it is"),
    ('formats = ["dd.mm.yyyy", "iso"]', "formats = []", "document[1].occurred_at.formats is []"),
    ('codes = "whats"', 'codes = "wots"', "there is no table codes.wots; there are whats"),
    ('"1" = "initial"', '"1" = "first"', "'1' stands for 'first'; allowed for document[1].kind: one of initial"),
    ('"1" = "initial"', '"1" = "?"', "codes.whats: it is not yet said what '1' stands for"),
    ('"1" = "initial"', '"1" = 1', "codes.whats.values.1 is 1; allowed: a text"),
    ('"2" = "transfer"', '" 1 " = "transfer"', "a code that reads the same"),
    ('{ columns = ["vin"] }', '{ columns = ["vin"], kind = "other" }', "needs a scheme"),
    ('{ columns = ["vin"] }', '{ columns = ["wien"] }', "document[1].vin: there is no columns.wien"),
    ("[codes.whats.values]", '[rates.USD]\n"2025" = -1\n[codes.whats.values]', "rates.USD.2025 is -1; allowed: a number"),
    ("[[document]]", "[document]", "document is {"),
    ("title", "title = [", "the feed is not TOML"),
    ("[[document]]", '[counts]\nregion = "what"\nperiod = { column = "day", formats = ["iso"] }\ncount = "km"\n[[document]]',
     "allowed: either one [[document]] and more, or [counts]"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_is_allowed(right: str, wrong: str, told: str) -> None:
    assert right in PLAIN
    with pytest.raises(FeedError) as error:
        parse_feed(PLAIN.replace(right, wrong, 1), "mine.toml")
    assert str(error.value).startswith("mine.toml: ")
    assert told in str(error.value)


def _places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        table.items()
        if isinstance(table, dict)
        else enumerate(table)
        if isinstance(table, list)
        else ()
    )
    return [place for key, value in items for place in ((*path, key), *_places(value, (*path, key)))]


FEEDS = {name: tomllib.loads(feed_text(name)) for name in shipped_feeds()}
PLACES = {name: _places(tables) for name, tables in FEEDS.items()}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12), st.just([]), st.just({}), st.just(["x"]),
    st.just({"x": "y"}), st.just("?"), st.just("ignore"),
)  # fmt: skip


@settings(deadline=None)
@given(st.data())
def test_whatever_stands_in_a_feed_it_loads_or_says_what_is_wrong(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FEEDS)))
    tables = copy.deepcopy(FEEDS[name])
    path = data.draw(st.sampled_from(PLACES[name]))
    parent = tables
    for step in path[:-1]:
        parent = parent[step]
    value = data.draw(VALUES)
    if data.draw(st.booleans()) and isinstance(parent, dict):
        parent[data.draw(st.text(st.characters(categories=("Ll",)), min_size=1, max_size=8))] = (
            parent.pop(path[-1])
        )
    elif value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    try:
        parse_feed(tomlkit.dumps(tables), "mine.toml")
    except FeedError as error:
        told = str(error)
    else:
        return
    assert told.startswith("mine.toml: ")
    assert any(word in told for word in ("allowed", "lacks", "unknown key", "there is no", "needs no"))


def test_an_unknown_feed_is_told_with_a_near_one() -> None:
    with pytest.raises(FeedError, match=r"there is no feed 'es-dgtt'.*did you mean 'es-dgt'"):
        load_feed("es-dgtt")


def test_data_given_for_a_feed_are_told(tmp_path: Any) -> None:
    (tmp_path / "data.csv").write_bytes(b"\xff\xfe" * 10)
    with pytest.raises(FeedError, match="cannot read the feed"):
        load_feed(str(tmp_path / "data.csv"))
