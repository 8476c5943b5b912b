"""The examples in the report's docstrings."""

import doctest
import importlib
import pkgutil

import pytest

import streams.report

MODULES = [f"streams.report.{module.name}" for module in pkgutil.iter_modules(streams.report.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(len(test.examples) for test in found) >= 5
