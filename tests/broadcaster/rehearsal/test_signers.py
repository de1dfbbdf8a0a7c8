"""Who may act, and for whom."""

from __future__ import annotations

import json
import random

import pytest

from coldlever.broadcaster.rehearsal import LeverageSetting
from coldlever.broadcaster.rehearsal.state.accounts import AGENT_GRACE_MS, REMOVAL_PENDING_MS
from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.errors import InputRefused

BTC = 3
OK = {"status": "ok", "response": {"type": "default"}}
CURVE_PRIME = 2**256 - 2**32 - 977


def test_a_funded_user_changes_its_own_leverage(scene, act):
    assert scene.act(act.leverage(BTC, 10)) == OK
    assert scene.exchange.setting(scene.user.address, "BTC") == LeverageSetting(True, 10)


def test_the_order_of_keys_in_the_json_does_not_matter(scene, act):
    body = scene.body(act.leverage(BTC, 10))
    shuffled = list(body["action"].items())
    random.Random(7).shuffle(shuffled)
    body["action"] = dict(shuffled)
    assert list(body["action"]) != ["type", "asset", "isCross", "leverage"]
    assert scene.send(dict(reversed(body.items()))) == OK


def test_keys_the_exchange_does_not_know_make_a_body_unprocessable(scene, act):
    body = scene.body(act.leverage(BTC, 10))
    assert scene.send({**body, "isFrontend": True}) == 422
    assert scene.send({**body, "action": {**body["action"], "comment": "hello"}}) == 422
    noop = scene.body({"type": "noop"})
    assert scene.send({**noop, "action": {"type": "noop", "comment": "hello"}}) == 422


def test_keys_it_does_not_know_in_a_signature_are_ignored(scene, act):
    body = scene.body(act.leverage(BTC, 10))
    assert scene.send({**body, "signature": {**body["signature"], "yParity": 0}}) == OK


def test_leading_zeros_of_r_and_s_may_be_missing(scene, act):
    short = 0
    for _ in range(40):
        body = scene.body(act.leverage(BTC, 10))
        signature = body["signature"]
        for name in ("r", "s"):
            stripped = hex(int(signature[name], 16))
            short += len(stripped) < 66
            signature[name] = stripped
        assert scene.send(body) == OK
    assert short, "no signature had a leading zero; the test proves nothing"


def test_an_unknown_signer_is_named(scene, act):
    assert scene.refusal(act.leverage(BTC, 10), by=scene.stranger) == (
        f"User or API Wallet {scene.stranger.address.lower} does not exist."
    )


def test_one_changed_value_recovers_somebody_else(scene, act):
    body = scene.body(act.leverage(BTC, 10))
    body["action"] = act.leverage(BTC, 11)
    answer = scene.send(body)
    assert answer["status"] == "err"
    assert answer["response"].startswith("User or API Wallet 0x")
    assert scene.user.address.lower not in answer["response"]


def test_a_signature_for_the_other_network_recovers_somebody_else(scene, act):
    refusal = scene.refusal(act.leverage(BTC, 10), network=Network.MAINNET)
    assert refusal.startswith("User or API Wallet 0x")


@pytest.mark.parametrize(
    "signature",
    [
        {"r": "0x0", "s": "0x0", "v": 27},
        {"r": "0x0", "s": "0x1", "v": 27},
        {"r": "0x1", "s": "0x0", "v": 27},
        {"r": hex(CURVE_PRIME), "s": "0x1", "v": 28},
        {"r": "0x5", "s": "0x1", "v": 27},
        {"r": "0x1", "s": "0x1", "v": 26},
        {"r": "0x1", "s": "0x1", "v": 300},
    ],
)
def test_a_signature_nobody_can_have_made_is_refused(scene, act, signature):
    answer = scene.send({**scene.body(act.leverage(BTC, 10)), "signature": signature})
    assert answer == {"status": "err", "response": "Unable to recover signer."}


def test_a_user_without_a_deposit_must_deposit_first(scene, act):
    scene.exchange.add_account(scene.stranger.address, usd=0)
    assert scene.refusal(act.leverage(BTC, 10), by=scene.stranger) == (
        f"Must deposit before performing actions. User: {scene.stranger.address.lower}"
    )


def test_an_agent_acts_for_its_master(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address, name="desk")
    assert scene.act(act.leverage(BTC, 7), by=scene.agent) == OK
    assert scene.exchange.setting(scene.user.address, "BTC").value == 7


