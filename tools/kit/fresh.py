"""Documents that are drawn and signed anew, so that random edits begin with more than the kit's own."""

from __future__ import annotations

import random
from typing import Any

from coldlever.shared.action import Network, Signable, UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import LeverageAction, Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.errors import ColdleverError
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.policy import Policy
from coldlever.shared.statement import Approval, Decision
from kit.approvals import batch, request, sheet
from kit.case import as_bytes
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    MALLORY,
    NONCE,
    NOW,
    OTHER_WALLET,
    VAULT,
    WALLET,
    case_of,
    say,
    signable,
)
from kit.signed import envelope

_DAY = 86_400_000


def fresh(
    files: dict[str, bytes], chance: random.Random
) -> tuple[bytes, dict[str, Any], dict[str, bytes]]:
    """A document that is good but for chance, often under a policy of the kit.

    Args:
        files: of the kit, for its policies.
        chance: draws everything.

    Returns:
        The document, what is known beside it, and files that are named there and not in the kit.
    """
    path = chance.choice([name for name in files if name.startswith("policy/")])
    policy = _policy(files[path])
    given: dict[str, Any] = {}
    if chance.random() < 0.3:
        given["challenge"] = "able acid also apex"
    if policy is None or chance.random() < 0.2:
        return as_bytes(_unapproved(chance)), given, {}
    given |= {"policy": path, "now": chance.choice((NOW, NOW, NOW, EXPIRY, EXPIRY + 1))}
    signables = tuple(_drawn(chance, at) for at in range(chance.choice((1, 1, 1, 2, 3))))
    is_batch = len(signables) > 1
    changes = tuple(one for one in signables if not isinstance(one.action, Noop))
    if not changes or len({(one.network, one.vault) for one in changes}) > 1:
        return as_bytes(_unapproved(chance)), given, {}
    case = case_of(*changes, is_batch=is_batch)
    said = tuple(_word(case, policy, chance) for _ in range(chance.randrange(5)))
    if said and chance.random() < 0.3:
        beside = {"beside.json": as_bytes(sheet(case, *said))}
        wire = batch(*signables) if is_batch else request(what=signables[0])
        return as_bytes(wire), given | {"approvals": ["beside.json"]}, beside
    if is_batch:
        return as_bytes(batch(*signables, approvals=said)), given, {}
    make = chance.choice((request, envelope))
    wire = (
        request(*said, what=signables[0])
        if make is request
        else envelope(signables[0], approvals=said)
    )
    return as_bytes(wire), given, {}


def _policy(data: bytes) -> Policy | None:
    try:
        return load_policy(data, "policy")
    except ColdleverError:
        return None


def _unapproved(chance: random.Random) -> Any:
    count = chance.choice((1, 1, 1, 2, 4))
    drawn = [_drawn(chance, at) for at in range(count)]
    key = chance.choice((WALLET, OTHER_WALLET))
    wires = (
        [envelope(one, key) for one in drawn]
        if chance.random() < 0.6
        else [request(what=one) for one in drawn]
    )
    return wires if count > 1 else wires[0]


def _drawn(chance: random.Random, at: int) -> Signable:
    actions: tuple[LeverageAction | Noop, ...] = (
        UpdateLeverage(
            chance.choice((0, 3, 127, 128, 2**32 - 1)), chance.random() < 0.5, _size(chance)
        ),
        UpdateLeverage(0, True, chance.randrange(1, 60)),
        UpdateIsolatedMargin(3, chance.random() < 0.5, chance.choice((-1, 1)) * _size(chance)),
        TopUpIsolatedOnlyMargin(110_001, f"{chance.randrange(1, 100)}.{chance.randrange(1, 10)}"),
        Noop(),
    )
    action = chance.choice(actions)
    if isinstance(action, Noop):
        return signable(action=action, nonce=NONCE + at, expires_after=None)
    return signable(
        action=action,
        nonce=chance.choice((NONCE + at, NONCE + at, at, 2**53 - 1 - at)),
        expires_after=chance.choice((EXPIRY, EXPIRY, EXPIRY + 1000, NONCE + 3 * _DAY, None, 0)),
        vault=chance.choice((None, None, None, VAULT, ACCOUNT)),
        network=chance.choice((Network.MAINNET, Network.MAINNET, Network.TESTNET)),
    )


def _size(chance: random.Random) -> int:
    bits = chance.randrange(1, 32)
    return chance.randrange(1 << (bits - 1), 1 << bits)


def _word(case: Any, policy: Policy, chance: random.Random) -> Approval:
    who = chance.choice((ALICE, ALICE, BOB, CAROL, CAROL, DAVE, DAVE, MALLORY))
    kinds = (Decision.APPROVE,) * 8 + (Decision.REJECT, Decision.PROPOSE)
    return say(
        who,
        case,
        chance.choice(kinds),
        policy=policy,
        number=chance.choice((1, 1, 1, 2)),
        not_after=chance.choice((None, None, None, EXPIRY, NOW + 5)),
        flags=chance.choice((5, 5, 5, 5, 1, 0)),
    )
