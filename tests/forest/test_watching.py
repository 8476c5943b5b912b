"""A running service takes a new model from its directory and never a bad one."""

import shutil

import pytest

from streams.models.manifest import ModelError
from streams.models.watching import ModelDirectory
from streams.models.writing import write_model
from tests.forest.corpus import flipped_bit


def test_a_model_is_given_once_and_a_new_one_again(model_directory, small_model, new_model):
    watched = ModelDirectory(model_directory)
    first = watched.poll()
    assert first is not None
    assert first.model.model_id == small_model.model.model_id == watched.model_id
    assert watched.poll() is None
    write_model(model_directory, new_model.manifest, new_model.payload)
    second = watched.poll()
    assert second is not None
    assert second.model.model_id == new_model.model.model_id
    assert watched.poll() is None
    assert watched.refused is None


def test_a_bad_model_leaves_the_old_one_in_use_and_says_why(model_directory, small_model):
    watched = ModelDirectory(model_directory)
    assert watched.poll() is not None
    flipped_bit(model_directory)
    assert watched.poll() is None
    assert watched.refused is not None
    assert watched.refused.reason == "wrong_digest"
    assert watched.model_id == small_model.model.model_id
    write_model(model_directory, small_model.manifest, small_model.payload)
    assert watched.poll() is None  # the same model as before: nothing to judge again
    assert watched.refused is None


def test_a_refusal_is_one_until_something_changes(model_directory, small_model):
    watched = ModelDirectory(model_directory)
    assert watched.poll() is not None
    (model_directory / "manifest.json").unlink()
    assert watched.poll() is None
    first = watched.refused
    assert first is not None
    assert watched.poll() is None
    assert watched.refused is first
    shutil.rmtree(model_directory)
    write_model(model_directory, small_model.manifest, small_model.payload)
    assert watched.poll() is None
    assert watched.refused is None


def test_a_copy_whose_manifest_comes_first_is_used_when_it_is_whole(tmp_path, small_model):
    copy = tmp_path / "copy"
    write_model(copy, small_model.manifest, small_model.payload)
    (copy / small_model.manifest.model_file).unlink()
    watched = ModelDirectory(copy)
    assert watched.poll() is None
    assert watched.refused is not None
    (copy / small_model.manifest.model_file).write_bytes(small_model.payload)
    assert watched.poll() is not None


def test_a_service_does_not_begin_with_a_bad_model(model_directory):
    flipped_bit(model_directory)
    with pytest.raises(ModelError, match="SHA-256"):
        ModelDirectory(model_directory).load()


def test_a_directory_that_is_not_there_yet_is_no_fault_of_the_service(tmp_path, small_model):
    watched = ModelDirectory(tmp_path / "later")
    assert watched.poll() is None
    assert watched.refused is not None
    write_model(tmp_path / "later", small_model.manifest, small_model.payload)
    assert watched.poll() is not None
