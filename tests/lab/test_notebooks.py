"""The notebooks run from top to bottom, and what they work out holds."""

import json
import os
import warnings
from pathlib import Path

import pytest

from tests.simulated import record_country

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return record_country(tmp_path_factory.mktemp("books") / "c.jsonl.gz", vehicles=800, seed=3)


def executed(name, country, monkeypatch):
    monkeypatch.setenv("ZEROMILE_DOCUMENTS", os.fspath(country))
    book = json.loads((DOCS / name).read_text("utf-8"))
    names = {}
    with warnings.catch_warnings():  # a notebook sets filters of its own
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == [], "a notebook is kept without what it printed"
                exec(compile("".join(cell["source"]), name, "exec"), names)  # noqa: S102 - our own pages
    return names


def test_the_auditor_s(country, monkeypatch):
    names = executed("auditor.ipynb", country, monkeypatch)
    assert len(names["cases"]) > 0
    assert names["cases"]["evidence"].str.contains("/").all()
    assert set(names["first"]["vin"]) <= set(names["aloud"]["subject"])
    assert not names["aloud"]["shadow"].any()
    assert len(names["life"]) > 0


def test_the_analyst_s(country, monkeypatch):
    names = executed("analyst.ipynb", country, monkeypatch)
    nation = names["nation"]
    final = nation[~nation["censored"]]
    assert (final["low"] == final["high"]).all()
    assert (final["retail"] == final["registered"] - final["exported"]).all()
    open_ = nation[nation["censored"]]
    assert 11 <= len(open_) <= 14
    assert open_["month"].min() > final["month"].max()
    assert (open_["low"] <= open_["retail"]).all()
    assert (open_["retail"] <= open_["high"]).all()
    assert (open_["low"] < open_["high"]).any()
    for by in ("by_maker", "by_province"):
        for column in ("registered", "exported"):
            assert names[by][column].sum() <= nation[column].sum()
    assert names["by_maker"]["registered"].sum() == nation["registered"].sum()
    assert names["covered"] >= 0.75
