"""Whatever the exchange answers to questions: a list of checks, or the environment's fault."""

from __future__ import annotations

import json
from contextlib import closing
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldlever.broadcaster.check.checker import Checker
from coldlever.broadcaster.draft import MoveMargin, SetLeverage, TopUp, Wish, make_draft
from coldlever.broadcaster.venue.exchange import Exchange
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.reading.strict_json import loads

KINDS = [
    "exchangeStatus",
    "userRole",
    "extraAgents",
    "vaultDetails",
    "userToMultiSigSigners",
    "perpDexs",
    "meta",
    "activeAssetData",
    "clearinghouseState",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["agent", "subAccount", "vault", "user", "cross", "1e9", "-1", "0x12", ""])
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "data", "user", "master", "leverage", "type", "value", "szi"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def bent(value, data):
    """The same answer with one part of it exchanged for anything."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: bent(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, min(len(value) - 1, 4)))
        return [*value[:place], bent(value[place], data), *value[place + 1 :]]
    return data.draw(JSON)


@pytest.fixture
def bending(desk):
    """An exchange whose answer to one kind of question is bent."""

    def make(kind: str, data) -> Exchange:
        def info(query):
            answer = desk.exchange.ask(json.dumps(query).encode()).body
            if query["type"] == kind:
                answer = json.dumps(bent(json.loads(answer), data)).encode()
            return loads(answer, "answer")

        venue = SimpleNamespace(key="bent", url="http://127.0.0.1:1", is_rehearsal=True)
        api = SimpleNamespace(info=info, venue=venue, rehearsal_network=desk.network)
        return Exchange(api, desk.network)

    return make


bold = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def scene(desk, key_of, action):
    """A sub-account with an isolated position on a builder's market, acted on by an API wallet."""
    sub = key_of(7).address
    desk.exchange.add_agent(desk.user.address, desk.agent.address, name="bot", valid_until=1)
    desk.exchange.add_sub_account(desk.user.address, sub)
    isolated = action.leverage(2, asset=130_001, cross=False)
    desk.exchange.act(desk.sign(isolated, vault=sub, nonce=desk.time - 9).body())
    desk.exchange.open_position(sub, "xyz:TSLA", "0.1")
    return sub


@pytest.mark.parametrize("kind", KINDS)
@bold
@given(data=st.data())
def test_checks_end_in_a_list_or_in_the_environments_fault(desk, scene, bending, kind, data):
    action = {"type": "updateIsolatedMargin", "asset": 130_001, "isBuy": True, "ntli": 5}
    payload = desk.sign(action, by=desk.agent, vault=scene)
    with closing(desk.ledger()) as ledger:
        try:
            reader = bending(kind, data)
            report = Checker(ledger, "bent", reader.now(), reader).run(payload).report
        except EnvironmentFault as fault:
            told = [fault.message]
            code = fault.code
        else:
            assert len(report.findings) == 16
            told = [finding.detail for finding in report.findings]
            code = "exchange-answer"
    assert code in ("exchange-answer", "answer-broken")
    for sentence in told:
        assert sentence.isprintable()
        assert sentence.isascii()


@pytest.mark.parametrize("change", [SetLeverage(True, 3), MoveMargin(5), TopUp("2")], ids=str)
@bold
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_drafts_end_in_a_request_or_in_one_of_our_refusals(desk, scene, bending, change, **drawn):
    wish = Wish("xyz:TSLA", change, desk.user.address, scene, desk.agent.address, None, None)
    with closing(desk.ledger()) as ledger:
        try:
            draft = make_draft(bending(drawn["kind"], drawn["data"]), ledger, wish)
        except (EnvironmentFault, RuleRefused) as refusal:
            told = refusal.message
        else:
            assert draft.request.signable.vault == scene
            told = ""
    assert told.isascii()
    assert told.isprintable()
