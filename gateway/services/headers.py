"""The header of one instance as it came, after the first and after the second pass."""

from __future__ import annotations

from gateway.deid.compare import Comparison, compare
from gateway.deid.engine import Engine
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, first_text


def three_way(
    raw: IdentifiedDataset, first: Engine, second: Engine, *, binding: str = "", show_raw: bool = False
) -> Comparison:
    """Send a header through both passes and compare all three.

    `binding` is the case's id, the original Study Instance UID unless given. Raw values are masked unless
    `show_raw`, which only a principal who may see originals may set.

    Raises:
        Withheld: a pass refuses the instance.
    """
    patient = first_text(raw.json, "00100020")
    scope = Scope(binding=binding or first_text(raw.json, "0020000D"), patient=patient)
    after_first = first.dataset(raw, scope=Scope(patient=patient)).json
    after_second = second.dataset(raw, scope=scope).json
    return compare(raw.json, (after_first, first.plan), (after_second, second.plan), show_raw=show_raw)
