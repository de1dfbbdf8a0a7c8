"""What `inspect` and `verify` say about one action: the review, the time rules, the signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldlever.shared.action import Address
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message import Caution, Request, Review, SignedPayload, verify
from coldlever.shared.message.check_words import words_wire
from coldlever.shared.message.review import name_action, review
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.rules import Placed, time_problems

_UNTIMED = Caution("time-unchecked", "no clock: nonce and expiry were NOT checked against the time")


@dataclass(frozen=True, slots=True)
class Inspection:
    """One action, looked at from all sides.

    Args:
        request: what it asks for; of a signed payload, what was signed.
        review: the same in words.
        signer: who must sign or, of a payload with a good signature, who did.
        fault: what is wrong with the signature, None when nothing is or there is none.
    """

    request: Request
    review: Review
    signer: Address | None
    fault: ColdleverError | None = None

    def cautioned(self, *cautions: Caution) -> Inspection:
        """The same with more to notice."""
        return replace(self, review=_with(self.review, cautions))

    def to_wire(self) -> dict[str, object]:
        """The object that `inspect --json` prints for each request."""
        signable = self.request.signable
        name = name_action(signable, self.request.market)
        wire: dict[str, object] = {
            "network": signable.network.value,
            "actionHash": to_0x(signable.action_hash()),
            "digest": to_0x(signable.digest()),
        }
        if self.signer is not None:
            wire["signer"] = self.signer.checksummed
        wire |= {
            "action": signable.action.to_wire(),
            "nonce": signable.nonce,
            "expiresAfter": signable.expires_after,
            "vaultAddress": None if signable.vault is None else signable.vault.lower,
        }
        if name is not None and name.coin is not None:
            wire["coin"] = name.coin
        if self.review.kills is not None:
            wire["kills"] = self.review.kills
        wire |= words_wire(self.review.subject)
        wire["warnings"] = [
            {"code": caution.code, "text": caution.text} for caution in self.review.cautions
        ]
        return wire


def inspect_request(placed: Placed, now: int | None) -> Inspection:
    """Look at an unsigned request; time rules that it breaks become cautions.

    Args:
        placed: the request, with its market entry where one is known.
        now: the time to judge by, ms since the epoch; None to say that it was not judged.
    """
    if now is None:
        timing: Sequence[Caution] = (_UNTIMED,)
    else:
        problems = time_problems(placed.request.signable, now)
        timing = [Caution(problem.code, problem.message) for problem in problems]
    return Inspection(placed.request, _with(placed.review, timing), placed.request.signer)


def inspect_payload(
    payload: SignedPayload, request: Request, expected: Address | None = None
) -> Inspection:
    """Look at a signed payload; a bad signature becomes a caution and the inspection's fault.

    Args:
        payload: envelope or bare body.
        request: the payload's content as a request, with its market entry where one is known.
        expected: who should have signed, from ``--signer``.
    """
    try:
        signer = verify(payload, expected)
    except RuleRefused as error:
        request = replace(request, signer=None)
        caution = Caution(error.code, f"NOT VALID: {error.message}")
        return Inspection(request, _with(review(request), (caution,)), None, error)
    request = replace(request, signer=signer)
    return Inspection(request, review(request), signer)


def _with(one: Review, cautions: Sequence[Caution]) -> Review:
    return replace(one, cautions=(*one.cautions, *cautions))
