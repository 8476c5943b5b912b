"""Evidence packs: a BagIt bag that anyone can check with standard tools, years later, offline.

Needs the packages of the extra `evidence`.
"""

from __future__ import annotations

import csv
import json
import tempfile
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, Final

from detectors.errors import ZeromileError
from streams import __version__
from streams.evidence import verifier
from streams.evidence.case import CaseFile, KeptRecord
from streams.evidence.case_page import case_page, verify_page
from streams.evidence.checkpoint import NAMESPACE, parse_checkpoint
from streams.evidence.ssh_signature import SignatureError, SigningKey, signer_of, verify
from streams.evidence.time_stamp import (
    TimeStampError,
    check_time_stamp,
    request_time_stamp,
    stamped_at,
)

PACK_NAMESPACE: Final = "zeromile-pack"
_MANIFEST: Final = "manifest-sha256.txt"
_COLUMNS: Final = ("leaf", "kind", "about", "vin", "revision", "topic", "partition", "offset", "sha256")


class PackError(ZeromileError):
    """A pack that cannot be written."""


def with_time_stamp(case: CaseFile, authority: str | None) -> tuple[CaseFile, TimeStampError | None]:
    """The case with a time stamp, or as it is and why an authority gave none.

    A case can be handed over while the authority is away, so that is no reason to stop.

    Parameters
    ----------
    case
        Its checkpoint is what is stamped.
    authority
        URL of the authority; without one nobody is asked.
    """
    if not authority:
        return case, None
    try:
        stamp = request_time_stamp(case.checkpoint.encode(), authority)
    except TimeStampError as error:
        return case, error
    return replace(case, time_stamp=stamp), None


def write_pack(case: CaseFile, folder: Path, key: SigningKey | None) -> None:
    """Write a pack into a folder that does not exist yet; nothing is left of it if that fails.

    Parameters
    ----------
    case
        What it tells and proves.
    folder
        Where.
    key
        Signs the checkpoint and the list of checksums; without one both stay unsigned.

    Raises
    ------
    PackError
        If the folder exists, cannot be made, or the package bagit is missing.
    """
    bagit = _bagit()
    if folder.exists():
        raise PackError(f"{folder} exists; a pack is written into a folder of its own")
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as made:
            inside = Path(made) / "pack"
            inside.mkdir()
            _write_payload(case, inside, key)
            bag = bagit.make_bag(str(inside), _information(case), checksums=["sha256"])
            if key is not None:
                manifest = (inside / _MANIFEST).read_bytes()
                (inside / f"{_MANIFEST}.sig").write_text(key.sign(manifest, PACK_NAMESPACE), "utf-8")
                bag.save()
            inside.rename(folder)
    except OSError as error:
        raise PackError(f"cannot write the pack {folder}: {error.strerror}") from None


def _information(case: CaseFile) -> dict[str, str]:
    return {
        "Source-Organization": case.origin,
        "External-Description": "; ".join(f"{name}: {value}" for name, value in case.question.items()),
        "Bagging-Date": case.made_at[:10],
        "Bag-Software-Agent": f"zeromile {__version__}",
    }


