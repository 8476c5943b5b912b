"""Every parameter in one file, each with its source."""

import ast
import tomllib
from importlib import resources
from pathlib import Path

import pytest

import streams.simulator
from streams.simulator import ParameterError, load_country
from streams.simulator.labels import LABELS
from streams.simulator.lives.registry import DOMESTIC_LIVES, EXPORT_LIVES, NEVER_ZERO

TEXT = resources.files("streams.simulator").joinpath("country.toml").read_text("utf-8")


def test_every_table_names_its_source():
    for name, section in tomllib.loads(TEXT).items():
        for table in section if isinstance(section, list) else [section]:
            assert len(table["source"]) >= len("the same"), name


def test_every_life_is_written_and_has_a_share():
    country = load_country()
    assert set(country.export_lives.shares) == set(EXPORT_LIVES) > NEVER_ZERO
    assert set(country.domestic_lives.shares) == set(DOMESTIC_LIVES)
    assert sum(country.export_lives.shares.values()) < 0.5
    assert sum(country.domestic_lives.shares.values()) < 0.2


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("days = 1096", 'days = "long"', "defaults.days"),
        ("share = 0.75", "", "share"),
        ("[golden_week]", "[golden_weak]", "golden_weak"),
        ("strong_km = 100", "strong_km = 100\nstronger_km = 1", "stronger_km"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, right, wrong, named):
    assert right in TEXT
    path = tmp_path / "other.toml"
    path.write_text(TEXT.replace(right, wrong, 1), "utf-8")
    with pytest.raises(ParameterError, match=named) as caught:
        load_country(path)
    assert "other.toml" in str(caught.value)


def test_the_simulator_knows_nothing_of_the_detectors():
    folder = Path(streams.simulator.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                # The root of all errors is no detector.
                assert name == "detectors.errors" or not name.startswith("detectors"), path
                assert not name.startswith("streams.") or name.startswith("streams.simulator"), path


def test_labels_are_unique():
    assert len({label.name for label in LABELS}) == len(LABELS)
