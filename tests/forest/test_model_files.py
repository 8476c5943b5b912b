"""Model directories: what is written is read back, what was tampered with is refused."""

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from detectors.forest.judging import judge
from streams.models import writing
from streams.models.manifest import ModelError
from streams.models.reading import read_model
from streams.models.writing import MANIFEST, roll_back, write_model
from tests.forest import population
from tests.forest.corpus import CORPUS, Malice, pickle
from tests.forest.populations import exports, life_cycles


def test_a_model_read_back_judges_to_the_same_bits(small_model, model_directory):
    loaded = read_model(model_directory)
    assert loaded.model.model_id == small_model.model.model_id
    assert loaded.manifest == small_model.manifest
    histories = [life.export() for life in population.scheme(71, 200)]
    for written, read, rows in (
        (small_model.model.reference, loaded.model.reference, life_cycles(histories)),
        (small_model.model.exports, loaded.model.exports, exports(histories)),
    ):
        assert np.array_equal(judge(written, *rows).score, judge(read, *rows).score)
        assert np.array_equal(judge(written, *rows).p_value, judge(read, *rows).p_value)


@pytest.mark.parametrize(("spoil", "reason"), CORPUS.items(), ids=lambda v: getattr(v, "__name__", v))
def test_tampered_model_is_refused_with_its_reason_and_nothing_is_executed(
    model_directory, spoil, reason
):
    spoil(model_directory)
    with pytest.raises(ModelError) as refused:
        read_model(model_directory)
    assert refused.value.reason == reason, str(refused.value)
    assert len(str(refused.value)) > 20
    assert not (model_directory / "executed").exists()


def test_the_malicious_pickle_of_the_corpus_would_work(tmp_path):
    """The check above can fail: an ordinary loader executes that payload."""
    pickle.loads(pickle.dumps(Malice(str(tmp_path / "executed"))))
    assert (tmp_path / "executed").exists()


def test_no_directory_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no model directory"):
        read_model(tmp_path / "nowhere")


def another(small_model, letter):
    """Another manifest for the same payload, told apart by its seed."""
    name = f"forest-{letter}.skops"
    return msgspec.structs.replace(small_model.manifest, seed=ord(letter), model_file=name)


def test_the_previous_model_is_kept_and_can_come_back(small_model, tmp_path):
    for letter in "abc":
        write_model(tmp_path, another(small_model, letter), small_model.payload)
    assert read_model(tmp_path).manifest.seed == ord("c")
    assert sorted(path.name for path in tmp_path.glob("*.skops")) == [
        "forest-b.skops",
        "forest-c.skops",
    ]
    roll_back(tmp_path)
    assert read_model(tmp_path).manifest.seed == ord("b")
    roll_back(tmp_path)
    assert read_model(tmp_path).manifest.seed == ord("c")


@pytest.mark.parametrize("step", range(8))
def test_a_crash_at_any_step_of_writing_leaves_a_readable_model(
    small_model, tmp_path, monkeypatch, step
):
    """Every rename and every flush is a step: the old model stands, or already the new one."""
    write_model(tmp_path, another(small_model, "a"), small_model.payload)
    steps = iter(range(100))

    def crashing(function):
        def run(*arguments, **options):
            if next(steps) == step:
                raise KeyboardInterrupt
            return function(*arguments, **options)

        return run

    monkeypatch.setattr(Path, "replace", crashing(Path.replace))
    monkeypatch.setattr(writing.os, "fsync", crashing(os.fsync))
    try:
        write_model(tmp_path, another(small_model, "b"), small_model.payload)
        finished = True
    except KeyboardInterrupt:
        finished = False
    seed = read_model(tmp_path).manifest.seed
    assert seed in {ord("a"), ord("b")}
    assert seed == ord("b") or not finished
    monkeypatch.undo()
    write_model(tmp_path, another(small_model, "d"), small_model.payload)
    assert read_model(tmp_path).manifest.seed == ord("d")
    assert not list(tmp_path.glob(".*.new"))


@pytest.mark.parametrize("name", ["model.json", "model_file"])
def test_a_pipe_or_a_device_in_a_files_place_is_neither_waited_for_nor_read(model_directory, name):
    manifest = model_directory / MANIFEST
    path = manifest if name == "model.json" else next(model_directory.glob("*.skops"))
    for put in (lambda: os.mkfifo(path), lambda: path.symlink_to("/dev/zero")):
        path.unlink(missing_ok=True)
        put()
        with pytest.raises(ModelError, match=r"regular file|bytes"):
            read_model(model_directory)


def test_a_deep_manifest_is_refused(model_directory):
    (model_directory / MANIFEST).write_bytes(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
    with pytest.raises(ModelError, match="not a model manifest"):
        read_model(model_directory)
