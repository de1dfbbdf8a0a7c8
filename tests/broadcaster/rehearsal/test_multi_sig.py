"""Multi-sig accounts: wrappers signed by the official SDK, answered as the exchange answers."""

from __future__ import annotations

import eth_account
import pytest
from hyperliquid.utils.signing import sign_multi_sig_action, sign_multi_sig_l1_action_payload

from coldlever.broadcaster.rehearsal import LeverageSetting
from coldlever.shared.action.address import parse_address

BTC = 3
OK = {"status": "ok", "response": {"type": "default"}}
WALLETS = [eth_account.Account.from_key(bytes([number]) * 32) for number in range(1, 7)]
ONE, TWO, THREE, LEADER, STRANGER, ACCOUNT = WALLETS
LEVERAGE = {"type": "updateLeverage", "asset": BTC, "isCross": True, "leverage": 7}


def address(wallet):
    return parse_address(wallet.address)


@pytest.fixture
def shared(scene):
    """An account of which two out of ONE, TWO, THREE and LEADER decide."""
    for wallet in (ACCOUNT, LEADER, STRANGER):
        scene.exchange.add_account(address(wallet))
    users = [address(wallet) for wallet in (ONE, TWO, THREE, LEADER)]
    scene.exchange.set_multi_sig(address(ACCOUNT), users, 2)
    return scene


def wrap(scene, signers, *, leader=LEADER, action=LEVERAGE, nonce=None, names=None, vault=None):
    """The body of a post; `names` may name another leader than the one who signs."""
    nonce = scene.time if nonce is None else nonce
    named = (names or leader).address.lower()
    user = ACCOUNT.address.lower()
    signatures = [
        sign_multi_sig_l1_action_payload(wallet, action, False, vault, nonce, None, user, named)
        for wallet in signers
    ]
    wrapper = {
        "type": "multiSig",
        "signatureChainId": "0x66eee",
        "signatures": signatures,
        "payload": {"multiSigUser": user, "outerSigner": named, "action": action},
    }
    return {
        "action": wrapper,
        "nonce": nonce,
        "signature": sign_multi_sig_action(leader, wrapper, False, vault, nonce, None),
        "vaultAddress": vault,
        "expiresAfter": None,
    }


def sentence(scene, body):
    answer = scene.send(body)
    assert answer["status"] == "err"
    return answer["response"]


def test_enough_users_and_a_leader_change_the_account(shared):
    assert shared.send(wrap(shared, [ONE, TWO])) == OK
    assert shared.exchange.setting(address(ACCOUNT), "BTC") == LeverageSetting(True, 7)
    (entry,) = shared.exchange.journal.entries()
    assert (entry.signer, entry.account) == (address(LEADER), address(ACCOUNT))
    assert (entry.action_type, entry.admitted) == ("multiSig", True)


def test_the_leader_may_be_one_of_the_inner_signers_and_extra_signatures_do_no_harm(shared):
    assert shared.send(wrap(shared, [LEADER, TWO, THREE])) == OK


def test_the_nonce_is_the_leaders(shared):
    body = wrap(shared, [ONE, TWO])
    assert shared.send(body) == OK
    assert sentence(shared, body) == f"Invalid nonce: duplicate nonce {shared.time}"
    shared.exchange.add_account(address(THREE))
    assert shared.send(wrap(shared, [ONE, TWO], leader=THREE)) == OK


def test_the_multi_sig_account_is_charged_the_request(shared):
    shared.send(wrap(shared, [ONE, TWO]))
    used = [
        shared.ask(type="userRateLimit", user=wallet.address)["nRequestsUsed"]
        for wallet in (ACCOUNT, LEADER)
    ]
    assert used == [1, 0]


def test_a_refusal_by_the_actions_rules_uses_up_the_leaders_nonce(shared):
    body = wrap(shared, [ONE, TWO], action={**LEVERAGE, "leverage": 99})
    assert sentence(shared, body) == "Invalid leverage value"
    assert "duplicate" in sentence(shared, wrap(shared, [ONE, TWO]))


