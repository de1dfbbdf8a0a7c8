"""The earlier payloads of a run: what they take up, and what they will have changed.

A batch is judged as it will be sent: each payload against what is so once those before it have
landed. Source of the floor: the exchange keeps a signer's 100 highest nonces and takes none below.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import replace

from coldlever.broadcaster.check.report import Facts
from coldlever.broadcaster.venue import Standing
from coldlever.shared.action import Action, Address, Setting, Signable, UpdateLeverage
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused

# An account's market; where nobody can tell the account, the signer and the vault of the body.
_Place = tuple[Address, Address | None, int]
_SORT = "sort the payloads by nonce, or draft the later ones again"


class Earlier:
    """What stands before the payload that is being judged.

    Nothing of it has been sent yet, so nothing of it is known to the ledger.
    """

    def __init__(self) -> None:
        self._hashes: dict[tuple[Address, int, What], bytes] = {}
        self._nonces: dict[Address, list[int]] = {}
        self._newest: dict[_Place, int] = {}
        self._settings: dict[_Place, Setting] = {}

    def note(self, signer: Address, signable: Signable, account: Address | None) -> None:
        """Let the next payloads be judged as if this one had landed.

        Args:
            signer: who signed it.
            signable: its content.
            account: whom it changes, or None where nobody could be asked.
        """
        nonces = self._nonces.setdefault(signer, [])
        if signable.nonce not in nonces:
            insort(nonces, signable.nonce)
        self._hashes[signer, signable.nonce, signable.what] = signable.action_hash()
        if signable.what is What.REVOCATION:
            # It takes its nonce, and changes no market.
            return
        place = _place(signer, signable, account)
        self._newest[place] = max(signable.nonce, self._newest.get(place, 0))
        wanted = setting_of(signable.action)
        if wanted is not None:
            self._settings[place] = wanted

    def holds(self, signer: Address, nonce: int) -> bool:
        """Whether a payload with that nonce comes earlier in the run."""
        return (signer, nonce, What.PAYLOAD) in self._hashes

    def require_own_nonce(self, signer: Address, signable: Signable) -> None:
        """No other action of the run has the nonce; the very same payload is sent once anyway.

        A payload and its revocation share it: what comes of them is the ledger's to decide.

        Raises:
            RuleRefused: ``nonce-twice``.
        """
        taken = self._hashes.get((signer, signable.nonce, signable.what))
        if taken is not None and taken != signable.action_hash():
            raise RuleRefused(
                "nonce-twice",
                f"an earlier payload of this run has the same nonce {signable.nonce}, and the "
                "exchange takes it once",
                "leave one of the two out, or draft one again: it takes a new nonce",
            )

    def require_above_floor(self, signer: Address, nonce: int, known: Sequence[int]) -> None:
        """The payloads before it do not lift the exchange's floor above the nonce.

        Args:
            signer: whose nonce.
            nonce: of the payload.
            known: the signer's highest nonces in the ledger.

        Raises:
            RuleRefused: ``nonce-too-low``.
        """
        before = self._nonces.get(signer, [])
        higher = len(before) - bisect_right(before, nonce)
        if higher == 0 or nonce in before:
            return
        higher += sum(one > nonce and one not in before for one in known)
        if higher >= NONCE_SET_SIZE:
            raise RuleRefused(
                "nonce-too-low",
                f"{higher} higher nonces of its signer come before it; the exchange would "
                f"refuse it once {NONCE_SET_SIZE} of them are used",
                _SORT,
            )

    def require_nonce_order(self, facts: Facts) -> None:
        """No payload of the run for the same account and market is both earlier and newer.

        Raises:
            RuleRefused: ``nonce-order``.
        """
        newest = self._newest.get(_place_of(facts), 0)
        if newest > facts.signable.nonce:
            raise RuleRefused(
                "nonce-order",
                f"an earlier payload of this run for the same market has the higher nonce "
                f"{newest}: the older of two changes would win",
                _SORT,
            )

    def foresee(self, facts: Facts, standing: Standing | None) -> Standing | None:
        """The standing that the payload will meet.

        Args:
            facts: of the payload.
            standing: as it is now; None without a position where the setting was not asked for.
        """
        setting = self._settings.get(_place_of(facts))
        if setting is None:
            return standing
        held = None if standing is None else standing.position
        return Standing(setting, None if held is None else replace(held, setting=setting))


def setting_of(action: Action) -> Setting | None:
    """The setting that an action asks for; None for one that moves margin."""
    if not isinstance(action, UpdateLeverage):
        return None
    return Setting(action.is_cross, action.leverage)


def _place_of(facts: Facts) -> _Place:
    assert facts.signer is not None, "nobody is judged here whose signature does not hold"
    return _place(facts.signer, facts.signable, facts.account)


def _place(signer: Address, signable: Signable, account: Address | None) -> _Place:
    asset = signable.change.asset
    return (signer, signable.vault, asset) if account is None else (account, None, asset)
