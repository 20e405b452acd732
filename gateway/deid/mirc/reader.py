"""From the bytes of a script to a script that can be imported, or to every reason why it cannot."""

from __future__ import annotations

from typing import Final

from gateway.deid.mirc.expression import Malformed, parse
from gateway.deid.mirc.functions import Context, check
from gateway.deid.mirc.names import Address
from gateway.deid.mirc.properties_form import read_properties
from gateway.deid.mirc.script import Draft, Entry, Instruction, Parameter, Script, refusal
from gateway.deid.mirc.xml_form import read_xml
from gateway.errors import ConfigurationError

MAX_BYTES: Final = 4 * 2**20
"""The longest script of the original's own has 100 KB."""


def read_script(data: bytes, *, name: str = "The script") -> Script:
    """Read a script in either form.

    Raises:
        ConfigurationError: listing every problem with its line.
    """
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{name} is longer than {MAX_BYTES} bytes, so it is no script.")
    draft = _draft(data, name)
    parameters = _parameters(draft)
    names = {entry.name: entry.address for entry in draft.entries if entry.name}
    instructions: dict[Address, Instruction] = {}
    for entry in draft.entries:
        if entry.enabled:
            _instruct(draft, entry, instructions, names, parameters)
    if not (draft.entries or draft.removals or draft.problems):
        draft.problem(1, "This is no script of a DICOM anonymizer: it neither sets nor removes anything.")
    if draft.problems:
        raise refusal(name, draft.problems)
    return Script(
        parameters=parameters,
        instructions=instructions,
        disabled={entry.address: entry.line for entry in draft.entries if not entry.enabled},
        groups=draft.groups,
        safe_private=draft.safe_private,
        removals=draft.removals,
        names=names,
    )


def _draft(data: bytes, name: str) -> Draft:
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return read_xml(data)
    try:
        return read_properties(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{name} cannot be imported.\n  line {line}: This is not UTF-8.") from None


def _parameters(draft: Draft) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for parameter in draft.parameters:
        if not parameter.name:
            draft.problem(parameter.line, "A parameter has no name.")
        earlier = parameters.setdefault(parameter.name, parameter)
        if earlier.value != parameter.value:
            draft.problem(parameter.line, f"The parameter is defined otherwise in line {earlier.line}.")
    return parameters


def _instruct(
    draft: Draft,
    entry: Entry,
    instructions: dict[Address, Instruction],
    names: dict[str, Address],
    parameters: dict[str, Parameter],
) -> None:
    try:
        expression = parse(entry.text)
    except Malformed as error:
        draft.problem(_line(entry, error.at), error.reason)
        return
    values = {name: parameter.value for name, parameter in parameters.items()}
    for at, reason in check(expression, Context(entry.address, names, values)):
        draft.problem(_line(entry, at), reason)
    earlier = instructions.setdefault(entry.address, Instruction(entry.line, entry.address, entry.text, expression))
    if earlier.text != entry.text:
        draft.problem(entry.line, f"Line {earlier.line} says something else of {entry.address.display}.")


def _line(entry: Entry, at: int) -> int:
    return entry.line + entry.text[:at].count("\n")
