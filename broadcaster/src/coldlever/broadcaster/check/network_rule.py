"""The network that was signed for is the one that would be posted to."""

from __future__ import annotations

from coldlever.broadcaster.venue import Exchange
from coldlever.shared.action import Network
from coldlever.shared.errors import RuleRefused


def network_rule(network: Network, exchange: Exchange | None) -> str:
    """The venue, and what a rehearsal plays, is of the signed network.

    Args:
        network: what was signed for, if the signature holds.
        exchange: the venue, or None without one.

    Raises:
        RuleRefused: ``network-mismatch``.
    """
    if exchange is None:
        return f"signed for {network.value}, if the signature holds"
    if exchange.network is not network:
        raise RuleRefused(
            "network-mismatch",
            f"signed for {network.value}, but {exchange.api.venue.url} is {exchange.network.value}",
            "take the payload for the right network, or leave --network and --api-url out",
        )
    played = exchange.api.rehearsal_network
    if played is not None and played is not network:
        raise RuleRefused(
            "network-mismatch",
            f"signed for {network.value}, but the rehearsal exchange plays {played.value}",
            f"start it with `rehearse --network {network.value}`",
        )
    return f"{network.value}, to be posted to {exchange.api.venue.url}"