def _write_payload(case: CaseFile, folder: Path, key: SigningKey | None) -> None:
    texts = {
        "case.html": case_page(case),
        "case.json": json.dumps(_summary(case), indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        "VERIFY.md": verify_page(case, signed=key is not None),
        "verify.py": Path(verifier.__file__).read_text("utf-8"),
        "checkpoint": case.checkpoint,
        "index.csv": _index(case),
        **case.extras,
    }
    if key is not None:
        texts["checkpoint.sig"] = key.sign(case.checkpoint.encode(), NAMESPACE)
        texts["allowed_signers"] = key.allowed_signers(case.origin)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    if case.time_stamp is not None:
        (folder / "checkpoint.tsr").write_bytes(case.time_stamp)
    for part in ("records", "entries", "proofs", "consistency"):
        (folder / part).mkdir()
    for size, steps in case.consistency.items():
        lines = [b64encode(step).decode() + "\n" for step in steps]
        (folder / "consistency" / f"{size:010d}").write_text("".join(lines), "ascii", newline="\n")
    for record in case.records:
        (folder / "records" / record.name).write_bytes(record.value)
        (folder / "entries" / f"{record.name}.json").write_bytes(record.entry)
        proof = folder / "proofs" / f"{record.name}.tlog-proof"
        proof.write_text(_proof(record, case.checkpoint), "utf-8", newline="\n")


def _proof(record: KeptRecord, checkpoint: str) -> str:
    """An inclusion proof in C2SP's tlog-proof form."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {record.leaf_index}"]
    lines += [b64encode(step).decode() for step in record.path]
    return "\n".join(lines) + f"\n\n{checkpoint}"


def _index(case: CaseFile) -> str:
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for record in case.records:
        entry = json.loads(record.entry)
        rows.writerow((
            record.name, record.kind, record.about, record.vin, record.revision, entry["topic"],
            entry["partition"], entry["offset"], entry["value_sha256"],
        ))  # fmt: skip
    return text.getvalue()


def _summary(case: CaseFile) -> dict[str, Any]:
    return {
        "question": case.question,
        "made_at": case.made_at,
        "program": f"zeromile {__version__}",
        "log": case.origin,
        "vehicles": [vehicle.vin for vehicle in case.vehicles],
        "detectors": {alert.detector: alert.detector_version for alert in case.alerts},
        "policies": sorted({alert.policy_id for alert in case.alerts if alert.policy_id}),
        "models": sorted({alert.model_id for alert in case.alerts if alert.model_id}),
        "records": dict(Counter(record.kind for record in case.records)),
        "concealed": any(record.concealed for record in case.records),
    }


_NOTE = "note: "
_NOT_COMPARED = (
    ", and was not compared: whoever keeps the log holds both against it with `zeromile log check`"
)


@dataclass(frozen=True, slots=True)
class PackVerdict:
    """What checking a pack came to."""

    faults: list[str]
    notes: list[str]
    """What was not checked, and why."""


def verify_pack(
    folder: Path,
    signers: Path | None = None,
    checkpoint: Path | None = None,
    authority: Path | None = None,
) -> PackVerdict:
    """Check everything of a pack that can be checked here.

    Parameters
    ----------
    folder
        The pack.
    signers
        Allowed signers that you got elsewhere; without them the pack's own are taken, and said so.
    checkpoint
        A checkpoint that you got elsewhere.
    authority
        Certificates of the time-stamping authority that you trust, in PEM.
    """
    faults = _bag_faults(folder)
    notes: list[str] = []
    data = folder / "data"
    try:
        outside = checkpoint.read_text("utf-8") if checkpoint else None
        for said in verifier.check_pack(data, outside):
            note = said.startswith(_NOTE)
            (notes if note else faults).append(said.removeprefix(_NOTE) + _NOT_COMPARED * note)
        faults += _signature_faults(folder, signers, notes)
        _check_stamp(data, authority, notes)
    except (OSError, ValueError, ZeromileError) as error:
        faults.append(str(error))
    if outside is None and not faults:
        notes.append("no checkpoint of elsewhere was given: a forked log would not be seen")
    return PackVerdict(faults, notes)


def _bag_faults(folder: Path) -> list[str]:
    bagit = _bagit()
    try:
        bag = bagit.Bag(str(folder))
        # The number of bytes as a whole is checked first, and names no file.
        bag.info.pop("Payload-Oxum", None)
        bag.validate(processes=1)
    except bagit.BagValidationError as error:
        return [str(detail) for detail in error.details] or [str(error)]
    except (bagit.BagError, OSError, UnicodeError) as error:
        return [str(error)]
    return []


def _signature_faults(folder: Path, signers: Path | None, notes: list[str]) -> list[str]:
    data = folder / "data"
    signature = data / "checkpoint.sig"
    if not signature.exists() and signers is None:
        notes.append("the pack is not signed")
        return []
    if signers is None:
        notes.append("the signer's key was taken from the pack itself: give yours with --signers")
    note = (data / "checkpoint").read_bytes()
    identity = parse_checkpoint(note.decode()).origin
    public = signer_of((signers or data / "allowed_signers").read_text("utf-8"), identity)
    faults = []
    for signed, name, namespace in (
        (note, signature, NAMESPACE),
        ((folder / _MANIFEST).read_bytes(), folder / f"{_MANIFEST}.sig", PACK_NAMESPACE),
    ):
        try:
            verify(signed, name.read_text("utf-8"), namespace, public)
        except (SignatureError, OSError) as error:
            faults.append(f"{name.relative_to(folder)}: {error}")
    return faults


def _check_stamp(data: Path, authority: Path | None, notes: list[str]) -> None:
    stamp = data / "checkpoint.tsr"
    if not stamp.exists():
        if authority is not None:
            raise PackError("data/checkpoint.tsr: the pack holds no time stamp")
        return
    answer = stamp.read_bytes()
    if authority is None:
        notes.append(
            f"the time stamp says {stamped_at(answer):%Y-%m-%d %H:%M:%S} UTC and was not checked: "
            "give the authority's certificates with --authority"
        )
        return
    try:
        moment = check_time_stamp((data / "checkpoint").read_bytes(), answer, authority)
    except TimeStampError as error:
        raise PackError(f"data/checkpoint.tsr: {error}") from None
    notes.append(f"stamped {moment:%Y-%m-%d %H:%M:%S} UTC")


def _bagit() -> Any:
    try:
        import bagit  # noqa: PLC0415 - an extra
    except ImportError:
        raise PackError("packs need the package bagit; install zeromile[evidence]") from None
    return bagit
