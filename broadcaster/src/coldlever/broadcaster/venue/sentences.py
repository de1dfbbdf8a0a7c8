"""The sentences in which the exchange refuses, as observed: what each proves, code and advice.

Before or after: the exchange judges form, signer, vault and nonce first, and a refusal there leaves
the nonce free; what it refuses later, by expiry or by the action's own rules, has used the nonce
up. (Measured on other actions; for leverage it is an inference.) Only whole sentences count: one
that merely contains known words says something that nobody has heard yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coldlever.broadcaster.fate import Event


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is known.

    Args:
        pattern: matches all of it, without the prefix ``L1 error: ``.
        code: stable identifier.
        advice: what to do.
        event: what it tells about the payload.
        may_repeat: True where it judges the moment and not the action.
    """

    pattern: re.Pattern[str]
    code: str
    advice: str
    event: Event
    may_repeat: bool = False


def find_sentence(sentence: str) -> Sentence | None:
    """The known sentence that this is, or None."""
    bare = sentence.removeprefix("L1 error: ")
    return next((one for one in _SENTENCES if one.pattern.fullmatch(bare) is not None), None)


def _known(
    pattern: str, code: str, advice: str, event: Event, *, may_repeat: bool = False
) -> Sentence:
    return Sentence(re.compile(rf"{pattern}\.?"), code, advice, event, may_repeat)


_ADDRESS = "0x[0-9a-fA-F]{1,40}"
_BEFORE = Event.REFUSED_BEFORE
_AFTER = Event.REFUSED_AFTER

_SENTENCES = (
    _known(
        rf"User or API Wallet {_ADDRESS} does not exist",
        "unknown-signer",
        "the recovered signer has no account: check the network, and whether the API wallet is "
        "approved",
        _BEFORE,
    ),
    _known(
        r"Unable to recover signer",
        "signature-refused",
        "the exchange finds no signer of this body: ask the signer for the signed file again",
        _BEFORE,
    ),
    _known(
        rf"Must deposit before performing actions\. User: {_ADDRESS}",
        "not-funded",
        "deposit to this account before changing its settings; or the API wallet has been replaced",
        _BEFORE,
    ),
    _known(
        r"User has pending agent removal",
        "agent-removed",
        "the API wallet is being removed: sign with another one",
        _BEFORE,
    ),
    _known(
        rf"Vault not registered: {_ADDRESS}",
        "unknown-vault",
        "check the vault or sub-account address and the network",
        _BEFORE,
    ),
    _known(
        r"Invalid multi-sig (outer|inner) signer|Multi-sig required|Invalid multi-sig user",
        "multi-sig",
        "this account needs its multi-sig signers",
        _BEFORE,
    ),
    _known(
        r"Too many cumulative requests sent [^\r\n]{1,200}",
        "address-rate-limited",
        "the account has used up its requests: one passes every 10 seconds, trading frees more; "
        "wait, then `post` it again",
        _BEFORE,
        may_repeat=True,
    ),
    _known(
        r"Invalid nonce: nonce too high \d+ > \d+",
        "nonce-refused",
        "its nonce lies in the future: wait, or draft the request again",
        _BEFORE,
    ),
    # Below the floor or older than the window: which of them, the exchange's clock tells.
    _known(
        r"Invalid nonce: nonce too low \d+ < \d+",
        "nonce-refused",
        "draft the request again: its nonce lies below what the exchange takes",
        Event.TOO_LOW,
    ),
    _known(
        r"Invalid nonce: duplicate nonce \d+",
        "nonce-used",
        "an action with this nonce has arrived before: compare the setting in force, then draft "
        "again if needed",
        Event.DUPLICATE,
    ),
    _known(
        r"Action already expired",
        "expired",
        "draft and sign the request again with a longer --valid-for",
        _AFTER,
    ),
    _known(
        r"Invalid leverage value",
        "leverage-refused",
        "choose a leverage from 1 to the market's maximum",
        _AFTER,
    ),
    _known(
        r"Cannot switch leverage type with open position",
        "position-forbids-switch",
        "close the position first, or keep its margin mode",
        _AFTER,
    ),
    _known(
        r"Cross margin is not allowed for this asset",
        "cross-not-allowed",
        "use isolated margin on this market",
        _AFTER,
    ),
    _known(
        r"Cross position does not have sufficient margin available to decrease leverage\."
        r"( To decrease leverage, deposit more collateral)?",
        "margin-insufficient",
        "deposit more collateral, or choose a higher leverage",
        _AFTER,
    ),
    _known(
        r"Isolated position does not have sufficient margin available to decrease leverage\."
        r"( To decrease leverage, add margin to the position)?",
        "margin-insufficient",
        "add margin to the position, or choose a higher leverage",
        _AFTER,
    ),
    _known(
        r"Account does not have sufficient margin available for increase",
        "margin-insufficient",
        "deposit more collateral, or add less margin",
        _AFTER,
    ),
    _known(
        r"Position does not have sufficient margin for reduction",
        "margin-insufficient",
        "remove less margin: the position needs the rest",
        _AFTER,
    ),
    _known(
        r"Position does not use isolated margin",
        "not-isolated",
        "margin can only be moved on an isolated position",
        _AFTER,
    ),
    _known(
        r"Update to isolated margin cannot be zero",
        "margin-zero",
        "choose an amount other than 0",
        _AFTER,
    ),
    _known(
        r"Cannot update margin for empty position",
        "no-position",
        "open a position on this market first",
        _AFTER,
    ),
    _known(
        r"Asset not strict isolated",
        "not-strict-isolated",
        "use updateIsolatedMargin on this market",
        _AFTER,
    ),
    _known(
        r"Cannot remove isolated margin for this asset\."
        r"( To remove margin, reduce the position)?",
        "margin-locked",
        "reduce the position instead",
        _AFTER,
    ),
)
