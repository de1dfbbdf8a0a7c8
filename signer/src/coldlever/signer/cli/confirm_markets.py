"""Having the names of markets confirmed: what a person types, and what a script says with --expect.

The signature covers an asset id alone. Where neither coldlever's table nor an earlier confirmation
vouches for its name, the person says what they mean to change; what they typed is remembered once
everything has been agreed to. A script says it beforehand, each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click

from coldlever.shared.action import Network
from coldlever.shared.action.market_name import MarketName, show_coin
from coldlever.shared.errors import PersonDeclined, RuleRefused, UsageRefused
from coldlever.shared.printable import printable, quoted
from coldlever.signer.ledger import ConfirmedCoin
from coldlever.signer.rules import Placed

# More ids than this nobody compares one by one with anything.
MAX_TYPED_IDS = 10
_EXPECTED = re.compile(r"(0|[1-9][0-9]{0,9})=(.+)", re.DOTALL)
_UNCHANGED = "nothing was signed or recorded"

expect_option = click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="ID=COIN",
    help="The coin you mean to change with this asset id: instead of typing it, and needed with "
    "--yes where nobody vouches for the name. Repeatable.",
)


@dataclass(frozen=True, slots=True)
class Naming:
    """The markets of one run, each once, by how far their names can be trusted.

    Args:
        names: all of them.
        expected: coins by asset id, from ``--expect``.
    """

    names: tuple[MarketName, ...]
    expected: Mapping[int, str]

    def claimed(self) -> list[MarketName]:
        """Those that only the request names, and ``--expect`` does not."""
        return [
            name
            for name in self.names
            if not name.is_vouched and name.coin is not None and name.asset not in self.expected
        ]

    def nameless(self) -> list[MarketName]:
        """Those that nothing names."""
        return [name for name in self.names if name.coin is None]


def prepare_naming(requests: Sequence[Placed], expected: Sequence[str], *, yes: bool) -> Naming:
    """Refuse what no confirmation can mend, before anybody reads or types.

    Args:
        requests: what will be signed.
        expected: the texts of ``--expect``.
        yes: whether nobody will be asked.

    Raises:
        UsageRefused: ``bad-expect``.
        RuleRefused: ``market-mismatch``, ``market-unconfirmed`` or ``market-missing``.
    """
    names = (one.name for one in requests if one.name is not None)
    naming = Naming(tuple(dict.fromkeys(names)), _parse(expected))
    _require_one_name_each(naming)
    _require_expected(naming)
    if yes:
        for name in naming.claimed():
            raise RuleRefused(
                "market-unconfirmed",
                f"the request calls asset {name.asset} on {name.network.value} {name.shown_coin}, "
                "and nobody vouches for that",
                f"say which coin you mean with --expect {name.asset}=COIN, or sign without --yes",
            )
    elif len(naming.nameless()) > MAX_TYPED_IDS:
        raise RuleRefused(
            "market-missing",
            f"nothing names the markets of {len(naming.nameless())} asset ids, and at most "
            f"{MAX_TYPED_IDS} can be typed",
            "give names with --market, a table of `coldlever-broadcaster market`",
        )
    return naming


def ask_for_markets(naming: Naming, ask: Callable[[str], str]) -> tuple[ConfirmedCoin, ...]:
    """Have the person say which markets they mean.

    Args:
        naming: the markets of the run.
        ask: asks the person in front of the machine.

    Returns:
        What to remember once the whole run has been confirmed.

    Raises:
        PersonDeclined: ``declined``, when what was typed is not what the requests say.
    """
    typed = tuple(_ask_for_coin(name, ask) for name in naming.claimed())
    _ask_for_ids(naming.nameless(), ask)
    return typed


def _parse(texts: Sequence[str]) -> dict[int, str]:
    expected: dict[int, str] = {}
    for text in texts:
        found = _EXPECTED.fullmatch(text)
        asset, coin = (-1, "") if found is None else (int(found[1]), found[2])
        if found is None or expected.setdefault(asset, coin) != coin:
            raise UsageRefused(
                "bad-expect",
                f"found --expect {printable(text)}, expected one coin for each asset id",
                "write it as --expect 110001=xyz:TSLA",
            )
    return expected


def _require_one_name_each(naming: Naming) -> None:
    first: dict[tuple[Network, int], str] = {}
    for name in naming.names:
        if name.coin is None:
            continue
        earlier = first.setdefault((name.network, name.asset), name.coin)
        if earlier != name.coin:
            raise RuleRefused(
                "market-mismatch",
                f"asset {name.asset} on {name.network.value} is called {show_coin(earlier)} by one "
                f"request and {name.shown_coin} by another",
                "do not sign: find out which of the two is right",
            )


def _require_expected(naming: Naming) -> None:
    for asset, coin in naming.expected.items():
        names = [name for name in naming.names if name.asset == asset]
        for name in names:
            if name.coin != coin:
                raise _unexpected(asset, coin, f"it is {name}")
        if not names:
            raise _unexpected(asset, coin, "no request is for this asset")


def _unexpected(asset: int, coin: str, found: str) -> RuleRefused:
    return RuleRefused(
        "market-mismatch",
        f"--expect says that asset {asset} is {show_coin(coin)}, but {found}",
        "do not sign: find out which of the two is right",
    )


def _ask_for_coin(name: MarketName, ask: Callable[[str], str]) -> ConfirmedCoin:
    typed = ask(
        f"Nobody vouches for the name of asset {name.asset} on {name.network.value}. Type the coin "
        "you mean to change"
    )
    if typed != name.coin:
        raise PersonDeclined(
            "declined",
            f"you mean {quoted(typed)}, the request is for {name}; {_UNCHANGED}",
        )
    return ConfirmedCoin(name.network, name.asset, typed)


def _ask_for_ids(names: Sequence[MarketName], ask: Callable[[str], str]) -> None:
    """Have the ids typed that nothing names: they are what gets signed."""
    ids = sorted({name.asset for name in names})
    if not ids:
        return
    prompt = (
        "Nothing names the market. Type the asset id"
        if len(ids) == 1
        else f"Nothing names these markets. Type the {len(ids)} asset ids, with spaces between"
    )
    typed = ask(prompt).replace(",", " ").split()
    if sorted(typed) != sorted(str(asset) for asset in ids):
        raise PersonDeclined("declined", f"not confirmed; {_UNCHANGED}")