@pytest.mark.parametrize("signers", [[], [ONE], [ONE, ONE]])
def test_too_few_users_are_refused_and_nobody_counts_twice(shared, signers):
    assert sentence(shared, wrap(shared, signers)) == "Multi-sig threshold not met"


def test_strangers_and_agents_of_authorised_users_are_no_inner_signers(shared):
    assert sentence(shared, wrap(shared, [ONE, STRANGER])) == "Invalid multi-sig inner signer"
    shared.exchange.add_account(address(ONE))
    agent = eth_account.Account.from_key(b"\x09" * 32)
    shared.exchange.add_agent(address(ONE), address(agent))
    assert sentence(shared, wrap(shared, [agent, TWO])) == "Invalid multi-sig inner signer"


def test_a_stranger_does_not_lead(shared):
    body = wrap(shared, [ONE, TWO], leader=STRANGER)
    assert sentence(shared, body) == "Invalid multi-sig outer signer"


def test_the_leader_is_the_one_that_is_named(shared):
    body = wrap(shared, [ONE, TWO], leader=STRANGER, names=LEADER)
    assert sentence(shared, body) == "Invalid multi-sig outer signer"


def test_a_leader_without_a_deposit_is_refused(shared):
    body = wrap(shared, [TWO, THREE], leader=ONE)
    assert sentence(shared, body) == "Multi-sig outer signer must be an L1 user."


def test_an_agent_of_a_user_leads_once_it_has_a_deposit_of_its_own(shared):
    agent = eth_account.Account.from_key(b"\x09" * 32)
    shared.exchange.add_account(address(ONE))
    shared.exchange.add_agent(address(ONE), address(agent))
    body = wrap(shared, [TWO, THREE], leader=agent)
    assert sentence(shared, body) == "Multi-sig outer signer must be an L1 user."
    shared.exchange.add_account(address(agent))
    assert shared.send(body) == OK


def test_an_account_that_is_not_multi_sig_has_no_wrappers(scene):
    for wallet in (ACCOUNT, LEADER):
        scene.exchange.add_account(address(wallet))
    assert sentence(scene, wrap(scene, [ONE, TWO])) == "Invalid multi-sig user"


def test_more_than_ten_signatures_are_too_many(shared):
    body = wrap(shared, [ONE] * 11)
    assert sentence(shared, body) == "Too many multi-sig signers"


def test_leading_zeros_of_inner_signatures_are_not_part_of_what_the_leader_signs(shared):
    for nonce in range(shared.time, shared.time + 200):
        body = wrap(shared, [ONE, TWO], nonce=nonce)
        inner = body["action"]["signatures"][0]
        if len(inner["r"]) < 66:
            break
    else:
        pytest.fail("no signature had a leading zero; the test proves nothing")
    padded = {**inner, "r": f"0x{int(inner['r'], 16):064x}"}
    wrapper = {**body["action"], "signatures": [padded, body["action"]["signatures"][1]]}
    # Posted with its zeros it is the same wrapper; hashed with them it is another one.
    signed_so = sign_multi_sig_action(LEADER, wrapper, False, None, nonce, None)
    assert sentence(shared, {**body, "action": wrapper, "signature": signed_so}) == (
        "Invalid multi-sig outer signer"
    )
    assert shared.send({**body, "action": wrapper}) == OK


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("signatureChainId", 421614),
        ("signatureChainId", "0x" + "1" * 17),
        ("signatures", {}),
        ("signatures", ["0x12"]),
        ("payload", None),
        ("payload", {"multiSigUser": ACCOUNT.address, "outerSigner": LEADER.address}),
        ("comment", "hello"),
    ],
)
def test_a_wrapper_of_another_form_is_unprocessable(shared, place, value):
    body = wrap(shared, [ONE, TWO])
    assert shared.send({**body, "action": {**body["action"], place: value}}) == 422


def test_an_inner_action_that_is_not_modelled_says_so(shared):
    body = wrap(shared, [ONE, TWO], action={"type": "order", "orders": [], "grouping": "na"})
    assert sentence(shared, body) == ('Rehearsal: actions of type "order" are not modelled here.')
