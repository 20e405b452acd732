"""The one engine: a compiled plan and the keys, applied to every representation of an instance."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.deid.deidentified import SEAL, DeidentifiedBytes, DeidentifiedDataset, Report
from gateway.deid.json_engine import JsonRewriter
from gateway.deid.keys import Keys
from gateway.deid.plan import Plan
from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.scope import Bound, Scope
from gateway.deid.segments import clean_frame
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset, first_text
from gateway.dicom.syntax import transfer_syntax as syntax_of
from gateway.dicom.uid import UID, InstanceRef, ResourceRef, SeriesRef, is_uid
from gateway.errors import Reason, Withheld

_ANY = Scope()


@dataclass(frozen=True, slots=True)
class Engine:
    """De-identifies with one plan and one key. Only what comes out of here may leave (`gateway.deid.deidentified`).

    The input is never changed. Same input, plan, key and scope give the same output, in any process.
    """

    plan: Plan
    keys: Keys = field(repr=False)

    def dataset(
        self,
        identified: IdentifiedDataset,
        *,
        scope: Scope = _ANY,
        row: bool = False,
        expect: ResourceRef | None = None,
        report: bool = False,
    ) -> DeidentifiedDataset:
        """De-identify a data set in the DICOM JSON Model: the header of an instance, or a QIDO-RS row.

        A `row` is judged attribute by attribute only, since it need not say which instance it is about; the
        header of an instance must, and gets the de-identification markers. `expect` is what the origin was
        asked for. With `report` the answer says what was done to each element, without values.

        Raises:
            Withheld: SOP_CLASS_REFUSED, MISSING_IDENTITY, IDENTITY_MISMATCH, MALFORMED or TOO_DEEP.
        """
        source = identified.json
        if not isinstance(source, dict):
            raise Withheld(Reason.MALFORMED, "a data set is not a JSON object")
        sop_class = first_text(source, "00080016")
        if not row:
            _check_identity(source, sop_class, expect)
        if row:
            plan = self.plan
            if sop_class:
                plan.check_sop_class(sop_class)
        else:
            plan = self.plan.of_class(sop_class)
        actions: dict[str, str] | None = {} if report else None
        insertions = {} if row else plan.insertions(scope)
        result = JsonRewriter(plan, self.bind(scope), actions).root(source, insertions)
        done = None if actions is None else Report(self.plan.id, self.plan.hash, actions)
        return DeidentifiedDataset(SEAL, result, done)

    def rewriter(
        self, *, scope: Scope = _ANY, expect: ResourceRef | None = None, report: bool = False
    ) -> InstanceRewriter:
        """Return a rewriter for the bytes of one instance; `expect` is what the origin was asked for.

        With `report` its header says, once the instance has ended, what was done to each element, without values.
        """
        return InstanceRewriter(self.plan, self.bind(scope), expect=expect, report=report)

    def instance(self, data: bytes, *, scope: Scope = _ANY, expect: ResourceRef | None = None) -> bytes:
        """De-identify one whole Part 10 instance at once, for tools and tests.

        Raises:
            Withheld: with its reason.
        """
        rewriter = self.rewriter(scope=scope, expect=expect)
        return b"".join([*rewriter.feed(data), *rewriter.finish()])

    def frame(self, data: bytes, transfer_syntax: UID) -> DeidentifiedBytes:
        """Return one encoded frame without the segments that may carry text; native frames as they are.

        Raises:
            Withheld: UNKNOWN_TRANSFER_SYNTAX, UNSUPPORTED_TRANSFER_SYNTAX or MALFORMED.
        """
        return DeidentifiedBytes(SEAL, clean_frame(data, syntax_of(transfer_syntax)))

    def bind(self, scope: Scope) -> Bound:
        """Return `scope` with the keys that carry it out."""
        return Bound(self.keys, scope)

    def reader(self) -> Engine:
        """Return the engine for what this one wrote: it changes nothing in it and still keeps nothing else."""
        return Engine(self.plan.for_reading(), self.keys)


def _check_identity(dataset: JsonDataset, sop_class: str, expect: ResourceRef | None) -> None:
    study, series, instance = (first_text(dataset, tag) for tag in ("0020000D", "0020000E", "00080018"))
    if not all(is_uid(uid) for uid in (study, series, instance, sop_class)):
        raise Withheld(Reason.MISSING_IDENTITY)
    if expect is None:
        return
    matches = (
        expect.study == study
        and (not isinstance(expect, SeriesRef | InstanceRef) or expect.series == series)
        and (not isinstance(expect, InstanceRef) or expect.instance == instance)
    )
    if not matches:
        raise Withheld(Reason.IDENTITY_MISMATCH)
