"""Each thing that must hold before a payload is posted: what it learns, and what it finds.

A check that needs something which is missing (the network, a valid signature) says that it was not
run. Nothing here changes what it is given.
"""

from __future__ import annotations

from dataclasses import replace

from coldlever.broadcaster.check.board import Board, PolicyCheck
from coldlever.broadcaster.check.earlier import Earlier, setting_of
from coldlever.broadcaster.check.lookup import look_up
from coldlever.broadcaster.check.market_rules import (
    change_rule,
    leverage_rule,
    margin_mode_rule,
    position_rule,
)
from coldlever.broadcaster.check.network_rule import network_rule
from coldlever.broadcaster.check.nonce_rules import Find, target_rule, unused_rule
from coldlever.broadcaster.check.order import Order
from coldlever.broadcaster.check.report import Facts, Finding, caution, not_run
from coldlever.broadcaster.check.signer_rules import allowed_rule, known_rule
from coldlever.broadcaster.check.walk import Check
from coldlever.broadcaster.ledger import Ledger, NonceKey
from coldlever.broadcaster.venue import Exchange, account_acted_for
from coldlever.shared.action import Address, Signable
from coldlever.shared.action.asset_class import class_problem
from coldlever.shared.action.market_name import name_market
from coldlever.shared.action.time_rules import (
    NONCE_PAST_MS,
    POST_MARGIN_MS,
    expiry_problem,
    nonce_floor_problem,
    nonce_window_problem,
)
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.signed import prove
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment
from coldlever.shared.reading.times import span


