"""Markets as lines, the digest over all lines, and the statement that an attestor signs.

The digest is the root of a hash tree in the manner of RFC 6962, section 2.1, so that a request can
show that its market stands in the list without carrying the list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.action import MarketEntry, MarketTable, Network
from coldlever.shared.action.attestation import MarketProof
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import quoted
from coldlever.shared.sshsig import PublicKey
from coldlever.shared.statement.text import stamp

MARKET_NAMESPACE = "market@coldlever"
_PLAIN = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@:/._-]{0,39}")
_LINE, _BRANCH = b"\x00", b"\x01"


def market_line(entry: MarketEntry) -> str:
    """One market, in words that can be compared.

    Raises:
        RuleRefused: ``market-not-plain`` for a name that could be other words.
    """
    if _PLAIN.fullmatch(entry.coin) is None:
        raise RuleRefused(
            "market-not-plain",
            f"asset {entry.asset} on {entry.network.value} is called {quoted(entry.coin)}, which "
            "no statement can hold",
            "attest other markets, with --asset",
        )
    state = "delisted" if entry.delisted else "listed"
    return (
        f"asset {entry.asset}: {entry.coin}, up to {entry.max_leverage}x, "
        f"{entry.margin_mode.value}, {state}, read {stamp(entry.time)}"
    )


@dataclass(frozen=True, slots=True)
class MarketList:
    """What attestors sign for: so many lines with this digest.

    Args:
        network: of all the markets.
        markets: how many lines the list has.
        root: the digest over the lines, 32 bytes.
    """

    network: Network
    markets: int
    root: bytes

    def statement(self, key: PublicKey) -> bytes:
        """What one attestor signs."""
        lines = (
            "coldlever markets: 1",
            f"network: {self.network.value}",
            f"markets: {self.markets}",
            f"list: sha256:{self.root.hex()}",
            f"attestor: {key.fingerprint}",
        )
        return "".join(line + "\n" for line in lines).encode("ascii")


def lines_of(table: MarketTable) -> tuple[str, ...]:
    """The lines of a table, ascending by asset.

    Raises:
        RuleRefused: ``market-not-plain``.
    """
    return tuple(market_line(table.entries[asset]) for asset in sorted(table.entries))


def list_of(table: MarketTable) -> MarketList:
    """The list that a table is; it has at least one market.

    Raises:
        RuleRefused: ``market-not-plain``.
    """
    root, paths = _grow([_leaf(line) for line in lines_of(table)])
    return MarketList(table.network, len(paths), root)


def prove_markets(table: MarketTable) -> dict[int, MarketProof]:
    """That each market stands in an attested table, by asset.

    Args:
        table: with attestations, and at least one market.

    Raises:
        RuleRefused: ``market-not-plain``.
    """
    _, paths = _grow([_leaf(line) for line in lines_of(table)])
    return {
        asset: MarketProof(len(paths), position, paths[position], table.attestations)
        for position, asset in enumerate(sorted(table.entries))
    }


def proven_list(entry: MarketEntry, proof: MarketProof) -> MarketList | None:
    """The list that a proof leads to; None when its path has another length.

    Raises:
        RuleRefused: ``market-not-plain``.
    """
    root = _climb(_leaf(market_line(entry)), proof.position, proof.markets, proof.path)
    return None if root is None else MarketList(entry.network, proof.markets, root)


def _leaf(line: str) -> bytes:
    return sha256(_LINE + line.encode("ascii") + b"\n").digest()


def _branch(left: bytes, right: bytes) -> bytes:
    return sha256(_BRANCH + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _grow(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The root, and for each leaf the digests beside its way there, from below."""
    if len(leaves) == 1:
        return leaves[0], [()]
    middle = _split(len(leaves))
    left, left_paths = _grow(leaves[:middle])
    right, right_paths = _grow(leaves[middle:])
    paths = [(*path, right) for path in left_paths] + [(*path, left) for path in right_paths]
    return _branch(left, right), paths


def _climb(leaf: bytes, position: int, count: int, path: Sequence[bytes]) -> bytes | None:
    if count == 1:
        return None if path else leaf
    if not path:
        return None
    middle = _split(count)
    if position < middle:
        below = _climb(leaf, position, middle, path[:-1])
        return None if below is None else _branch(below, path[-1])
    below = _climb(leaf, position - middle, count - middle, path[:-1])
    return None if below is None else _branch(path[-1], below)
