"""Instances of any SOP class, grown until dciodvfy misses nothing: what an IOD demands, told by somebody else."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.json_model import encode_dataset
from gateway.dicom.part10 import file_meta

MISSING = re.compile(r"Error - <(/[^>]*)> - (?:Missing|Empty)")
STEP = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\)(?:\[(\d+)\])?")
ROUNDS = 40
VALUES: dict[str, Any] = {
    "PN": "Zqname^Zqvorname", "LO": "Zqtext", "SH": "Zqtext", "ST": "Zqtext", "LT": "Zqtext", "UT": "Zqtext",
    "UC": "Zqtext", "AE": "ZQTITLE", "UR": "http://zq.example.org", "DA": "20240229", "TM": "101112",
    "DT": "20240229101112", "AS": "044Y", "IS": 1, "DS": 1.0, "FL": 1.0, "FD": 1.0, "AT": "00280010",
    "US": 1, "SS": 1, "UL": 1, "SL": 1, "UV": 1, "SV": 1,
}  # fmt: skip
CODE_STRINGS = {
    "00280004": ["MONOCHROME2"], "00100040": ["O"], "00200060": ["L"], "00200062": ["L"], "00185100": ["HFS"],
    "0040A040": ["CONTAINER"], "0040A050": ["SEPARATE"], "0040A491": ["COMPLETE"], "0040A493": ["UNVERIFIED"],
}  # fmt: skip
# Instead of the Long or URN Code Value, of which dciodvfy asks for any one, the usual Code Value is given.
CODE_VALUE = {"00080119": "00080100", "00080120": "00080100"}
MODALITIES = {
    "CT": "CT", "MR": "MR", "PET": "PT", "Positron": "PT", "Nuclear": "NM", "Ultrasound": "US", "EnhancedUS": "US",
    "XRF": "RF", "Radiofluoroscopic": "RF", "Angiographic": "XA", "EnhancedXA": "XA", "Mammography": "MG",
    "Breast": "MG", "ComputedRadiography": "CR", "DigitalXRay": "DX", "IntraOral": "IO", "SR": "SR", "KeyObject": "KO",
    "PresentationState": "PR", "Segmentation": "SEG", "RTStructure": "RTSTRUCT", "RTDose": "RTDOSE",
    "RTPlan": "RTPLAN", "RTImage": "RTIMAGE", "RealWorld": "RWV", "Registration": "REG", "Fiducials": "FID",
}  # fmt: skip


def errors(path: Path) -> list[str]:
    """Return what dciodvfy calls an error in a file."""
    run = subprocess.run(["/usr/bin/dciodvfy", "-new", str(path)], capture_output=True, check=False)
    return [line for line in run.stderr.decode("latin-1").splitlines() if line.startswith("Error")]


def comparable(lines: list[str]) -> Counter[str]:
    """Return errors without what a pass changes on purpose: values, UIDs, how many items there are."""
    plain = (re.sub(r"\[\d+\]", "[]", line) for line in lines)
    plain = (re.sub(r"(value|=) ?<[^>]*>", r"\1 <>", line) for line in plain)
    return Counter(re.sub(r"[0-9]+(?:\.[0-9]+){3,}", "UID", line) for line in plain)


class Grower:
    """Grows instances in `folder`; `answer` is what every Code String with two choices says."""

    def __init__(self, folder: Path, answer: str, image_type: str) -> None:
        self._path = folder / "grown.dcm"
        self._answer = answer
        self._image_type = image_type

    def errors_of(self, dataset: JsonDataset) -> list[str]:
        """Return what dciodvfy calls an error in a data set."""
        sop_class, instance = (dataset[tag]["Value"][0] for tag in ("00080016", "00080018"))
        self._path.write_bytes(file_meta(sop_class, instance, "1.2.840.10008.1.2.1") + encode_dataset(dataset))
        return errors(self._path)

    def grow(self, keyword: str, uid: str) -> JsonDataset:
        """Return an instance of a SOP class that has every attribute which dciodvfy misses in less."""
        modality = next((code for part, code in MODALITIES.items() if part in keyword), "OT")
        uids = {"00080016": uid, "00080018": "1.2.3.4.5", "0020000D": "1.2.3.4.6", "0020000E": "1.2.3.4.7"}
        dataset: JsonDataset = {tag: {"vr": "UI", "Value": [value]} for tag, value in uids.items()}
        dataset["00080060"] = {"vr": "CS", "Value": [modality]}
        for _ in range(ROUNDS):
            missing = [match[1] for line in self.errors_of(dataset) if (match := MISSING.match(line))]
            added = [self._add(dataset, path) for path in missing]
            if not any(added):
                break
        return dataset

    def _add(self, dataset: JsonDataset, path: str) -> bool:
        steps = STEP.findall(path)
        for place, (group, element, item) in enumerate(steps):
            name = CODE_VALUE.get((group + element).upper(), (group + element).upper())
            vr = dictionary_VR(int(name, 16)).split(" or ")[0]
            if vr != "SQ":
                added = name not in dataset
                dataset.setdefault(name, self._element(name, vr))
                return added
            items = dataset.setdefault(name, {"vr": "SQ", "Value": [{}]})["Value"]
            while len(items) < int(item or 1):
                items.append({})
            if place == len(steps) - 1:
                return True
            dataset = items[int(item or 1) - 1]
        return False

    def _element(self, name: str, vr: str) -> dict[str, Any]:
        if vr.startswith("O") or vr == "UN":
            return {"vr": vr, "InlineBinary": "AAAAAAAAAAA="}
        if name == "00080008":
            return {"vr": "CS", "Value": [self._image_type, "PRIMARY", "AXIAL"]}
        if vr == "CS":
            return {"vr": "CS", "Value": CODE_STRINGS.get(name, [self._answer])}
        return {"vr": vr, "Value": [f"1.2.3.4.9.{int(name, 16)}" if vr == "UI" else VALUES[vr]]}
