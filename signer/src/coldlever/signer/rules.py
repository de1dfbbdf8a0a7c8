"""What must hold for requests before anybody is asked to sign them: time, nonces, signer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldlever.shared.action import Address, Network, Signable
from coldlever.shared.action.time_rules import SIGN_MARGIN_MS, expiry_problem, nonce_window_problem
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Request, Review
from coldlever.shared.message.review import review
from coldlever.shared.reading import Where


@dataclass(frozen=True, slots=True)
class Placed:
    """A request, where it stood, and what it says in words.

    Args:
        request: what is asked for.
        where: file and position in it, for error messages.
        review: the request's review.
    """

    request: Request
    where: Where
    review: Review


def place(request: Request, where: Where) -> Placed:
    """A request with its place and its review."""
    return Placed(request, where, review(request))


def time_problems(signable: Signable, now: int) -> list[RuleRefused]:
    """The time rules that a request breaks.

    Args:
        signable: what would be signed.
        now: the time to judge by, ms since the epoch.
    """
    problems = (
        nonce_window_problem(signable.nonce, now),
        expiry_problem(signable.expires_after, now, SIGN_MARGIN_MS),
    )
    return [problem for problem in problems if problem is not None]


def require_timely(requests: Sequence[Placed], now: int) -> None:
    """Refuse requests that the exchange would refuse for their time.

    Raises:
        RuleRefused: ``nonce-window`` or ``expired``.
    """
    for placed in requests:
        for problem in time_problems(placed.request.signable, now):
            raise _at(placed.where, problem)


def require_distinct_nonces(requests: Sequence[Placed]) -> None:
    """Refuse two different requests of one run with the same nonce on the same network.

    Raises:
        RuleRefused: ``nonce-repeated``.
    """
    first: dict[tuple[Network, int], Placed] = {}
    for placed in requests:
        signable = placed.request.signable
        earlier = first.setdefault((signable.network, signable.nonce), placed)
        if earlier.request.signable != signable:
            raise RuleRefused(
                "nonce-repeated",
                f"{placed.where}: has the nonce {signable.nonce}, which {earlier.where} uses for "
                "another request",
                "draft one of them again: every request needs a nonce of its own",
            )


def require_signer(requests: Sequence[Placed], address: Address) -> None:
    """Refuse requests that somebody else must sign.

    Raises:
        RuleRefused: ``signer-mismatch``.
    """
    for placed in requests:
        wanted = placed.request.signer
        if wanted is not None and wanted != address:
            raise RuleRefused(
                "signer-mismatch",
                f"{placed.where}: must be signed by {wanted}, this is the key of {address}",
                "choose the right keystore with --keystore",
            )


def name_signer(requests: Sequence[Placed], address: Address) -> tuple[Placed, ...]:
    """The requests with the signer that is known now; nothing signed changes.

    Args:
        requests: those that name another signer are refused.
        address: whose key it will be.

    Raises:
        RuleRefused: ``signer-mismatch``.
    """
    require_signer(requests, address)
    return tuple(
        place(replace(placed.request, signer=address), placed.where) for placed in requests
    )


def wanted_signer(requests: Sequence[Placed]) -> Address | None:
    """Who must sign, if the requests say so.

    Raises:
        RuleRefused: ``signers-differ`` when they name several.
    """
    wanted: Address | None = None
    for placed in requests:
        signer = placed.request.signer
        if wanted is not None and signer is not None and signer != wanted:
            raise RuleRefused(
                "signers-differ",
                f"{placed.where}: must be signed by {signer}, an earlier request by {wanted}",
                "sign them in two runs, one for each key",
            )
        wanted = signer if signer is not None else wanted
    return wanted


def _at(where: Where, problem: RuleRefused) -> RuleRefused:
    return RuleRefused(problem.code, f"{where}: {problem.message}", problem.remedy)
