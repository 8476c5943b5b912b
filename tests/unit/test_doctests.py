"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import detectors

MODULES = [module.name for module in pkgutil.walk_packages(detectors.__path__, "detectors.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [t for n in MODULES for t in finder.find(importlib.import_module(n)) if t.examples]
    assert len(found) >= 5
