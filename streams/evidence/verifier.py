#!/usr/bin/env python3
"""Checks the proofs in an evidence pack with Python's standard library alone.

    python3 data/verify.py [--checkpoint FILE]

It says of every record whether its bytes are those of its log entry, and whether that entry is in the
log of the checkpoint. With a checkpoint that you got elsewhere it also finds a forked log. Signatures
and checksums are for `ssh-keygen` and `sha256sum`: see VERIFY.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import sys


def root_of(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """Root that an audit path leads to (RFC 9162, 2.1.3.2), or None if it cannot be one."""
    place, last, found = index, size - 1, leaf
    if not 0 <= index < size:
        return None
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = hashlib.sha256(b"\x01" + step + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + step).digest()
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def state_of(checkpoint: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint (C2SP tlog-checkpoint)."""
    origin, size, root = checkpoint.split("\n")[:3]
    return origin, int(size), base64.b64decode(root)


def check_record(folder: pathlib.Path, name: str, checkpoint: str) -> str | None:
    """What is wrong with one record; nothing if all is well."""
    value = (folder / "records" / name).read_bytes()
    entry = (folder / "entries" / f"{name}.json").read_bytes()
    proof = (folder / "proofs" / f"{name}.tlog-proof").read_text("utf-8")
    if json.loads(entry)["value_sha256"] != hashlib.sha256(value).hexdigest():
        return "its bytes are not those of its log entry"
    head, _, stated = proof.partition("\n\n")
    first, index, *path = head.split("\n")
    if first != "c2sp.org/tlog-proof@v1" or index != f"index {int(name)}":
        return "its proof is of another record"
    if stated != checkpoint:
        return "its proof is against another checkpoint"
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    _, size, root = state_of(checkpoint)
    if root_of(int(name), size, leaf, [base64.b64decode(step) for step in path]) != root:
        return "its log entry is not in the log of the checkpoint"
    return None


def check_pack(folder: pathlib.Path, outside: str | None = None) -> list[str]:
    """All that is wrong with a pack, a line each."""
    checkpoint = (folder / "checkpoint").read_text("utf-8")
    names = {
        path.name.removesuffix(end)
        for part, end in (("records", ""), ("entries", ".json"), ("proofs", ".tlog-proof"))
        for path in (folder / part).iterdir()
    }
    rows = (folder / "index.csv").read_text("utf-8").splitlines()[1:]
    listed = {row.split(",", 1)[0] for row in rows}
    names |= listed
    faults = []
    for name in sorted(names):
        try:
            fault = check_record(folder, name, checkpoint)
        except (OSError, ValueError, KeyError) as error:
            fault = f"it cannot be read: {error}"
        if fault or name not in listed:
            faults.append(f"record {name}: {fault or 'it is not in the index'}")
    if outside is not None:
        (origin, size, root), (ours, sized, rooted) = state_of(outside), state_of(checkpoint)
        if origin != ours:
            faults.append(f"another log: {ours}, not {origin}")
        elif size == sized and root != rooted:
            faults.append(f"the log has been forked: two roots for its first {size} leaves")
    return faults


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    OUTSIDE = None
    if ARGUMENTS[:1] == ["--checkpoint"]:
        OUTSIDE = pathlib.Path(ARGUMENTS[1]).read_text("utf-8")
    FAULTS = check_pack(pathlib.Path(__file__).parent, OUTSIDE)
    print("\n".join(FAULTS) or "all records are in the log of the checkpoint")
    sys.exit(bool(FAULTS))
