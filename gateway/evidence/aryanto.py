"""The fifty attributes by which Aryanto, Oudkerk and van Ooijen judged ten tools.

K. Y. E. Aryanto et al., "Free DICOM de-identification tools in clinical research: functioning and safety of patient
privacy", European Radiology 25 (2015), 3685–3695, doi 10.1007/s00330-015-3794-0, table of the fields to remove.
One of the ten removed all fifty at its default setting.
"""

from __future__ import annotations

from typing import Final

CITATION: Final = (
    "Aryanto KYE, Oudkerk M, van Ooijen PMA. Free DICOM de-identification tools in clinical research: "
    "functioning and safety of patient privacy. Eur Radiol 2015;25:3685–3695. doi:10.1007/s00330-015-3794-0"
)

ATTRIBUTES: Final = (
    "00080020", "00080021", "00080022", "00080023", "00080024", "00080025", "0008002A",
    "00080030", "00080031", "00080032", "00080033", "00080034", "00080035",
    "00080050", "00080080", "00080081", "00080090", "00080092", "00080094", "00080096",
    "00081040", "00081048", "00081049", "00081050", "00081052", "00081060", "00081062", "00081070",
    "00100010", "00100020", "00100021", "00100030", "00100032", "00100040",
    "00101000", "00101001", "00101005", "00101010", "00101040", "00101060",
    "00102150", "00102152", "00102154",
    "00200010", "00380300", "00380400",
    "0040A120", "0040A121", "0040A122", "0040A123",
)  # fmt: skip
