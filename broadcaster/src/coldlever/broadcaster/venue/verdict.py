"""The exchange's answers to a post, as stable codes with advice.

The rule that carries the trust: `refused` only when the exchange itself said so, in its own
words; anything else is `unknown` and gets resolved, never guessed.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from coldlever.broadcaster.venue.client import Answer, NoAnswer
from coldlever.shared.errors import ColdleverError
from coldlever.shared.printable import printable
from coldlever.shared.reading import JsonValue, loads

_OK = 200
_UNPROCESSABLE = 422
_TOO_MANY = 429
_MALFORMED_PREFIX = "Failed to deserialize"
# A tuple, because what is looked up in it comes from outside and need not be hashable.
_SUCCESS_TYPES = ("default", "updateLeverage", "updateIsolatedMargin", "topUpIsolatedOnlyMargin")


class Verdict(enum.Enum):
    """What an answer means for the payload."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One classified answer.

    Args:
        verdict: what it means.
        code: stable identifier.
        sentence: the exchange's words or ours, escaped for display.
        advice: what to do, where there is something.
        raw: the raw answer, parsed where it is JSON, text otherwise; None without an answer.
        retry_after: seconds to wait before the same bytes may be sent again, where asked for.
        proves_absence: True when the refusal shows that no earlier attempt can have landed either.
    """

    verdict: Verdict
    code: str
    sentence: str
    advice: str | None = None
    raw: JsonValue = None
    retry_after: float | None = None
    proves_absence: bool = True


@dataclass(frozen=True, slots=True)
class _Known:
    pattern: re.Pattern[str]
    code: str
    advice: str
    proves_absence: bool = True


def _known(pattern: str, code: str, advice: str, *, proves_absence: bool = True) -> _Known:
    return _Known(re.compile(pattern), code, advice, proves_absence)


# The exchange's sentences as observed. Order matters: the first match wins. What the exchange
# judges before it looks at the nonce says nothing about an earlier attempt with the same bytes: an
# API wallet may have ended, an account been converted in between. That proves no absence.
_SENTENCES = (
    _known(
        r"User or API Wallet 0x[0-9a-fA-F]+ does not exist",
        "unknown-signer",
        "the recovered signer has no account: check the network, and whether the API wallet is "
        "approved",
        proves_absence=False,
    ),
    _known(
        r"Unable to recover signer",
        "signature-refused",
        "the exchange finds no signer of this body: ask the signer for the signed file again",
        proves_absence=False,
    ),
    _known(
        r"Must deposit before performing actions",
        "not-funded",
        "deposit to this account before changing its settings",
        proves_absence=False,
    ),
    _known(
        r"Invalid nonce: duplicate nonce",
        "nonce-used",
        "an action with this nonce has arrived before: compare the setting in force, then draft "
        "again if needed",
        proves_absence=False,
    ),
    _known(
        r"Invalid nonce",
        "nonce-refused",
        "draft the request again: its nonce lies outside what the exchange takes",
        proves_absence=False,
    ),
    _known(
        r"Action already expired",
        "expired",
        "draft and sign the request again with a longer --valid-for",
        proves_absence=False,
    ),
    _known(
        r"Invalid leverage value",
        "leverage-refused",
        "choose a leverage from 1 to the market's maximum",
    ),
    _known(
        r"Cannot switch leverage type with open position",
        "position-forbids-switch",
        "close the position first, or keep its margin mode",
    ),
    _known(
        r"Cross margin is not allowed for this asset",
        "cross-not-allowed",
        "use isolated margin on this market",
    ),
    _known(
        r"Cross position does not have sufficient margin available to decrease leverage",
        "margin-insufficient",
        "deposit more collateral, or choose a higher leverage",
    ),
    _known(
        r"Isolated position does not have sufficient margin available to decrease leverage",
        "margin-insufficient",
        "add margin to the position, or choose a higher leverage",
    ),
    _known(
        r"Account does not have sufficient margin available for increase",
        "margin-insufficient",
        "deposit more collateral, or add less margin",
    ),
    _known(
        r"Position does not have sufficient margin for reduction",
        "margin-insufficient",
        "remove less margin: the position needs the rest",
    ),
    _known(
        r"Position does not use isolated margin",
        "not-isolated",
        "margin can only be moved on an isolated position",
    ),
    _known(
        r"Update to isolated margin cannot be zero", "margin-zero", "choose an amount other than 0"
    ),
    _known(
        r"Cannot update margin for empty position",
        "no-position",
        "open a position on this market first",
    ),
    _known(
        r"Asset not strict isolated",
        "not-strict-isolated",
        "use updateIsolatedMargin on this market",
    ),
    _known(
        r"Cannot remove isolated margin for this asset",
        "margin-locked",
        "reduce the position instead",
    ),
    _known(
        r"Vault not registered",
        "unknown-vault",
        "check the vault or sub-account address and the network",
    ),
    _known(
        r"Invalid multi-sig outer signer|Multi-sig required",
        "multi-sig",
        "this account needs its multi-sig signers",
        proves_absence=False,
    ),
)
# Not a judgement of the action: the same bytes pass once the address may send again.
_ADDRESS_LIMIT = re.compile(r"Too many cumulative requests sent")
_ADDRESS_LIMIT_PAUSE_S = 10.0


def classify(reply: Answer | NoAnswer) -> Ruling:
    """Say what one reply to a post means, by itself."""
    if isinstance(reply, NoAnswer):
        return Ruling(Verdict.UNKNOWN, reply.code, reply.reason)
    text = printable(reply.body.decode("utf-8", "replace"))
    if reply.status == _TOO_MANY:
        return Ruling(
            Verdict.BUSY,
            "rate-limited",
            "the exchange limits this address's requests",
            "wait, then `resolve`",
            _raw(reply.body),
            reply.retry_after,
        )
    if reply.status == _UNPROCESSABLE and reply.body.startswith(_MALFORMED_PREFIX.encode()):
        return Ruling(
            Verdict.REFUSED,
            "malformed",
            f"the exchange could not read the body: {text}",
            "update coldlever, then draft and sign again",
            _raw(reply.body),
        )
    if reply.status != _OK:
        return Ruling(
            Verdict.UNKNOWN,
            "redirected" if reply.status // 100 == 3 else "exchange-unavailable",  # noqa: PLR2004
            f"HTTP {reply.status} instead of an answer",
            raw=_raw(reply.body),
        )
    return _classify_document(reply.body, text)


def _classify_document(body: bytes, text: str) -> Ruling:
    raw = _raw(body)
    if isinstance(raw, dict) and raw.get("status") == "ok" and _is_success(raw.get("response")):
        return Ruling(Verdict.ACCEPTED, "accepted", "accepted by the exchange", raw=raw)
    if isinstance(raw, dict) and raw.get("status") == "err":
        sentence = raw.get("response")
        if isinstance(sentence, str):
            return _classify_sentence(sentence, raw)
    return Ruling(
        Verdict.UNKNOWN,
        "answer-unreadable",
        f"the exchange's answer has no known form: {text}",
        raw=raw,
    )


def _is_success(response: JsonValue) -> bool:
    """``{"type": "default"}``, or the older shape with a status in its data."""
    if not isinstance(response, dict) or response.get("type") not in _SUCCESS_TYPES:
        return False
    data = response.get("data")
    return data is None or (isinstance(data, dict) and data.get("status") == "success")


def _classify_sentence(sentence: str, raw: JsonValue) -> Ruling:
    shown = printable(sentence)
    if _ADDRESS_LIMIT.search(sentence) is not None:
        return Ruling(
            Verdict.BUSY,
            "address-rate-limited",
            shown,
            "the account has used up its requests: one passes every 10 seconds, trading frees "
            "more; wait, then `resolve`",
            raw,
            _ADDRESS_LIMIT_PAUSE_S,
        )
    for known in _SENTENCES:
        if known.pattern.search(sentence) is not None:
            is_duplicate = known.code == "nonce-used"
            return Ruling(
                Verdict.DUPLICATE if is_duplicate else Verdict.REFUSED,
                known.code,
                shown,
                known.advice,
                raw,
                proves_absence=known.proves_absence,
            )
    return Ruling(
        Verdict.REFUSED,
        "exchange-refused",
        shown,
        "these are the exchange's own words; coldlever has no advice on them",
        raw,
        proves_absence=False,
    )


def _raw(body: bytes) -> JsonValue:
    """The answer as JSON where it is JSON, as text otherwise."""
    try:
        return loads(body, "answer")
    except ColdleverError:
        return body.decode("utf-8", "replace")
