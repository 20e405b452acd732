"""De-identifies files and folders of this machine: the engine without a PACS or an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.deid.engine import Engine
from gateway.deid.profile import Pass
from gateway.deid.residual import Identifiers
from gateway.deid.scope import Scope
from gateway.dicom.part10 import Header, read_header
from gateway.errors import Reason, StorageError, Withheld
from gateway.pixels.rules import Rules, Verdict
from gateway.pixels.verdict import judge


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: where the result is (None in a dry run or when it is withheld), and what was done.

    `review` says why a person must look at its pixels, which no pass changes; "" when a rule clears them.
    """

    source: Path
    target: Path | None = None
    actions: Counter[str] = field(default_factory=Counter)
    withheld: Withheld | None = None
    review: str = ""


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those of folders at every depth, hidden ones left out, in the order of their names."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
                yield file


def deidentify_file(engine: Engine, source: Path, folder: Path | None, *, rules: Rules | None = None) -> Outcome:
    """De-identify one file into `folder`, named by its SOP Instance UID; without a folder nothing is written.

    The result of a second pass is searched for the identifiers of the original before it is written, and with `rules`
    its pixels are judged.

    Raises:
        StorageError: the result cannot be written.
    """
    second = engine.plan.which is Pass.SECOND
    try:
        header = read_header(source)
        scope = Scope(binding=header.text(0x0020000D) if second else "", patient=header.text(0x00100020))
        rewriter = engine.rewriter(scope=scope, report=True)
        data = b"".join([*rewriter.feed(_read(source)), *rewriter.finish()])
        if second and Identifiers.of(rewriter.identified().json).search(read_header(data).data):
            raise Withheld(Reason.RESIDUAL_IDENTIFIER)
        review = _review(header, rules) if second and rules is not None else ""
    except Withheld as error:
        return Outcome(source, withheld=error)
    done = rewriter.header
    actions: Counter[str] = Counter() if done is None or done.report is None else Counter(done.report.actions.values())
    if folder is None or done is None:
        return Outcome(source, actions=actions, review=review)
    target = folder / f"{done.instance}.dcm"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise StorageError(f"A result cannot be written ({error.strerror}). Choose another --output.") from error
    return Outcome(source, target, actions, review=review)


def _review(header: Header, rules: Rules) -> str:
    judgement = judge(header.json().json, rules)
    return "" if judgement.verdict is Verdict.CLEAR and not judgement.boxes else judgement.why


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Withheld(Reason.UNREADABLE) from None
