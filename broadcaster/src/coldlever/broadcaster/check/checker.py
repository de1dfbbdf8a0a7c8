"""Everything that must hold before a payload is posted, as a list a person can read.

All checks run even when one fails. A check that needs something which is missing (the network, a
valid signature) says that it was not run; only a list without failures and gaps allows a post.
"""

from __future__ import annotations

from collections.abc import Callable

from coldlever.broadcaster.check.market_rules import leverage_rule, margin_mode_rule, position_rule
from coldlever.broadcaster.check.report import Finding, Report
from coldlever.broadcaster.ledger import OPEN_STATES, Entry, Key, Ledger
from coldlever.broadcaster.venue import Exchange, account_acted_for
from coldlever.shared.action import Address, Setting, Signable, UpdateLeverage
from coldlever.shared.action.time_rules import (
    NONCE_PAST_MS,
    POST_MARGIN_MS,
    expiry_problem,
    nonce_floor_problem,
    nonce_window_problem,
)
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import SignedPayload, verify
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment
from coldlever.shared.reading.times import span

_Steps = tuple[tuple[str, Callable[[Report], Finding | str]], ...]


class Checker:
    """Runs the checks for one venue at one time.

    Args:
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        now: the time to judge by, ms since the epoch.
        exchange: the venue to ask, or None to run only what needs no network.
        expected_signer: who should have signed, or None.
    """

    def __init__(
        self,
        ledger: Ledger,
        venue_key: str,
        now: int,
        exchange: Exchange | None,
        expected_signer: Address | None = None,
    ) -> None:
        self._ledger = ledger
        self._venue_key = venue_key
        self._now = now
        self._exchange = exchange
        self._expected_signer = expected_signer
        self._highest: dict[Address, list[int]] = {}
        self._open: list[Entry] | None = None

    def run(self, payload: SignedPayload) -> Report:
        """Run every check on one payload.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        report = Report(payload.signable, payload)
        return self._walk(
            report,
            (
                ("format", lambda _: "well-formed, nothing unknown in it"),
                ("network", self._network),
                ("signature", self._signature),
                ("signer-known", self._signer_known),
                ("signer-allowed", self._signer_allowed),
                ("nonce-window", self._nonce_window),
                ("nonce-unused", self._nonce_unused),
                ("nonce-floor", self._nonce_floor),
                ("expiry", self._expiry),
                *self._market_steps(),
            ),
        )

    def foresee(self, signable: Signable, signer: Address, account: Address) -> Report:
        """Run the checks that a draft can be told about before anybody signs it.

        Args:
            signable: the drafted content.
            signer: who is to sign.
            account: the account it will change.
        """
        report = Report(signable, None, signer=signer, account=account)
        steps = (("network", self._network), ("nonce-floor", self._nonce_floor))
        return self._walk(report, (*steps, *self._market_steps()))

    def _market_steps(self) -> _Steps:
        return (
            ("market", self._market),
            ("leverage", self._leverage),
            ("margin-mode", self._margin_mode),
            ("position", self._position),
            ("change", self._change),
        )

    def _walk(self, report: Report, steps: _Steps) -> Report:
        for code, step in steps:
            try:
                result = step(report)
            except RuleRefused as error:
                result = Finding(
                    code, ok=False, detail=error.message, remedy=error.remedy, error=error.code
                )
            if isinstance(result, str):
                result = Finding(code, ok=True, detail=result)
            report.findings.append(result)
        return report

    def _network(self, report: Report) -> Finding | str:
        network = report.signable.network
        if self._exchange is None:
            return f"signed for {network.value}, if the signature holds"
        if self._exchange.network is not network:
            raise RuleRefused(
                "network-mismatch",
                f"signed for {network.value}, but {self._exchange.api.venue.url} is "
                f"{self._exchange.network.value}",
                "take the payload for the right network, or leave --network and --api-url out",
            )
        played = self._exchange.api.rehearsal_network
        if played is not None and played is not network:
            raise RuleRefused(
                "network-mismatch",
                f"signed for {network.value}, but the rehearsal exchange plays {played.value}",
                f"start it with `rehearse --network {network.value}`",
            )
        return f"{network.value}, to be posted to {self._exchange.api.venue.url}"

    def _signature(self, report: Report) -> str:
        assert report.payload is not None, "a draft's signature is not among its checks"
        report.signer = verify(report.payload, self._expected_signer)
        if report.payload.signer is None and self._expected_signer is None:
            return f"canonical; made by {report.signer} (the body itself claims no signer)"
        return f"canonical; made by {report.signer}, as claimed"

    def _signer_known(self, report: Report) -> Finding | str:
        if report.signer is None or self._exchange is None:
            return self._gap("signer-known", report)
        role = self._exchange.role(report.signer)
        if role.name == "missing":
            raise RuleRefused(
                "unknown-signer",
                f"the exchange knows no account or API wallet {report.signer}",
                "check the network and that the API wallet is approved; a changed byte anywhere "
                "in a body shows as an unknown signer too",
            )
        return f"the exchange knows the signer as {printable(role.name)}"

    def _signer_allowed(self, report: Report) -> Finding | str:
        if report.signer is None or self._exchange is None:
            return self._gap("signer-allowed", report)
        acted = account_acted_for(self._exchange, report.signer, report.signable.vault, self._now)
        report.account = acted.account
        claimed = None if report.payload is None else report.payload.account
        if claimed is not None and claimed != acted.account:
            raise RuleRefused(
                "account-mismatch",
                f"drafted and reviewed for the account {claimed}, but it would change "
                f"{acted.account}",
                "find out which of the two was meant, and draft the request again",
            )
        if acted.caution is not None:
            return Finding("signer-allowed", ok=True, detail=acted.caution, warning=True)
        return acted.sentence

    def _nonce_window(self, report: Report) -> str:
        nonce = report.signable.nonce
        _raise(nonce_window_problem(nonce, self._now))
        return f"{moment(nonce)} lies within the exchange's window{self._by_clock()}"

    def _nonce_unused(self, report: Report) -> Finding | str:
        if report.signer is None:
            return self._gap("nonce-unused", report)
        entry = self._ledger.find(Key(self._venue_key, report.signer, report.signable.nonce))
        if entry is None:
            return "not posted from here before (the exchange's own list cannot be asked)"
        same = entry.action_hash == report.signable.action_hash()
        what = "this very payload" if same else "another action with this nonce"
        raise RuleRefused(
            "nonce-used",
            f"{what} was handed to the exchange at {moment(entry.reserved_at)}: "
            f"{entry.state.value}",
            "see `history`" if same else "draft the request again: it takes a new nonce",
        )

    def _nonce_floor(self, report: Report) -> Finding | str:
        if report.signer is None:
            return self._gap("nonce-floor", report)
        highest = self._highest_nonces(report.signer)
        _raise(nonce_floor_problem(report.signable.nonce, highest))
        return f"above the floor, as far as this ledger knows ({len(highest)} nonces of the signer)"

    def _highest_nonces(self, signer: Address) -> list[int]:
        """Asked once a signer: all payloads of a run are judged by the same state."""
        if signer not in self._highest:
            self._highest[signer] = self._ledger.highest_nonces(self._venue_key, signer)
        return self._highest[signer]

    def _expiry(self, report: Report) -> Finding | str:
        expires_after = report.signable.expires_after
        _raise(expiry_problem(expires_after, self._now, POST_MARGIN_MS))
        if expires_after is None:
            last = report.signable.nonce + NONCE_PAST_MS
            sentence = f"no expiry: whoever sees it can post it until {moment(last)}"
            return Finding("expiry", ok=True, detail=sentence, warning=True)
        return f"valid for another {span(expires_after - self._now)}{self._by_clock()}"

    def _market(self, report: Report) -> Finding | str:
        if self._exchange is None:
            return self._gap("market", report)
        asset = report.signable.action.asset
        report.market = self._exchange.market(asset)
        if report.market is None:
            raise RuleRefused(
                "unknown-market",
                f"the exchange has no perpetual market with asset id {asset} on "
                f"{report.signable.network.value}",
                "draft the request again by the coin's name: ids differ between networks",
            )
        name = printable(report.market.coin, limit=40)
        if report.market.delisted:
            raise RuleRefused("market-delisted", f"{name} (asset {asset}) is delisted")
        return f"asset {asset} is {name}, up to {report.market.max_leverage}x"

    def _leverage(self, report: Report) -> Finding | str:
        found = leverage_rule(report.signable.action, report.market)
        return self._gap("leverage", report) if found is None else found

    def _margin_mode(self, report: Report) -> Finding | str:
        if report.market is None:
            return self._gap("margin-mode", report)
        return margin_mode_rule(report.signable.action, report.market.margin_mode)

    def _position(self, report: Report) -> Finding | str:
        if self._exchange is None or report.market is None or report.account is None:
            return self._gap("position", report)
        report.standing = self._exchange.standing(report.account, report.market.coin)
        return position_rule(report.signable.action, report.standing.position)

    def _change(self, report: Report) -> Finding | str:
        action = report.signable.action
        if report.standing is None:
            return self._gap("change", report)
        wanted = None
        if isinstance(action, UpdateLeverage):
            wanted = Setting(action.is_cross, action.leverage)
        earlier = self._open_before(report)
        if earlier is not None:
            sentence = (
                f"an earlier payload for this market (nonce {earlier.key.nonce}) is still open: "
                "run `resolve` first, or it may land after this one"
            )
            return Finding("change", ok=True, detail=sentence, warning=True)
        if wanted is None:
            return "the position's margin changes"
        if report.standing.setting == wanted:
            sentence = f"already in effect: the setting is {wanted}; posting changes nothing"
            return Finding("change", ok=True, detail=sentence, warning=True)
        return f"from {report.standing.setting} to {wanted}"

    def _open_before(self, report: Report) -> Entry | None:
        """Another payload for the same account and market whose outcome is open."""
        if self._open is None:
            self._open = self._ledger.entries(OPEN_STATES)
        for entry in self._open:
            is_same_place = (entry.key.venue, entry.account) == (self._venue_key, report.account)
            is_same_market = report.market is not None and entry.coin == report.market.coin
            is_this = (entry.key.signer, entry.key.nonce) == (report.signer, report.signable.nonce)
            if is_same_place and is_same_market and not is_this:
                return entry
        return None

    def _gap(self, code: str, report: Report) -> Finding:
        if self._exchange is None and report.signer is not None:
            return Finding(code, ok=None, detail="not run: needs the network")
        if report.signer is None:
            return Finding(code, ok=None, detail="not run: needs a valid signature")
        return Finding(code, ok=None, detail="not run: an earlier check failed")

    def _by_clock(self) -> str:
        return "" if self._exchange is not None else ", by this machine's clock"


def _raise(problem: RuleRefused | None) -> None:
    if problem is not None:
        raise problem
