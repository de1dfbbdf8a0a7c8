"""`market`: the names of markets that were confirmed on this machine."""

from __future__ import annotations

import click

from coldlever.shared.action import Network
from coldlever.shared.action.market_name import show_coin
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.reading import U32_MAX
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.state import ledger_path, require_own_state, state_option
from coldlever.signer.ledger import ConfirmedCoin, Ledger

_EPILOG = """\b
Examples:
  coldlever-signer market show
  coldlever-signer market show --network mainnet --json
  coldlever-signer market forget 110001 --network mainnet

coldlever's own table names the markets of the first dex. For another market you type the coin you
mean when you first sign for it; the name is remembered in the ledger, and from then on a request
that calls the asset id otherwise is refused. Forgetting a name has it asked for again.
"""


@click.group("market", epilog=_EPILOG)
def command() -> None:
    """Look at the names of markets that you confirmed, and forget one."""


@caged
@command.command("show")
@network_option("Only the names on this network.")
@accept_risk_option
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    network: Network | None,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the names that were confirmed here, by asset id."""
    require_own_state(machine, state_dir, accepted)
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        coins = [coin for coin in ledger.confirmed_coins() if network in (None, coin.network)]
    if as_json:
        emit_json({"confirmed": [_wire(coin) for coin in coins]})
        return
    for coin in coins:
        say(f"{coin.network.value} asset {coin.asset}: {show_coin(coin.coin)}")
    say("1 confirmed name" if len(coins) == 1 else f"{len(coins)} confirmed names")


@caged
@command.command("forget")
@click.argument("asset", type=click.IntRange(0, U32_MAX))
@network_option("The network of the asset id; needed, because ids differ.")
@accept_risk_option
@state_option
@json_option
@pass_machine
def forget(
    machine: Machine,
    asset: int,
    network: Network | None,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """Forget the confirmed name of an asset id, so that it is asked for again."""
    require_own_state(machine, state_dir, accepted)
    if network is None:
        raise UsageRefused(
            "network-missing",
            "an asset id is another market on the other network",
            "add --network mainnet or --network testnet",
        )
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        coin = ledger.confirmed_coin(network, asset)
        if coin is None or not ledger.forget_coin(network, asset):
            raise RuleRefused(
                "market-unconfirmed",
                f"no name was confirmed here for asset {asset} on {network.value}",
                "see `market show`",
            )
    if as_json:
        emit_json({"forgotten": _wire(ConfirmedCoin(network, asset, coin))})
    else:
        say(f"forgot that asset {asset} on {network.value} is {show_coin(coin)}", fg="green")


def _wire(coin: ConfirmedCoin) -> dict[str, object]:
    return {"network": coin.network.value, "asset": coin.asset, "coin": coin.coin}
