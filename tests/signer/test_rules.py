from dataclasses import replace

import pytest

from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.request import Request
from coldlever.shared.reading.fields import Where
from coldlever.signer.rules import (
    place,
    require_distinct_nonces,
    require_signer,
    require_timely,
    time_problems,
    wanted_signer,
)

NOW = 1_795_000_000_000
DAY = 86_400_000
ALICE = Address(b"\xaa" * 20)
BOB = Address(b"\xbb" * 20)


def signable(nonce=NOW, expiry=NOW + 3_600_000, leverage=10, network=Network.MAINNET):
    return Signable(network, UpdateLeverage(0, True, leverage), nonce, None, expiry)


def placed(*, signer=None, where="f.json", **changes):
    return place(Request(signable(**changes), signer), Where(where))


def code(action, *arguments):
    with pytest.raises(RuleRefused) as caught:
        action(*arguments)
    return caught.value.code


@pytest.mark.parametrize(
    ("nonce", "expiry", "codes"),
    [
        (NOW, NOW + 3_600_000, []),
        (NOW, None, []),
        (NOW - 2 * DAY + 1, None, []),
        (NOW - 2 * DAY, None, ["nonce-window"]),
        (NOW + DAY - 1, None, []),
        (NOW + DAY, None, ["nonce-window"]),
        (NOW, NOW + 30_001, []),
        (NOW, NOW + 30_000, ["expired"]),
        (NOW, NOW - 1, ["expired"]),
        (0, 0, ["nonce-window", "expired"]),
    ],
)
def test_time_rules(nonce, expiry, codes):
    assert [one.code for one in time_problems(signable(nonce, expiry), NOW)] == codes


def test_an_untimely_request_is_named():
    good, late = placed(), placed(expiry=NOW, where="late.json")
    require_timely([good], NOW)
    with pytest.raises(RuleRefused, match=r"^late\.json: \$: it expired"):
        require_timely([good, late], NOW)


def test_a_nonce_may_repeat_only_with_the_same_content():
    same = [placed(), placed(), placed(nonce=NOW + 1, leverage=5)]
    require_distinct_nonces(same)
    require_distinct_nonces([placed(), placed(network=Network.TESTNET, leverage=3)])
    assert code(require_distinct_nonces, [placed(), placed(leverage=11)]) == "nonce-repeated"
    assert code(require_distinct_nonces, [placed(), placed(expiry=None)]) == "nonce-repeated"


def test_only_the_named_signer_may_sign():
    require_signer([placed(), placed(signer=ALICE)], ALICE)
    assert code(require_signer, [placed(signer=ALICE)], BOB) == "signer-mismatch"


def test_the_wanted_signer_is_the_one_that_all_name():
    assert wanted_signer([placed(), placed()]) is None
    assert wanted_signer([placed(signer=ALICE), placed(), placed(signer=ALICE)]) == ALICE
    assert code(wanted_signer, [placed(signer=ALICE), placed(signer=BOB)]) == "signers-differ"


def test_the_review_belongs_to_the_request():
    one = placed(leverage=7)
    assert "7x" in one.review.summary
    assert replace(one.request) == one.request
