"""One rule of a compiled plan: an action with all it needs, why it is there and who put it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.deid import actions
from gateway.deid.actions import Action, Values
from gateway.deid.legacy import Legacy
from gateway.deid.scope import Bound
from gateway.deid.vocabulary import Section
from gateway.dicom.vr import valid

_FALLBACKS: Final = frozenset((Action.DROP, Action.EMPTY, Action.DUMMY))


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to an element.

    `origin` names what decided: "attribute", "table", "keyword", "mask", "private" or "vr" (the layers of a plan),
    "allow" (not on the allow-list of its SOP class) or "unknown" (PS3.6 does not know it).
    `otherwise` (drop, empty, dummy) is done when the action cannot be, for example on a value that does not
    have the form of its VR. `oldest` is the earliest year that may be shown.
    """

    action: Action
    why: str
    origin: str
    otherwise: Action = Action.DROP
    text: str = ""
    section: Section | None = None
    legacy: Legacy | None = None
    oldest: int = 0
    own_pseudonyms: bool = False
    """Whether own pseudonyms pass as they are, whatever they are bound to (the reading plan)."""

    @property
    def keeps(self) -> bool:
        """Whether an element whose value has the form of its VR passes unchanged."""
        return self.action is Action.KEEP

    @property
    def drops(self) -> bool:
        """Whether the element is removed, whatever its value."""
        return self.action is Action.DROP

    @property
    def walks(self) -> bool:
        """Whether the element is a sequence that stays, its items de-identified."""
        return self.action is Action.WALK

    def apply(self, values: Values, vr: str, bound: Bound) -> Values | None:
        """Return the values the element is to have, [] for an empty one, None when it is to be dropped.

        `values` are the element's values as text (PN as `alphabetic=ideographic=phonetic`), padding removed.
        The values of a sequence or of a VR that holds bytes are not asked for: pass []. An element without a
        value gets none, unless the rule replaces it by a constant of the profile.
        """
        if self.action is Action.REPLACE:
            return [self.text]
        if self.action in (Action.DROP, Action.EMPTY):
            return self._fallback(self.action, vr)
        if not any(values):
            return values
        done = self._act(values, vr, bound)
        return self._fallback(self.otherwise, vr) if done is None else done

    def refuse(self, vr: str) -> Values | None:
        """Return what is left of an element whose value cannot be read or is not what it promises."""
        return self._fallback(self.action if self.action in _FALLBACKS else self.otherwise, vr)

    def _act(self, values: Values, vr: str, bound: Bound) -> Values | None:
        match self.action:
            case Action.KEEP:
                return actions.keep(values, vr)
            case Action.DUMMY:
                return self._fallback(Action.DUMMY, vr)
            case Action.UID:
                return actions.map_uids(values, vr, bound)
            case Action.PSEUDONYM:
                if self.own_pseudonyms and all(map(bound.keys.is_pseudonym, filter(None, values))):
                    return values
                return actions.pseudonymise(values, vr, bound)
            case Action.YEAR:
                return actions.year(values, vr, self.oldest)
            case Action.SHIFT:
                return actions.shift(values, vr, self.oldest, bound)
            case Action.AGE:
                return actions.age(values, vr)
            case Action.LEGACY_MD5 if self.legacy is not None:
                return self.legacy.apply(values, vr, oldest=self.oldest, patient=bound.scope.patient)
            case Action.CLEAN if self.section is not None:
                cleaned = [self.section.clean(value) for value in values]
                # Words that are left of a value which was none for its VR need not be one either.
                return cleaned if any(cleaned) and all(valid(vr, value) for value in cleaned) else None
        return None

    def _fallback(self, action: Action, vr: str) -> Values | None:
        if action is Action.DUMMY:
            # A VR without a dummy holds bytes or items: empty is the nearest thing to a value that says nothing.
            return actions.dummy(vr) or []
        return [] if action is Action.EMPTY else None

    def for_reading(self) -> Rule:
        """Return the rule that finds in its own output nothing to change."""
        if self.action in (Action.UID, Action.SHIFT, Action.LEGACY_MD5):
            return replace(self, action=Action.KEEP)
        return replace(self, own_pseudonyms=True) if self.action is Action.PSEUDONYM else self