def test_an_agent_is_accepted_for_a_while_after_its_end_and_then_unknown(scene, act):
    scene.exchange.add_agent(
        scene.user.address, scene.agent.address, name="desk", valid_until=scene.time
    )
    scene.time += AGENT_GRACE_MS
    assert scene.act(act.leverage(BTC, 7), by=scene.agent) == OK
    scene.time += 1
    assert "does not exist" in scene.refusal(act.leverage(BTC, 8), by=scene.agent)


def test_a_new_agent_of_the_same_name_replaces_the_old_one(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_agent(scene.user.address, scene.stranger.address)
    assert scene.refusal(act.leverage(BTC, 7), by=scene.agent) == (
        f"Must deposit before performing actions. User: {scene.user.address.lower}"
    )
    assert scene.act(act.leverage(BTC, 7), by=scene.stranger) == OK


def test_a_removed_agent_does_not_exist(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address, name="desk")
    scene.exchange.remove_agent(scene.user.address, scene.agent.address)
    assert scene.refusal(act.leverage(BTC, 7), by=scene.agent) == (
        f"User or API Wallet {scene.agent.address.lower} does not exist."
    )
    with pytest.raises(InputRefused, match="no API wallet"):
        scene.exchange.remove_agent(scene.user.address, scene.agent.address)


def test_after_a_removal_a_new_agent_has_to_wait_and_needs_a_new_address(scene):
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.remove_agent(scene.user.address, scene.agent.address)
    scene.time += REMOVAL_PENDING_MS - 1
    with pytest.raises(InputRefused, match="User has pending agent removal"):
        scene.exchange.add_agent(scene.user.address, scene.stranger.address)
    scene.time += 1
    with pytest.raises(InputRefused, match="Extra agent already used"):
        scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_agent(scene.user.address, scene.stranger.address)


def test_the_address_of_a_replaced_agent_is_not_taken_again(scene):
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_agent(scene.user.address, scene.stranger.address)
    with pytest.raises(InputRefused, match="Extra agent already used"):
        scene.exchange.add_agent(scene.user.address, scene.agent.address)


def test_a_master_has_three_named_agents_and_two_more_for_each_sub_account(scene):
    def add(number):
        agent = Address(bytes([number]) * 20)
        scene.exchange.add_agent(scene.user.address, agent, name=f"desk {number}")

    for number in (50, 51, 52):
        add(number)
    with pytest.raises(InputRefused, match="as many as it may have"):
        add(53)
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_sub_account(scene.user.address, scene.sub)
    add(54)
    add(55)
    with pytest.raises(InputRefused, match="as many as it may have"):
        add(56)
    scene.exchange.add_agent(scene.user.address, scene.stranger.address, name="desk 50")


def test_an_agent_lives_for_90_days_unless_told_otherwise(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address, name="desk")
    (shown,) = scene.ask(type="extraAgents", user=scene.user.address.lower)
    assert shown["validUntil"] == scene.time + 90 * 86_400_000


def test_an_agent_may_be_renewed(scene):
    for valid_until in (scene.time, scene.time + 1):
        scene.exchange.add_agent(
            scene.user.address, scene.agent.address, name="desk", valid_until=valid_until
        )
    agents = scene.ask(type="extraAgents", user=scene.user.address.lower)
    assert [agent["validUntil"] for agent in agents] == [scene.time + 1]


def test_a_leader_acts_for_its_vault_and_not_for_itself(scene, act):
    scene.exchange.add_vault(scene.user.address, scene.vault)
    assert scene.act(act.leverage(BTC, 4), vault=scene.vault) == OK
    assert scene.exchange.setting(scene.vault, "BTC").value == 4
    assert scene.exchange.setting(scene.user.address, "BTC").value == 20


def test_an_agent_of_the_master_acts_for_its_sub_account(scene, act):
    scene.exchange.add_sub_account(scene.user.address, scene.sub)
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    assert scene.act(act.leverage(BTC, 4), vault=scene.sub, by=scene.agent) == OK
    assert scene.exchange.setting(scene.sub, "BTC").value == 4


def test_the_vault_address_counts_in_any_case_with_and_without_0x(scene, act):
    vault = Address(bytes.fromhex("ab" * 20))
    scene.exchange.add_vault(scene.user.address, vault)
    body = scene.body(act.leverage(BTC, 4), vault=vault)
    assert scene.send({**body, "vaultAddress": "0x" + "aB" * 20}) == OK
    body = scene.body(act.leverage(BTC, 4), vault=vault)
    assert scene.send({**body, "vaultAddress": "ab" * 20}) == OK


def test_an_address_that_is_no_vault_is_not_registered(scene, act):
    assert scene.refusal(act.leverage(BTC, 4), vault=scene.vault) == (
        f"Vault not registered: {scene.vault.lower}"
    )
    assert scene.refusal(act.leverage(BTC, 4), vault=scene.user.address) == (
        f"Vault not registered: {scene.user.address.lower}"
    )


def test_somebody_elses_vault_is_out_of_reach(scene, act):
    scene.exchange.add_account(scene.stranger.address)
    scene.exchange.add_vault(scene.stranger.address, scene.vault)
    assert "does not control" in scene.refusal(act.leverage(BTC, 4), vault=scene.vault)


def test_a_vault_is_no_signer(scene, act):
    scene.exchange.add_vault(scene.user.address, scene.stranger.address)
    assert "does not exist" in scene.refusal(act.leverage(BTC, 4), by=scene.stranger)


def test_a_vault_error_leaves_the_nonce_free(scene, act):
    body = scene.body(act.leverage(BTC, 4), vault=scene.vault, nonce=scene.time)
    for _ in range(2):
        assert scene.send(body)["response"].startswith("Vault not registered")
    assert not any(entry.admitted for entry in scene.exchange.journal.entries())
    assert scene.act(act.leverage(BTC, 4), nonce=scene.time) == OK
    assert scene.exchange.journal.entries()[-1].admitted


def test_a_vault_error_comes_before_a_nonce_outside_the_window_and_an_expiry(scene, act):
    options = {"vault": scene.vault, "expires_after": 1, "nonce": 1}
    assert "Vault not registered" in scene.refusal(act.leverage(BTC, 4), **options)


def test_the_signer_comes_before_the_nonce(scene, act):
    assert "does not exist" in scene.refusal(act.leverage(BTC, 4), by=scene.stranger, nonce=1)
    body = {
        **scene.body(act.leverage(BTC, 4), nonce=1),
        "signature": {"r": "0x0", "s": "0x0", "v": 27},
    }
    assert scene.send(body)["response"] == "Unable to recover signer."


def test_a_multi_sig_account_refuses_its_own_key(scene, act):
    scene.exchange.set_multi_sig(scene.user.address, [scene.stranger.address], 1)
    assert scene.refusal(act.leverage(BTC, 4)) == "Multi-sig required"


def test_an_agent_of_a_multi_sig_account_acts_for_it_directly(scene, act):
    scene.exchange.set_multi_sig(scene.user.address, [scene.stranger.address], 1)
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    assert scene.act(act.leverage(BTC, 4), by=scene.agent) == OK
    assert scene.exchange.setting(scene.user.address, "BTC").value == 4


def test_an_address_is_one_thing_only(scene):
    with pytest.raises(InputRefused, match="already knows"):
        scene.exchange.add_account(scene.user.address)
    with pytest.raises(InputRefused, match="already knows"):
        scene.exchange.add_agent(scene.user.address, scene.user.address)
    with pytest.raises(InputRefused, match="no account"):
        scene.exchange.add_vault(scene.stranger.address, scene.vault)
    with pytest.raises(InputRefused, match="no account"):
        scene.exchange.add_agent(scene.stranger.address, scene.agent.address)
    with pytest.raises(InputRefused, match="0 USD or more"):
        scene.exchange.add_account(scene.stranger.address, usd=-1)


def test_the_journal_tells_who_did_what(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_vault(scene.user.address, scene.vault)
    body = scene.body(act.leverage(BTC, 4), by=scene.agent, vault=scene.vault)
    scene.send(body)
    (entry,) = [each.to_wire() for each in scene.exchange.journal.entries()]
    assert entry["signer"] == scene.agent.address.lower
    assert entry["account"] == scene.vault.lower
    assert (entry["outcome"], entry["actionType"]) == ("accepted", "updateLeverage")
    assert entry["nonce"] == body["nonce"]
    assert len(entry["actionHash"]) == 66
    assert json.loads(json.dumps(entry)) == entry
