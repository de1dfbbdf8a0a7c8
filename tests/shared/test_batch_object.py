"""A batch that carries its market entries once."""

import json

import pytest

from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.request import Defaults, load_requests


def load(wire):
    return load_requests(json.dumps(wire).encode(), "f", Defaults())


@pytest.fixture
def batch(request_wire, market_wire):
    parts = {"markets": [market_wire], "requests": [request_wire]}
    return {"kind": "coldlever/batch", "version": 1, **parts}


def test_each_request_gets_the_entry_of_its_asset(batch, request_wire, market_wire):
    assert load(batch) == load([{**request_wire, "market": market_wire}])


def test_a_thousand_requests_of_fifty_markets_with_positions_stay_under_a_mebibyte(
    batch, request_wire, market_wire
):
    position = {"size": "-0.1", "marginBefore": "420.0", "liquidationBefore": "61234.5"}
    batch["markets"] = [{**market_wire, "asset": 110_000 + n, "coin": f"x:C{n}"} for n in range(50)]
    batch["requests"] = [
        {
            **request_wire,
            "action": {**request_wire["action"], "asset": 110_000 + n % 50},
            "nonce": request_wire["nonce"] + n,
            "position": position,
        }
        for n in range(1000)
    ]
    assert len(json.dumps(batch)) < 2**20
    assert all(one.market.asset == one.signable.action.asset for one in load(batch).requests)


@pytest.mark.parametrize(
    ("key", "value"),
    [("version", 2), ("requests", []), ("requests", {}), ("markets", {}), ("more", 1)],
)
def test_another_form_is_refused(batch, key, value):
    with pytest.raises(ColdleverError):
        load({**batch, key: value})


def test_an_entry_twice_or_one_that_contradicts_a_request_is_refused(
    batch, request_wire, market_wire
):
    with pytest.raises(ColdleverError, match="twice"):
        load({**batch, "markets": [market_wire, market_wire]})
    own = {**market_wire, "maxLeverage": 7}
    with pytest.raises(ColdleverError, match="another than the batch's"):
        load({**batch, "requests": [{**request_wire, "market": own}]})
    with pytest.raises(ColdleverError, match="testnet"):
        load({**batch, "markets": [{**market_wire, "network": "testnet"}]})
