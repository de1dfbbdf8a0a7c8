"""What an account's market is like, asked as lightly as the number of markets wants it."""

from __future__ import annotations

from coldlever.broadcaster.venue import Exchange, Standing
from coldlever.shared.action import Address


def look_up(
    exchange: Exchange, account: Address, coin: str, *, is_thrifty: bool
) -> Standing | None:
    """Setting and position.

    Args:
        exchange: the venue to ask.
        account: the account, vault or sub-account.
        coin: the market's name.
        is_thrifty: one answer about all positions of the account will do.

    Returns:
        None where no position is open and the setting was not asked for.

    Raises:
        EnvironmentFault: the exchange could not be read.
    """
    if not is_thrifty:
        return exchange.standing(account, coin)
    held = exchange.position(account, coin, fresh=False)
    return None if held is None else Standing(held.setting, held)
