"""PyPI's ccxt, unmodified, against an exchange at any URL: one JSON document in, one out.

``{"url": u, "privateKey": k, "user": a, "vault": a, "symbol": s, "held": s}`` on stdin; on stdout a list of
``[call, what it returned or raised]``. It runs in an environment of its own, without coldlever.
"""

from __future__ import annotations

import json
import sys

import ccxt


def main() -> None:
    asked = json.load(sys.stdin)
    client = ccxt.hyperliquid({"walletAddress": asked["user"], "privateKey": asked["privateKey"]})
    client.set_sandbox_mode(True)
    client.urls["api"] = {"public": asked["url"], "private": asked["url"]}
    symbol, held = asked["symbol"], asked["held"]
    outcomes = [["load_markets", sorted(client.load_markets())]]
    for name, arguments in (
        ("fetch_time", ()),
        ("fetch_status", ()),
        ("set_leverage", (7, symbol)),
        ("set_leverage", (999, symbol)),
        ("set_leverage", (4, symbol, {"vaultAddress": asked["vault"]})),
        ("set_margin_mode", ("isolated", symbol, {"leverage": 6})),
        ("add_margin", (held, 60)),
        ("reduce_margin", (held, 20)),
        ("fetch_positions", ()),
        ("fetch_balance", ()),
        ("fetch_open_orders", (symbol,)),
    ):
        try:
            outcome = getattr(client, name)(*arguments)
        except ccxt.BaseError as error:
            outcome = f"{type(error).__name__}: {error}"
        outcomes.append([name, outcome])
    json.dump(outcomes, sys.stdout, default=str)


if __name__ == "__main__":
    main()
