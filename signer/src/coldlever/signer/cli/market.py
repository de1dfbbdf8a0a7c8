"""`market`: the names of markets that were confirmed on this machine."""

from __future__ import annotations

import click

from coldlever.shared.action import Network
from coldlever.shared.action.market_name import Voucher, show_coin
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.reading import U32_MAX
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.market_attest import attest
from coldlever.signer.cli.market_vouchers import attested_names, name_wire
from coldlever.signer.cli.state import ledger_path, require_own_state, state_option
from coldlever.signer.ledger import ConfirmedCoin, Ledger

_EPILOG = """\b
Examples:
  coldlever-signer market show
  coldlever-signer market show --network mainnet --json
  coldlever-signer market forget 110001 --network mainnet
  coldlever-signer market attest table.json --policy treasury.toml --approver carol --out ours.json

coldlever's own table names the markets of the first dex. For another market you type the coin you
mean when you first sign for it; the name is remembered in the ledger, and from then on a request
that calls the asset id otherwise is refused. Forgetting a name has it asked for again.
"""


@click.group("market", epilog=_EPILOG)
def command() -> None:
    """Show, forget, or vouch for what markets are called."""


command.add_command(attest)


@caged
@command.command("show")
@network_option("Only the names on this network.")
@click.option(
    "--attested", "table", metavar="TABLE", help="Also the names in this attested market table."
)
@click.option(
    "--policy", "policy_file", metavar="P", help="With --attested: whose attestors count."
)
@accept_risk_option
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    network: Network | None,
    table: str | None,
    policy_file: str | None,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the names that were confirmed here, by asset id, and those that attestors vouch for."""
    require_own_state(machine, state_dir, accepted)
    attested = [one for one in attested_names(table, policy_file) if network in (None, one.network)]
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        coins = [coin for coin in ledger.confirmed_coins() if network in (None, coin.network)]
    if as_json:
        names = [name_wire(one) for one in attested]
        listed = {} if table is None else {"attested": names}
        emit_json({"confirmed": [_wire(coin) for coin in coins]} | listed)
        return
    for coin in coins:
        say(f"{coin.network.value} asset {coin.asset}: {_shown(coin)}")
    for one in attested:
        say(f"{one.network.value}: {one}")
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
        gone = ConfirmedCoin(network, asset, coin)
        say(f"forgot that asset {asset} on {network.value} is {_shown(gone)}", fg="green")


def _shown(coin: ConfirmedCoin) -> str:
    """The name, and who vouches for it."""
    return f"{show_coin(coin.coin)} ({Voucher.PERSON.value})"


def _wire(coin: ConfirmedCoin) -> dict[str, object]:
    return {
        "network": coin.network.value,
        "asset": coin.asset,
        "coin": coin.coin,
        "voucher": "person",
    }
