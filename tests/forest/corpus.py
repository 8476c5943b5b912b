"""Model directories that must be refused: what is done to a good one, and the reason to expect.

Every function spoils a directory in place. Those that forge a payload also forge a manifest that
matches it: a digest is no signature, so the checks behind it must hold alone.
"""

import io
import json
import pickle  # noqa: TID251 - to write the malicious files that must not be executed
import zipfile
from pathlib import Path

import numpy as np
import skops.io
from sklearn.ensemble import IsolationForest, RandomForestRegressor

from streams.models.writing import digest

TRUSTED = ["sklearn.tree._tree.Tree"]


class Executed(Exception):  # noqa: N818
    """Raised by a payload that was executed."""


class Malice:
    """Unpickles into writing a file."""

    def __init__(self, sentinel: str) -> None:
        self.sentinel = sentinel

    def __reduce__(self):
        return (Path.touch, (Path(self.sentinel),))


def manifest_of(directory: Path) -> dict:
    return json.loads((directory / "manifest.json").read_text())


def set_manifest(directory: Path, **fields) -> None:
    (directory / "manifest.json").write_text(json.dumps(manifest_of(directory) | fields))


def payload_of(directory: Path) -> bytes:
    return model_file(directory).read_bytes()


def model_file(directory: Path) -> Path:
    return directory / manifest_of(directory)["model_file"]


def forge(directory: Path, payload: bytes) -> None:
    """Put another file in, with a manifest that matches its digest and size."""
    model_file(directory).write_bytes(payload)
    set_manifest(directory, sha256=digest(payload), size=len(payload))


def content_of(directory: Path) -> dict:
    return skops.io.loads(payload_of(directory), trusted=TRUSTED)


def forge_content(directory: Path, content: object) -> None:
    forge(directory, skops.io.dumps(content, compression=zipfile.ZIP_DEFLATED))


