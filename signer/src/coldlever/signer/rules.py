"""What must hold for requests before anybody is asked to sign them: time, nonces, signer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coldlever.shared.action import Address, Network, Signable
from coldlever.shared.action.asset_class import class_problem
from coldlever.shared.action.market_name import MarketName
from coldlever.shared.action.time_rules import SIGN_MARGIN_MS, expiry_problem, nonce_window_problem
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Request, Review
from coldlever.shared.message.review import name_action, review
from coldlever.shared.printable import quoted
from coldlever.shared.reading import Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from coldlever.signer.ledger import ConfirmedCoin, Entry


@dataclass(frozen=True, slots=True)
class Placed:
    """A request, where it stood, and what it says in words.

    Args:
        request: what is asked for.
        where: file and position in it, for error messages.
        review: the request's review.
        name: what its market is called, and who vouches for that; None for a noop.
        signed_before: what this machine has signed with the nonce that a noop kills, or None.
    """

    request: Request
    where: Where
    review: Review
    name: MarketName | None
    signed_before: str | None = None


def place(
    request: Request,
    where: Where,
    confirmed: str | None = None,
    signed_before: str | None = None,
    attestors: tuple[str, ...] = (),
) -> Placed:
    """A request with its place, its review and its market's name.

    Args:
        request: what is asked for.
        where: file and position in it.
        confirmed: what a person confirmed on this machine as the name of its asset id, or None.
        signed_before: what this machine has signed with the nonce that a noop kills, or None.
        attestors: who of the policy in force has attested its market entry.

    Raises:
        RuleRefused: ``market-mismatch`` or ``asset-class``, for its market's name.
    """
    try:
        name = name_action(request.signable, request.market, confirmed, attestors)
        words = review(
            request, confirmed=confirmed, attestors=attestors, signed_before=signed_before
        )
    except RuleRefused as problem:
        raise problem.at(where) from None
    return Placed(request, where, words, name, signed_before)


def recall(requests: Sequence[Placed], coins: Iterable[ConfirmedCoin]) -> tuple[Placed, ...]:
    """The requests, named also by what a person confirmed on this machine before.

    Raises:
        RuleRefused: ``market-mismatch`` when a name contradicts a confirmed one.
    """
    confirmed = {(coin.network, coin.asset): coin.coin for coin in coins}
    return tuple(
        one
        if one.name is None or (coin := confirmed.get((one.name.network, one.name.asset))) is None
        else place(one.request, one.where, coin)
        for one in requests
    )


def recall_killed(
    requests: Sequence[Placed],
    address: Address,
    signed: Callable[[Network, Address, int], Entry | None],
) -> tuple[Placed, ...]:
    """The requests, where they are noops with what this machine had signed with their nonces.

    Args:
        requests: reviewed.
        address: who will sign.
        signed: finds the payload that was signed with a nonce, if one was.

    Raises:
        RuleRefused: ``kills-mismatch`` when a noop says that it kills something else.
    """
    return tuple(
        one
        if (known := _signed_before(one, address, signed)) is None
        else place(one.request, one.where, signed_before=known)
        for one in requests
    )


def _signed_before(
    placed: Placed, address: Address, signed: Callable[[Network, Address, int], Entry | None]
) -> str | None:
    signable = placed.request.signable
    if signable.what is not What.REVOCATION:
        return None
    known = signed(signable.network, address, signable.nonce)
    if known is None:
        return None
    # An import may have brought it.
    description = quoted(known.description)
    drafted = placed.request.kills
    if drafted is not None and drafted.action_hash() != known.action_hash:
        raise RuleRefused(
            "kills-mismatch",
            f"{placed.where}: says that it kills {name_action(drafted, None)}, and this machine "
            f"signed another action with nonce {signable.nonce}: {description}",
            "draft the revocation again, from the payload that is meant",
        )
    return description


def require_perpetuals(requests: Sequence[Placed]) -> None:
    """Refuse asset ids of spot pairs and outcome markets: they have no leverage.

    Raises:
        RuleRefused: ``asset-class``.
    """
    for placed in requests:
        problem = None if placed.name is None else class_problem(placed.name.asset)
        if problem is not None:
            raise problem.at(placed.where)


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
            raise problem.at(placed.where)


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
        place(
            replace(placed.request, signer=address),
            placed.where,
            None if placed.name is None else placed.name.confirmed,
            placed.signed_before,
            () if placed.name is None else placed.name.attestors,
        )
        for placed in requests
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
