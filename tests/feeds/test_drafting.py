"""A draft asks what cannot be seen; once a person has answered, it converts."""

from pathlib import Path

import pytest

from detectors.country import CHINA
from streams.feeds.drafting import draft
from streams.feeds.errors import FeedError
from tests.feeds.feeds_of_tests import VIN, convert


def drafted(tmp_path: Path, *days: str) -> tuple[Path, str]:
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["VIN,DATE", *(f"{VIN},{day}" for day in days)]) + "\n")
    return data, draft(data, CHINA).replace('kind = { value = "?" }', 'kind = { value = "transfer" }')


def test_days_that_may_be_read_in_two_ways_are_asked_for(tmp_path: Path) -> None:
    data, text = drafted(tmp_path, "03/04/2025", "05/06/2025")
    with pytest.raises(FeedError, match=r"'dd/mm/yyyy or mm/dd/yyyy' .* say which of them it is"):
        convert(data, text)
    for chosen, first in (("dd/mm/yyyy", "2025-04-03"), ("mm/dd/yyyy", "2025-03-04")):
        documents, _, _ = convert(data, text.replace("dd/mm/yyyy or mm/dd/yyyy", chosen))
        assert documents[0]["occurred_at"] == first


def test_one_day_that_fits_one_way_alone_decides(tmp_path: Path) -> None:
    data, text = drafted(tmp_path, "03/04/2025", "25/06/2025")
    documents, _, refused = convert(data, text)
    assert [document["occurred_at"] for document in documents] == ["2025-04-03", "2025-06-25"]
    assert not refused


def test_columns_are_named_by_their_letters_or_by_their_number(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text(f"VIN,Fecha de matriculación,Año,车架号\n{VIN},2025-03-04,2025,一\n", "utf-8")
    text = draft(data, CHINA, "own.toml")
    for key, name in (
        ("fecha_de_matriculacion", "Fecha de matriculación"),
        ("ano", "Año"),
        ("column_4", "车架号"),
    ):
        assert f'{key} = "{name}"' in text
    assert "zeromile feed check own.toml data.csv" in text
