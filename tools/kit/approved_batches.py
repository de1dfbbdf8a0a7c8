"""Batches that are approved as one list, and single requests by that list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.action import Signable, UpdateIsolatedMargin
from coldlever.shared.action.actions import Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.statement.text import batch_lines
from kit.approvals import GIVEN, batch, request
from kit.case import Kit
from kit.people import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    NONCE,
    VAULT,
    case_of,
    say,
    signable,
)


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("approval", "Approvals")
    _batches(kit)


def three_signables() -> tuple[Signable, ...]:
    return (
        signable(),
        signable(nonce=NONCE + 1, action=UpdateIsolatedMargin(3, True, -250_500_000)),
        signable(
            nonce=NONCE + 2, action=TopUpIsolatedOnlyMargin(3, "2.5"), expires_after=EXPIRY + 1000
        ),
    )


def _batches(kit: Kit) -> None:
    three = three_signables()
    case = case_of(*three, is_batch=True)
    said = tuple(say(who, case) for who in (ALICE, CAROL))
    kit.ok(
        "batch.json",
        batch(*three, approvals=said),
        "a batch is approved as one list; it ends with its last request",
        **GIVEN,
    )
    until = tuple(say(who, case, not_after=EXPIRY + 1000) for who in (ALICE, CAROL))
    kit.ok(
        "batch-until-the-last.json",
        batch(*three, approvals=until),
        "an approval of a batch may last as long as its last request",
        **GIVEN,
    )
    kit.ok(
        "batch-after-the-first.json",
        batch(*three, approvals=until),
        "the first has ended, the approval has not",
        **{**GIVEN, "now": EXPIRY + 500},
    )
    kit.no(
        "batch-outlives.json",
        batch(
            *three,
            approvals=tuple(say(who, case, not_after=EXPIRY + 1001) for who in (ALICE, CAROL)),
        ),
        "an approval that would outlive the last request",
        **GIVEN,
    )
    kit.no(
        "batch-swapped.json",
        batch(three[1], three[0], three[2], approvals=said),
        "another order than was approved",
        **GIVEN,
    )
    kit.no(
        "batch-shorter.json",
        batch(*three[:2], approvals=said),
        "one request less than was approved",
        **GIVEN,
    )
    kit.no(
        "batch-longer.json",
        [*batch(*three, approvals=said), request(say(ALICE), what=signable(nonce=NONCE + 9))],
        "the fourth has an approval of another request",
        **GIVEN,
    )
    kit.no(
        "batch-number.json",
        batch(*three, approvals=tuple(replace(one, requests=2) for one in said)),
        "it says that the batch has two",
        **GIVEN,
    )
    kit.no(
        "batch-for-single.json",
        request(*said),
        "approvals of a batch at a single request",
        **GIVEN,
    )
    kit.no(
        "single-for-batch.json",
        batch(*three, approvals=(say(ALICE), *said)),
        "an approval of a single request among those of the batch",
        **GIVEN,
    )
    kit.ok(
        "batch-of-singles.json",
        [request(say(ALICE, case_of(one)), say(CAROL, case_of(one)), what=one) for one in three],
        "each request with approvals of its own",
        **GIVEN,
    )
    kit.ok(
        "batch-of-one.json",
        batch(
            three[0],
            approvals=tuple(say(who, case_of(three[0], is_batch=True)) for who in (ALICE, CAROL)),
        ),
        "a batch of one is approved as a list",
        **GIVEN,
    )
    noop = signable(nonce=NONCE + 5, action=Noop(), expires_after=None)
    kit.ok(
        "batch-with-noop.json",
        batch(noop, *three, approvals=said),
        "a noop is left out, and not numbered",
        **GIVEN,
    )
    kit.no(
        "batch-two-vaults.json",
        [
            request(*said),
            request(what=signable(nonce=NONCE + 1, vault=VAULT)),
            request(what=three[2]),
        ],
        "approved as one, with two vaults",
        **GIVEN,
    )
    kit.ok(
        "batch-two-batches.json",
        [*batch(*three, approvals=said), *_second_batch()],
        "two approved batches, one behind the other",
        **GIVEN,
    )
    lines = batch_lines(three)
    listed = tuple(
        replace(say(who, case, not_after=EXPIRY), listed=lines) for who in (ALICE, CAROL)
    )
    kit.ok(
        "listed.json",
        request(*listed),
        "a single request, by the list of the batch that was approved",
        **GIVEN,
    )
    kit.ok(
        "listed-later-end.json",
        request(
            *(
                replace(say(who, case, not_after=EXPIRY + 1000), listed=lines)
                for who in (ALICE, CAROL)
            )
        ),
        "with its list an approval may outlive this request",
        **GIVEN,
    )
    kit.no(
        "listed-not-in.json",
        request(*listed, what=signable(nonce=NONCE + 7)),
        "a request that is not in the list",
        **GIVEN,
    )
    forged = (lines[0].replace("10x", "40x"), *lines[1:])
    kit.no(
        "listed-forged.json",
        request(*(replace(one, listed=forged) for one in listed)),
        "a list in which a line was changed",
        **GIVEN,
    )
    kit.no(
        "listed-forged-own.json",
        request(*(replace(one, listed=(*lines[:2], lines[0])) for one in listed), what=three[0]),
        "a list in which another line was changed",
        **GIVEN,
    )
    kit.no(
        "listed-reordered.json",
        request(*(replace(one, listed=lines[::-1]) for one in listed)),
        "a list in another order",
        **GIVEN,
    )


def _second_batch() -> list[dict[str, Any]]:
    two = (signable(nonce=NONCE + 20), signable(nonce=NONCE + 21))
    case = case_of(*two, is_batch=True)
    return batch(*two, approvals=tuple(say(who, case) for who in (BOB, DAVE)))
