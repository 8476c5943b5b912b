"""A small feed, and what makes conversions of it."""

from pathlib import Path
from typing import Any

from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Account, Conversion, Refused
from streams.feeds.loading import parse_feed

PLAIN = """
title = "plain"
source = "plain"
country = "ES"
timezone = "Europe/Madrid"
missing = ["-", "NULL"]
[container]
kind = "csv"
[columns]
vin = "VIN"
day = ["DAY", "DATE"]
what = "WHAT"
brand = { names = ["BRAND"], optional = true }
km = { names = ["KM"], optional = true }
[[document]]
type = "registration"
vin = { columns = ["vin"] }
occurred_at = { column = "day", formats = ["dd.mm.yyyy", "iso"] }
kind = { column = "what", codes = "whats" }
brand = "brand"
odometer_km = { column = "km" }
[codes.whats.values]
"1" = "initial"
"2" = "transfer"
"3" = "ignore"
"""
VIN = "LRW3E7FS5PC695355"


def convert(
    path: Path | list[Path], text: str = PLAIN
) -> tuple[list[dict[str, Any]], Account, list[Refused]]:
    """Documents, account and refused rows of files."""
    refused: list[Refused] = []
    conversion = Conversion(compile_feed(parse_feed(text, "test.toml")), refused.append)
    paths = [path] if isinstance(path, Path) else path
    documents: list[dict[str, Any]] = [d for made in conversion.made(paths) for d in made.documents]
    assert conversion.account.balanced
    return documents, conversion.account, refused
