#!/usr/bin/env python3
"""Checks a pack's proofs with Python alone: `python3 data/verify.py [--checkpoint FILE]`.

It says whether the bytes of every record are those of its log entry, that entry is in the log of the
checkpoint, and the log goes on from a checkpoint that you got elsewhere. For the rest see VERIFY.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import sys


def node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Root that an audit path leads to (RFC 6962, 2.1.1)."""
    if not 0 <= index < size or (size == 1) != (not path):
        raise ValueError("its proof is of another place")
    half = 1 << (size - 1).bit_length() >> 1
    if size > 1 and index < half:
        return node(root_of(index, half, leaf, path[:-1]), path[-1])
    return leaf if size == 1 else node(path[-1], root_of(index - half, size - half, leaf, path[:-1]))


def roots_of(old: int, new: int, known: list[bytes], path: list[bytes]) -> tuple[bytes, bytes]:
    """Old and new root that a consistency proof leads to; `known`: the old root (RFC 6962, 2.1.2)."""
    if old == new:
        (found,) = known + path
        return found, found
    half = 1 << (new - 1).bit_length() >> 1
    if old <= half:
        before, after = roots_of(old, half, known, path[:-1])
        return before, node(after, path[-1])
    before, after = roots_of(old - half, new - half, [], path[:-1])
    return node(path[-1], before), node(path[-1], after)


def state_of(checkpoint: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint (C2SP tlog-checkpoint)."""
    origin, size, root = checkpoint.split("\n")[:3]
    return origin, int(size), base64.b64decode(root)


def check_record(folder: pathlib.Path, name: str, checkpoint: str, /) -> None:
    """Raise ValueError if something is wrong with a record."""
    value = (folder / "records" / name).read_bytes()
    entry = (folder / "entries" / f"{name}.json").read_bytes()
    if json.loads(entry)["value_sha256"] != hashlib.sha256(value).hexdigest():
        raise ValueError("its bytes are not those of its log entry")
    proof = (folder / "proofs" / f"{name}.tlog-proof").read_text("utf-8").partition("\n\n")
    first, index, *steps = proof[0].split("\n")
    if (first, index, proof[2]) != ("c2sp.org/tlog-proof@v1", f"index {int(name)}", checkpoint):
        raise ValueError("its proof is of another place or checkpoint")
    (_, size, root), leaf = state_of(checkpoint), hashlib.sha256(b"\x00" + entry).digest()
    if root_of(int(name), size, leaf, [base64.b64decode(step) for step in steps]) != root:
        raise ValueError("its log entry is not in the log of the checkpoint")


def check_growth(folder: pathlib.Path, kept: str, checkpoint: str, /) -> None:
    """Raise ValueError unless the log of a kept checkpoint has become the pack's; a newer one warns."""
    (origin, old, before), (ours, new, after) = state_of(kept), state_of(checkpoint)
    if origin != ours or old > new:
        raise ValueError("of another log") if origin != ours else UserWarning("newer than the pack")
    proof = folder / "consistency" / f"{old:010d}"
    if old < new and not proof.exists():
        raise ValueError(f"no proof from its {old} leaves on: have the pack made with it")
    steps = [base64.b64decode(step) for step in proof.read_text().split()] if old < new else []
    if roots_of(old, new, [before], steps) != (before, after):
        raise ValueError(f"the log has been forked: its first {old} leaves are others")


def check_pack(folder: pathlib.Path, kept: str | None = None) -> list[str]:
    """All that is wrong with a pack, a line each; what was not compared begins with `note: `."""
    checkpoint = (folder / "checkpoint").read_text("utf-8")
    parts = {"records": "", "entries": ".json", "proofs": ".tlog-proof"}
    found = {path.name.removesuffix(parts[p]) for p in parts for path in (folder / p).iterdir()}
    listed = {row.split(",")[0] for row in (folder / "index.csv").read_text("utf-8").splitlines()[1:]}
    faults = [f"record {name}: it is not in the index" for name in sorted(found - listed)]
    checks = [(f"record {name}", check_record, name) for name in sorted(found | listed)]
    checks += [("your checkpoint", check_growth, kept)] if kept is not None else []
    for what, check, given in checks:
        try:
            check(folder, given, checkpoint)
        except (OSError, ValueError, KeyError, IndexError, UserWarning) as error:
            faults.append(f"{'note: ' * isinstance(error, UserWarning)}{what}: {error}")
    return faults


if __name__ == "__main__":
    KEPT = pathlib.Path(sys.argv[2]).read_text("utf-8") if sys.argv[1:2] == ["--checkpoint"] else None
    FAULTS = check_pack(pathlib.Path(__file__).parent, KEPT)
    print("\n".join(FAULTS) or "all records are in the log of the checkpoint")
    sys.exit(any(not line.startswith("note: ") for line in FAULTS))