def flipped_bit(directory: Path) -> None:
    payload = bytearray(payload_of(directory))
    payload[len(payload) // 2] ^= 1
    flipped = directory / "flipped.partial"
    flipped.write_bytes(bytes(payload))
    flipped.replace(model_file(directory))  # at once: who looks often must not see half of it


def truncated(directory: Path) -> None:
    model_file(directory).write_bytes(payload_of(directory)[:-1000])


def truncated_and_forged(directory: Path) -> None:
    forge(directory, payload_of(directory)[:-1000])


def empty_file(directory: Path) -> None:
    forge(directory, b"")


def random_bytes(directory: Path) -> None:
    forge(directory, np.random.default_rng(0).bytes(5000))


def missing_file(directory: Path) -> None:
    model_file(directory).unlink()


def missing_manifest(directory: Path) -> None:
    (directory / "manifest.json").unlink()


def manifest_not_json(directory: Path) -> None:
    (directory / "manifest.json").write_text("{")


def manifest_not_utf8(directory: Path) -> None:
    (directory / "manifest.json").write_bytes(b'{"format": "\xff"}')


def manifest_a_list(directory: Path) -> None:
    (directory / "manifest.json").write_text("[1]")


def manifest_lacks_field(directory: Path) -> None:
    manifest = manifest_of(directory)
    del manifest["sha256"]
    (directory / "manifest.json").write_text(json.dumps(manifest))


def manifest_wrong_type(directory: Path) -> None:
    set_manifest(directory, size="large")


def manifest_unknown_field(directory: Path) -> None:
    set_manifest(directory, pickle="model.pkl")


def other_format(directory: Path) -> None:
    set_manifest(directory, format=99)


def other_scikit_learn(directory: Path) -> None:
    libraries = manifest_of(directory)["libraries"] | {"scikit_learn": "1.2.2"}
    set_manifest(directory, libraries=libraries)


def other_features(directory: Path) -> None:
    reference = manifest_of(directory)["reference"]
    reference["features"] = reference["features"][::-1]
    set_manifest(directory, reference=reference)


def path_outside(directory: Path) -> None:
    set_manifest(directory, model_file="../model.skops")


def pickle_named(directory: Path) -> None:
    set_manifest(directory, model_file="model.pkl")


def huge_size(directory: Path) -> None:
    set_manifest(directory, size=1 << 40)


def malicious_pickle(directory: Path) -> None:
    forge(directory, pickle.dumps(Malice(str(directory / "executed"))))


def malicious_pickle_in_zip(directory: Path) -> None:
    """A skops archive in which one array is a pickle of the object kind that numpy can execute."""
    buffer = io.BytesIO()
    harmful = io.BytesIO()
    array = np.empty(1, dtype=object)
    array[0] = Malice(str(directory / "executed"))
    np.save(harmful, array, allow_pickle=True)
    with (
        zipfile.ZipFile(io.BytesIO(payload_of(directory))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        first = next(name for name in old.namelist() if name.endswith(".npy"))
        for name in old.namelist():
            new.writestr(name, harmful.getvalue() if name == first else old.read(name))
    forge(directory, buffer.getvalue())


def foreign_type(directory: Path) -> None:
    """A schema that asks for the construction of another class."""
    content = content_of(directory)
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(skops.io.dumps(content))) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == "schema.json":
                data = data.replace(b'"IsolationForest"', b'"Popen"')
                data = data.replace(b'"sklearn.ensemble._iforest"', b'"subprocess"')
            new.writestr(name, data)
    forge(directory, buffer.getvalue())


def bomb(directory: Path) -> None:
    """A small archive that unpacks to a gigabyte."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("schema.json", "w") as file,
    ):
        for _ in range(600):
            file.write(bytes(1 << 20))
    forge(directory, buffer.getvalue())


def another_estimator(directory: Path) -> None:
    """A forest, but not an isolation forest."""
    rows = np.random.default_rng(0).normal(size=(50, 8))
    other = RandomForestRegressor(n_estimators=3, random_state=0).fit(rows, rows[:, 0])
    forge_content(directory, content_of(directory) | {"reference": other})


def another_forest(directory: Path) -> None:
    """A sound isolation forest that is not the one described."""
    rows = np.random.default_rng(0).normal(size=(500, 8))
    other = IsolationForest(random_state=0).fit(rows)
    forge_content(directory, content_of(directory) | {"reference": other})


def fewer_columns(directory: Path) -> None:
    other = IsolationForest(random_state=0).fit(np.random.default_rng(0).normal(size=(500, 3)))
    forge_content(directory, content_of(directory) | {"reference": other})


def unfitted(directory: Path) -> None:
    forge_content(directory, content_of(directory) | {"reference": IsolationForest()})


def nothing_inside(directory: Path) -> None:
    forge_content(directory, {})


def a_list_inside(directory: Path) -> None:
    forge_content(directory, [1, 2, 3])


def missing_table(directory: Path) -> None:
    content = content_of(directory)
    del content["tables"]["reference/location"]
    forge_content(directory, content)


def table_of_text(directory: Path) -> None:
    content = content_of(directory)
    content["tables"]["reference/location"] = np.array([["a"]])
    forge_content(directory, content)


def table_of_other_shape(directory: Path) -> None:
    content = content_of(directory)
    content["tables"]["reference/location"] = np.zeros((2, 2))
    forge_content(directory, content)


def table_with_nan(directory: Path) -> None:
    content = content_of(directory)
    content["tables"]["reference/spread"][0, 0] = np.nan
    forge_content(directory, content)


def other_calibration(directory: Path) -> None:
    """The subtle one: everything sound, but the limit has been moved."""
    content = content_of(directory)
    content["tables"]["reference/calibration_forest"] += 0.2
    forge_content(directory, content)


def _spoil_tree(directory: Path, change) -> None:
    content = content_of(directory)
    tree = content["reference"].estimators_[5].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    change(state["nodes"])
    tree.__setstate__(state)
    forge_content(directory, content)


def child_out_of_range(directory: Path) -> None:
    """scikit-learn's own code would read outside its memory by this one."""
    _spoil_tree(directory, lambda nodes: nodes["left_child"].__setitem__(0, 10_000_000))


def cycle_in_tree(directory: Path) -> None:
    """scikit-learn's own code would walk this one for ever."""
    _spoil_tree(directory, lambda nodes: nodes["left_child"].__setitem__(1, 0))


def feature_out_of_range(directory: Path) -> None:
    _spoil_tree(directory, lambda nodes: nodes["feature"].__setitem__(0, 1 << 40))


def threshold_not_a_number(directory: Path) -> None:
    _spoil_tree(directory, lambda nodes: nodes["threshold"].__setitem__(0, np.nan))


CORPUS = {
    flipped_bit: "wrong_digest",
    truncated: "wrong_size",
    truncated_and_forged: "not_a_model",
    empty_file: "not_a_model",
    random_bytes: "not_a_model",
    missing_file: "not_found",
    missing_manifest: "not_found",
    manifest_not_json: "bad_manifest",
    manifest_not_utf8: "bad_manifest",
    manifest_a_list: "bad_manifest",
    manifest_lacks_field: "bad_manifest",
    manifest_wrong_type: "bad_manifest",
    manifest_unknown_field: "bad_manifest",
    other_format: "unknown_format",
    other_scikit_learn: "other_library",
    other_features: "other_features",
    path_outside: "bad_file_name",
    pickle_named: "bad_file_name",
    huge_size: "too_large",
    malicious_pickle: "not_a_model",
    malicious_pickle_in_zip: "not_a_model",
    foreign_type: "untrusted_type",
    bomb: "too_large",
    another_estimator: "wrong_content",
    another_forest: "wrong_identity",
    fewer_columns: "wrong_content",
    unfitted: "wrong_content",
    nothing_inside: "wrong_content",
    a_list_inside: "wrong_content",
    missing_table: "wrong_content",
    table_of_text: "wrong_content",
    table_of_other_shape: "wrong_content",
    table_with_nan: "wrong_content",
    other_calibration: "wrong_identity",
    child_out_of_range: "wrong_content",
    cycle_in_tree: "wrong_content",
    feature_out_of_range: "wrong_content",
    threshold_not_a_number: "wrong_content",
}
