"""What the columns of unknown data look like: identities, days, codes, numbers."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from streams.feeds.dates import Read, reader
from streams.feeds.folding import fold, to_latin

_FORMATS: Final = (
    "iso", "dd.mm.yyyy", "mm.dd.yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy", "mm-dd-yyyy",
    "yyyy/mm/dd", "yyyy.mm.dd", "ddmmyyyy", "mmddyyyy", "yyyymmdd", "yyyymm", "yyyy-mm",
    "dd.mm.yy", "mm.dd.yy", "dd/mm/yy", "mm/dd/yy", "month dd yyyy", "month dd, yyyy", "dd month yyyy",
    "yyyy年mm月dd日",
)  # fmt: skip
_TOKENS: Final = frozenset(
    {"-", "--", "NULL", "N/A", "NA", "NONE", "S/D", "Н/Д", "无", "#N/A", "(NULL)"}
)
_READ: Final = {name: reader([name], 50, ZoneInfo("UTC")) for name in _FORMATS}
_VIN_LENGTH: Final = 17
_MOST_COUNTED: Final = 5_000
"""Different values of a column that are counted."""
_SHARE: Final = 0.95
"""Of the values of a column that must look like one thing."""
_SHARE_OF_VINS: Final = 0.6
_SHARE_OF_DAYS: Final = 0.7
_LEAST_SHARE_OF_DAYS: Final = 0.3
"""Of the commonest format."""
_FEW: Final = 12
MOST_CODES: Final = 250
"""Different values of a column of codes."""

_HINTS: Final[dict[str, tuple[str, ...]]] = {
    "kind": (
        "TRAMITE_TIPO", "OPER", "TRANSACTION TYPE", "TRANSACTION", "TRAMITE", "MOVEMENT", "EVENT",
        "ACTION", "KIND", "业务类型", "登记类型", "ACTE", "VORGANG", "ОПЕРАЦ", "TYPE", "TIPO",
    ),
    "day": (
        "TRAMITE_FECHA", "FEC_TRAMITE", "D_REG", "TRANSACTION DATE", "TRANSFER DATE", "SALE DATE",
        "REG DATE", "REGISTRATION", "登记日期", "业务日期", "申报日期", "EVENT", "DATE", "FECHA", "FEC",
        "日期", "DATUM", "ДАТА",
    ),
    "brand": ("BRAND", "MAKE", "MARCA_DESC", "MARCA", "MARQUE", "MARKE", "品牌", "МАРКА"),
    "model": ("MODEL_NAME", "MODELO_DESC", "MODELO", "MODEL", "型号", "МОДЕЛЬ"),
    "year": ("MAKE_YEAR", "MODEL YEAR", "ANIO", "YEAR", "年份"),
    "fuel": ("FUEL", "COMBUSTIBLE", "PROPULSION", "燃料", "ПАЛИВ", "ТОПЛИВ", "ENERGIE"),
    "province": ("PROVINC", "REGION", "STATE", "省", "ОБЛАСТЬ", "DEPARTAMENTO"),
    "odometer": ("ODOMETER", "MILEAGE", "KILOMET", "里程", "ПРОБЕГ", "ПРОБІГ", "KM"),
    "price": ("PRICE", "PRECIO", "车价", "价格", "总价", "ЦЕНА", "AMOUNT"),
    "owner": ("OWNER_ID", "BUYER", "OWNER", "TITULAR_ID", "买方", "所有人", "ВЛАСНИК"),
    "seller": ("SELLER", "VENDEDOR", "卖方"),
    "plate": ("PLATE", "N_REG", "号牌", "车牌", "PATENTE", "DOMINIO", "MATRICULA_NO"),
    "number": ("VEHICLE ID", "VEHICLE_ID", "CHASSIS", "BASTIDOR", "CHASIS", "车架", "识别代", "VIN"),
}  # fmt: skip
"""What the names of columns hold, the surest first."""
_SHORT: Final = 3
"""Letters of a hint that must be a word of its own: a province is no VIN."""
_SERIAL: Final = re.compile(r"[2-5]\d{4}(?:\.\d+)?")
_NOT_THE_DAY: Final = ("FIRST", "PRIM", "INICIAL", "BIRTH", "NACIM", "YEAR", "PROCES", "BUILD")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column of unknown data looks like."""

    name: str
    key: str
    """Its name in the feed."""
    rows: int
    filled: int
    values: Counter[str]
    """How often; of very many only some."""
    tokens: tuple[str, ...]
    """Values that mean nothing was stated."""
    formats: tuple[str, ...]
    """Formats of days that fit nearly all values: several where it cannot be told."""
    other_formats: tuple[str, ...]
    """A format for values that those do not fit."""
    is_number: bool
    is_identity: bool
    """Whether the values look like VINs, whole or masked."""

    @property
    def is_code(self) -> bool:
        """Whether few values stand again and again."""
        few = 0 < len(self.values) <= min(MOST_CODES, max(_FEW, self.filled // 2))
        return few and not self.is_identity and not self.formats


def guess_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[ColumnGuess]:
    """Look at every column of the rows."""
    keys = _keys(header)
    return [
        _guess(name, key, [row[n].strip() for row in rows])
        for n, (name, key) in enumerate(zip(header, keys, strict=True))
    ]


def best(
    guesses: Sequence[ColumnGuess], role: str, fits: Callable[[ColumnGuess], bool]
) -> ColumnGuess | None:
    """The column that is surest by its name to play a role, among those whose values fit."""
    ranked = [
        (rank, n, guess)
        for n, guess in enumerate(guesses)
        if fits(guess) and (rank := _rank(guess.name, role)) is not None
    ]
    return min(ranked, key=lambda entry: entry[:2])[2] if ranked else None


def day_column(guesses: Sequence[ColumnGuess]) -> ColumnGuess | None:
    """The column that is surest to say when it happened."""
    days = [guess for guess in guesses if guess.formats]
    others = [g for g in days if not any(word in _folded(g.name) for word in map(fold, _NOT_THE_DAY))]
    found = best(others, "day", lambda _: True) or best(days, "day", lambda _: True)
    return found or next(iter(others or days), None)


def _rank(name: str, role: str) -> int | None:
    folded = _folded(name)
    words = f" {folded.replace('_', ' ')} "
    return next(
        (
            n
            for n, hint in enumerate(_HINTS[role])
            if (
                fold(hint) in folded
                if len(hint) > _SHORT or not hint.isascii()
                else f" {hint} " in words
            )
        ),
        None,
    )


def _folded(name: str) -> str:
    return fold(name.replace(".", " "))


def _keys(header: Sequence[str]) -> list[str]:
    """Names for the feed, each only once.

    They are the columns' own without accents, or numbers where those are in another alphabet.
    """
    keys: list[str] = []
    for number, name in enumerate(header, 1):
        words = re.findall(r"\w+", fold(name).lower().replace("_", " "))
        written = bool(words) and all(map(str.isascii, words))
        key = "_".join(words) if written else f"column_{number}"
        keys.append(key if key not in keys else f"{key}_{number}")
    return keys


def _guess(name: str, key: str, values: list[str]) -> ColumnGuess:
    tokens = tuple(sorted({value for value in values if _is_token(value)}))
    stated = [value for value in values if value and value not in tokens]
    counted = Counter(stated)
    if len(counted) > _MOST_COUNTED:
        counted = Counter(dict(counted.most_common(_MOST_COUNTED)))
    sample = stated[:2_000]
    formats, others = _formats(sample)
    return ColumnGuess(
        name=name,
        key=key,
        rows=len(values),
        filled=len(stated),
        values=counted,
        tokens=tokens,
        formats=formats,
        other_formats=others,
        is_number=_share(sample, _is_number) >= _SHARE,
        is_identity=_share(sample, _is_identity) >= _SHARE_OF_VINS,
    )


def _is_token(value: str) -> bool:
    return value.upper() in _TOKENS or (len(value) > 1 and set(value) in ({"*"}, {"-"}))


def _formats(sample: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats that fit most values, several where they fit them alike; and the others of the rest."""
    shares = {name: _share(sample, partial(_reads, read)) for name, read in _READ.items()}
    most = max(shares.values())
    if most < _LEAST_SHARE_OF_DAYS:
        return (), ()
    best_ones = tuple(name for name, share in shares.items() if share == most)
    rest = (value for value in sample if not _reads(_READ[best_ones[0]], value))
    fitting = [_fitting(value) for value in rest]
    others = dict.fromkeys(names[0] for names in fitting if len(names) == 1)
    uncovered = sum(1 for names in fitting if len(names) != 1)
    return (best_ones, tuple(others)) if uncovered <= len(sample) * (1 - _SHARE_OF_DAYS) else ((), ())


def _fitting(value: str) -> list[str]:
    """Formats of days that fit a value among days; five digits are a spreadsheet's."""
    names = [name for name, read in _READ.items() if _reads(read, value)]
    return names or (["excel"] if _SERIAL.fullmatch(value) else [])


def _reads(read: Read, value: str) -> bool:
    return read(value) is not None


def _share(sample: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, sample)) / len(sample) if sample else 0.0


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).replace(",", "").lstrip("-").isdigit()


def _is_identity(value: str) -> bool:
    text = to_latin(value.upper()).replace("*", "0")
    mixed = not text.isdigit() and any(map(str.isdigit, text))
    return len(text) == _VIN_LENGTH and text.isascii() and text.isalnum() and mixed
