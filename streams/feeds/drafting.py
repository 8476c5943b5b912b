"""A first feed file for data that nobody has described: what can be seen is written, the rest is asked.

Nothing is guessed that changes what a document says: codes and ambiguous days stay open, and a feed
file with something open is not loaded.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from detectors.country import Country
from streams.feeds.containers.sniffing import Form, look
from streams.feeds.definition import OPEN
from streams.feeds.guessing import MOST_CODES, ColumnGuess, best, day_column, guess_columns

_KINDS: Final = ("initial", "transfer", "pending_export", "reregistration")
_REASONS: Final = ("export", "scrapped", "lost", "returned", "revoked", "temporary", "other")
_DESCRIBING: Final = ("brand", "model", "year", "plate")
"""Columns that tell vehicles apart where nothing else does."""


def draft(path: Path, country: Country, feed: str | None = None) -> str:
    """Write a feed file for a file of a country's data, with comments on what to correct.

    Parameters
    ----------
    path
        The data.
    country
        Whose they are.
    feed
        Name under which the feed file will be kept, for its comments.

    Raises
    ------
    FeedError
        If the file cannot be read, or is of a kind that only a person can describe.
    """
    form, header, rows = look(path)
    guesses = guess_columns(header, rows)
    lines = _Draft(path, form, guesses, country).lines(feed or f"{path.stem}.toml")
    return "\n".join(lines) + "\n"


class _Draft:
    """The feed file of one file of data."""

    def __init__(
        self, path: Path, form: Form, guesses: Sequence[ColumnGuess], country: Country
    ) -> None:
        self._path = path
        self._country = country
        self._form = form
        self._guesses = guesses
        self._vin = next((guess for guess in guesses if guess.is_identity), None)
        self._day = day_column(guesses)
        taken = (self._vin, self._day)
        self._kind = best(guesses, "kind", lambda guess: guess.is_code and guess not in taken)
        self._roles = {
            role: guess
            for role in ("brand", "model", "year", "province", "fuel", "odometer", "price", "owner",
                         "seller", "plate")
            if (guess := best(guesses, role, lambda g: g not in taken and g is not self._kind))
        }  # fmt: skip

    def lines(self, feed: str) -> Iterator[str]:
        """The file's lines; it will be kept under the name of `feed`."""
        yield f"# Drafted from {self._path.name}; what is {_text(OPEN)} is yours to say."
        yield f"# Then: zeromile feed check {feed} {self._path.name}"
        yield f"title = {_text(self._path.stem)}"
        yield f"source = {_text(self._path.stem)}"
        yield f"country = {_text(self._country.code)}  # whose regions and days these are, ISO 3166-1"
        yield f"timezone = {_text(self._country.timezone)}  # of times without an offset"
        yield f"currency = {_text(self._country.currency)}  # of prices in documents, ISO 4217"
        tokens = sorted({token for guess in self._guesses for token in guess.tokens})
        yield f"missing = {_texts(tokens)}"
        yield ""
        yield from self._form.lines()
        yield ""
        yield from self._columns()
        yield ""
        for event_type, words in (("registration", _KINDS), ("deregistration", _REASONS)):
            yield from self._document(event_type, words)
        yield from self._codes()

    def _columns(self) -> Iterator[str]:
        yield "# Every column of the data: its name here, its name there. Remove what you do not need."
        yield "[columns]"
        for guess in self._guesses:
            yield f"{guess.key} = {_text(guess.name)}  # {_seen(guess)}"
        if self._kind is not None:
            yield f'what = {{ first_of = [{_text(self._kind.key)}], codes = "kinds" }}'

    def _document(self, event_type: str, words: Sequence[str]) -> Iterator[str]:
        if self._kind is None and event_type == "deregistration":
            return
        yield "[[document]]"
        yield f"type = {_text(event_type)}"
        if self._kind is not None:
            yield f"when = {{ what = {_texts(words)} }}"
        yield from self._identity()
        yield from self._occurred()
        field = "kind" if event_type == "registration" else "reason"
        yield (
            f'{field} = "what"' if self._kind is not None else f"{field} = {{ value = {_text(OPEN)} }}"
        )
        if event_type == "registration":
            yield from self._details()
        yield ""

    def _identity(self) -> Iterator[str]:
        if self._vin is not None:
            yield f"vin = {{ columns = {_texts([self._vin.key])} }}"
            return
        number = best(self._guesses, "number", lambda guess: len(guess.values) > guess.filled / 3)
        if number is not None:
            yield "# No column looks like a VIN: this one is taken as the register's own number."
            yield f'vin = {{ columns = {_texts([number.key])}, kind = "other", scheme = "OWN" }}'
            return
        keys = [self._roles[role].key for role in _DESCRIBING if role in self._roles]
        keys += [g.key for g in self._guesses if g.formats and g is not self._day]
        keys = keys or [guess.key for guess in self._guesses if guess is not self._day]
        yield "# No column identifies a vehicle: cars that agree in all these are taken for one."
        yield f'vin = {{ columns = {_texts(keys)}, kind = "other", scheme = "OWN", digest = true }}'

    def _occurred(self) -> Iterator[str]:
        if self._day is None:
            column = self._guesses[0].key
            yield "# No column looks like a day: name it, and its format."
            yield f"occurred_at = {{ column = {_text(column)}, formats = [{_text(OPEN)}] }}"
            return
        formats = self._day.formats
        if len(formats) > 1:
            example = next(iter(self._day.values))
            yield f"# {_text(example)} and all others fit {' and '.join(formats)}: keep the right one."
        written = _texts([" or ".join(formats), *self._day.other_formats])
        yield f"occurred_at = {{ column = {_text(self._day.key)}, formats = {written} }}"

    def _details(self) -> Iterator[str]:
        for role, field in (("brand", "brand"), ("model", "model"), ("plate", "plate"),
                            ("owner", "owner_id"), ("seller", "seller_id")):  # fmt: skip
            if role in self._roles:
                yield f"{field} = {_text(self._roles[role].key)}"
        for role in ("province", "fuel"):
            if role in self._roles and self._roles[role].is_code:
                yield f'{role} = {{ column = {_text(self._roles[role].key)}, codes = "{role}s" }}'
        odometer, price = self._roles.get("odometer"), self._roles.get("price")
        if odometer is not None and odometer.is_number:
            yield f'odometer_km = {{ column = {_text(odometer.key)}, unit = "km" }}  # or unit = "mile"'
        if price is not None and price.is_number:
            yield "# A price in another currency needs currency and [rates.XXX], or is left out:"
            own = _text(self._country.currency)
            yield f"# price_cny = {{ column = {_text(price.key)}, currency = {own} }}"

    def _codes(self) -> Iterator[str]:
        if self._kind is not None:
            yield f"# What {_text(self._kind.name)} stands for: {', '.join(_KINDS)} for a registration,"
            yield f"# {', '.join(_REASONS)} for a deregistration, ignore for no document."
            yield "[codes.kinds]"
            yield "required = true"
            yield "[codes.kinds.values]"
            yield from _table(self._kind, OPEN)
        for role, note in (
            ("province", "ISO 3166-2 codes"),
            ("fuel", "petrol, diesel, hev, phev, erev, bev, fcev"),
        ):
            guess = self._roles.get(role)
            if guess is not None and guess.is_code:
                yield ""
                yield f'# {note}, or "" for no statement.'
                yield f"[codes.{role}s.values]"
                yield from _table(guess, "")


def _table(guess: ColumnGuess, meaning: str) -> Iterator[str]:
    for value, count in guess.values.most_common(MOST_CODES):
        yield f"{_text(value)} = {_text(meaning)}  # {count:,} rows"


def _seen(guess: ColumnGuess) -> str:
    share = guess.filled / guess.rows if guess.rows else 0.0
    if guess.is_identity:
        what = "looks like a VIN"
    elif guess.formats:
        what = " or ".join(guess.formats)
    elif guess.is_code:
        what = f"{len(guess.values)} different values" if len(guess.values) > 1 else "always the same"
    else:
        what = "number" if guess.is_number else "text"
    example = next(iter(guess.values), "")
    return f"{what}, {share:.0%} filled: {_text(example[:40])}" if example else "empty"


def _text(value: str) -> str:
    """A text as TOML writes it; JSON writes it alike but for what JSON need not escape."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
