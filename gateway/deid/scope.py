"""What a pass is bound to: whose pseudonyms it makes, and what is known about the pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.deid.keys import Keys


@dataclass(frozen=True, slots=True)
class Scope:
    """One run of a pass.

    `binding` is what second-pass pseudonyms are bound to (a case's id, else the original Study Instance UID);
    "" in the first pass. `pixels_cleared` says that a person or a rule cleared the pixels of this instance.
    `patient` chooses the shift of a profile that shifts dates: any text that is the same for all instances of
    one patient (its Patient ID).
    """

    binding: str = field(default="", repr=False)
    pixels_cleared: bool = False
    patient: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A scope with the keys that carry it out. Rules take it; nobody else looks inside."""

    keys: Keys
    scope: Scope = field(default_factory=Scope)