class Checks:
    """The checks of one venue at one time.

    Args:
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        now: the time to judge by, ms since the epoch.
        exchange: the venue to ask, or None to run only what needs no network.
        expected_signer: who should have signed, or None.
        board: the policy in force with the run's approvals, or None.
        after_open: nonces of open payloads that may land late, as a person said.
        is_thrifty: ask for no setting where no position is open: it changes nothing yet.
        find: the ledger's row of a key; the ledger is asked each time where it is None.
    """

    def __init__(
        self,
        ledger: Ledger,
        venue_key: str,
        now: int,
        exchange: Exchange | None,
        expected_signer: Address | None,
        *,
        board: Board | None = None,
        after_open: frozenset[int] = frozenset(),
        is_thrifty: bool = False,
        find: Find | None = None,
    ) -> None:
        self._is_thrifty = is_thrifty
        self._ledger = ledger
        self._find = ledger.find if find is None else find
        self._venue_key = venue_key
        self._now = now
        self._exchange = exchange
        self._expected_signer = expected_signer
        self._policy = PolicyCheck(board, ledger, venue_key, now)
        self._earlier = Earlier()
        self.order = Order(ledger, venue_key, self._earlier, after_open)
        self._highest: dict[Address, list[int]] = {}

    def note(self, signer: Address, signable: Signable, account: Address | None) -> None:
        """Judge what is checked next as if this payload had landed."""
        self._earlier.note(signer, signable, account)

    def of_payload(self) -> tuple[Check, ...]:
        """All of them."""
        return (
            *self._of_signer(),
            Check("nonce-window", self._nonce_window),
            Check("nonce-unused", self._nonce_unused),
            Check("nonce-floor", self._nonce_floor),
            Check("expiry", self._expiry),
            *self._of_market(),
            Check("policy", self._policy.judge),
            Check("order", self._turn, self.order.learn),
        )

    def of_revocation(self) -> tuple[Check, ...]:
        """All that fit a noop: it needs no market, and has no expiry."""
        return (
            *self._of_signer(),
            Check("nonce-window", self._nonce_window),
            Check("nonce-unused", self._nonce_unused),
            Check("revocation", self._target),
        )

    def _of_signer(self) -> tuple[Check, ...]:
        return (
            Check("format", lambda _: "well-formed, nothing unknown in it"),
            Check("network", self._network),
            Check("signature", self._signature, self._recover),
            Check("signer-known", self._signer_known),
            Check("signer-allowed", self._signer_allowed, self._find_account),
        )

    def of_draft(self) -> tuple[Check, ...]:
        """Those that a draft can be told about before anybody signs it."""
        return (
            Check("network", self._network),
            Check("nonce-floor", self._nonce_floor),
            *self._of_market(),
            Check("order", self.order.foresee),
        )

    def _of_market(self) -> tuple[Check, ...]:
        return (
            Check("market", self._market, self._find_market),
            Check("leverage", self._leverage),
            Check("margin-mode", self._margin_mode),
            Check("position", self._position, self._find_standing),
            Check("change", self._change),
        )

    def _network(self, facts: Facts) -> Finding | str:
        return network_rule(facts.signable.network, self._exchange)

    def _recover(self, facts: Facts) -> Facts:
        assert facts.payload is not None, "a draft's signature is not among its checks"
        proven = prove(facts.payload, self._expected_signer)
        return replace(facts, signer=proven.signer, proven=proven)

    def _signature(self, facts: Facts) -> str:
        assert facts.payload is not None, "a draft's signature is not among its checks"
        if facts.payload.signer is None and self._expected_signer is None:
            return f"canonical; made by {facts.signer} (the body itself claims no signer)"
        return f"canonical; made by {facts.signer}, as claimed"

    def _signer_known(self, facts: Facts) -> Finding | str:
        if facts.signer is None or self._exchange is None:
            return self._gap("signer-known", facts)
        return known_rule(facts.signer, self._exchange)

    def _find_account(self, facts: Facts) -> Facts:
        if facts.signer is None or self._exchange is None:
            return facts
        vault = facts.signable.vault
        acted = account_acted_for(self._exchange, facts.signer, vault, self._now)
        return replace(facts, acted=acted)

    def _signer_allowed(self, facts: Facts) -> Finding | str:
        if facts.acted is None:
            return self._gap("signer-allowed", facts)
        claimed = None if facts.payload is None else facts.payload.account
        return allowed_rule(facts.acted, claimed)

    def _nonce_window(self, facts: Facts) -> str:
        nonce = facts.signable.nonce
        _raise(nonce_window_problem(nonce, self._now))
        return f"{moment(nonce)} lies within the exchange's window{self._by_clock()}"

    def _nonce_unused(self, facts: Facts) -> Finding | str:
        if facts.signer is None:
            return self._gap("nonce-unused", facts)
        self._earlier.require_own_nonce(facts.signer, facts.signable)
        return unused_rule(self._find, self._key(facts.signer, facts), facts.action_hash)

    def _key(self, signer: Address, facts: Facts) -> NonceKey:
        return NonceKey(self._venue_key, signer, facts.signable.nonce, facts.signable.what)

    def _target(self, facts: Facts) -> Finding | str:
        if facts.signer is None:
            return self._gap("revocation", facts)
        return target_rule(self._find(self._key(facts.signer, facts).other))

    def _nonce_floor(self, facts: Facts) -> Finding | str:
        if facts.signer is None:
            return self._gap("nonce-floor", facts)
        highest = self._highest_nonces(facts.signer)
        _raise(nonce_floor_problem(facts.signable.nonce, highest))
        self._earlier.require_above_floor(facts.signer, facts.signable.nonce, highest)
        return f"above the floor, as far as this ledger knows ({len(highest)} nonces of the signer)"

    def _highest_nonces(self, signer: Address) -> list[int]:
        """Asked once a signer: all payloads of a run are judged by the same state."""
        if signer not in self._highest:
            self._highest[signer] = self._ledger.highest_nonces(self._venue_key, signer)
        return self._highest[signer]

    def _expiry(self, facts: Facts) -> Finding | str:
        expires_after = facts.signable.expires_after
        _raise(expiry_problem(expires_after, self._now, POST_MARGIN_MS))
        if expires_after is None:
            last = facts.signable.nonce + NONCE_PAST_MS
            sentence = f"no expiry: whoever sees it can post it until {moment(last)}"
            return caution("expiry", sentence)
        return f"valid for another {span(expires_after - self._now)}{self._by_clock()}"

    def _turn(self, facts: Facts) -> Finding | str:
        return self._gap("order", facts) if facts.signer is None else self.order.judge(facts)

    def _find_market(self, facts: Facts) -> Facts:
        asset = facts.signable.change.asset
        _raise(class_problem(asset))
        if self._exchange is None:
            return facts
        market = self._exchange.market(asset)
        # Of a market that the table calls otherwise, nothing becomes a fact.
        name_market(facts.signable.network, asset, market)
        return replace(facts, market=market)

    def _market(self, facts: Facts) -> Finding | str:
        if self._exchange is None:
            return self._gap("market", facts)
        asset = facts.signable.change.asset
        if facts.market is None:
            raise RuleRefused(
                "unknown-market",
                f"the exchange has no perpetual market with asset id {asset} on "
                f"{facts.signable.network.value}",
                "draft the request again by the coin's name: ids differ between networks",
            )
        name = printable(facts.market.coin, limit=40)
        if facts.market.delisted:
            raise RuleRefused("market-delisted", f"{name} (asset {asset}) is delisted")
        return f"asset {asset} is {name}, up to {facts.market.max_leverage}x"

    def _leverage(self, facts: Facts) -> Finding | str:
        found = leverage_rule(facts.signable.change, facts.market)
        return self._gap("leverage", facts) if found is None else found

    def _margin_mode(self, facts: Facts) -> Finding | str:
        if facts.market is None:
            return self._gap("margin-mode", facts)
        return margin_mode_rule(facts.signable.change, facts.market.margin_mode)

    def _find_standing(self, facts: Facts) -> Facts:
        if self._exchange is None or facts.market is None or facts.account is None:
            return facts
        coin = facts.market.coin
        standing = look_up(self._exchange, facts.account, coin, is_thrifty=self._is_thrifty)
        foreseen = self._earlier.foresee(facts, standing)
        return replace(facts, standing=foreseen, is_position_read=True)

    def _position(self, facts: Facts) -> Finding | str:
        if not facts.is_position_read:
            return self._gap("position", facts)
        held = None if facts.standing is None else facts.standing.position
        return position_rule(facts.signable.change, held)

    def _change(self, facts: Facts) -> Finding | str:
        if not facts.is_position_read:
            return self._gap("change", facts)
        current = None if facts.standing is None else facts.standing.setting
        return change_rule(setting_of(facts.signable.action), current)

    def _gap(self, code: str, facts: Facts) -> Finding:
        if self._exchange is None and facts.signer is not None:
            detail = "needs the network"
        elif facts.signer is None:
            detail = "needs a valid signature"
        else:
            detail = "an earlier check failed"
        return not_run(code, detail)

    def _by_clock(self) -> str:
        return "" if self._exchange is not None else ", by this machine's clock"


def _raise(problem: RuleRefused | None) -> None:
    if problem is not None:
        raise problem
