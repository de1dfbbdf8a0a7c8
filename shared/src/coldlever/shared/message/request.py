"""Unsigned requests: what the air-gapped signer is asked to sign.

Three spellings are read: the full request, the exchange's own request body without its signature,
and a bare action. An array of any of them is a batch. docs/formats.md specifies them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from coldlever.shared.action import Address, MarketEntry, Network, Setting, Signable
from coldlever.shared.action.actions import Noop, parse_action
from coldlever.shared.action.address import as_optional_address
from coldlever.shared.action.attestation import MarketProof, parse_proof
from coldlever.shared.action.market import (
    describe_kind,
    parse_market_entry,
    parse_network,
    require_agreed_network,
    require_fitting,
)
from coldlever.shared.action.setting import parse_setting
from coldlever.shared.action.signable import parse_signable
from coldlever.shared.errors import InputRefused, RuleRefused, UsageRefused
from coldlever.shared.message.account import parse_account
from coldlever.shared.message.batch import (
    is_batch_object,
    parse_batch_object,
    require_same_entry,
)
from coldlever.shared.message.position import Position, parse_position
from coldlever.shared.message.revocation import killed_wire, parse_killed, require_bare
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    JsonValue,
    Where,
    as_object,
    as_string,
    describe,
    elements,
    loads,
)
from coldlever.shared.statement.approval import Approval, approval_wire, parse_approvals

NOTE_MAX_LENGTH = 500
DEFAULT_VALIDITY_MS = 3_600_000

_REQUIRED = ("action", "nonce")
_OPTIONAL = (
    "network",
    "expiresAfter",
    "vaultAddress",
    "signer",
    "market",
    "current",
    "note",
    "account",
    "position",
    "approvals",
    "kills",
    "marketProof",
)


@dataclass(frozen=True, slots=True)
class Request:
    """One unsigned request.

    Args:
        signable: what the signature will cover.
        signer: who must sign, or None for anybody.
        market: what the asset id means, or None. Not signed.
        current: the setting the drafter saw on the exchange, or None. Not signed.
        note: the drafter's words, or None. Not signed; escape before display.
        account: whose setting the drafter says it changes, or None. Not signed.
        position: what the drafter says it does to the open position, or None. Not signed.
        approvals: what people have said about it; of a batch they stand at its first request.
        kills: what the drafter says a noop kills, or None. Not signed.
        proof: that attestors vouch for its market, or None. Not signed.
    """

    signable: Signable
    signer: Address | None = None
    market: MarketEntry | None = None
    current: Setting | None = None
    note: str | None = None
    account: Address | None = None
    position: Position | None = None
    approvals: tuple[Approval, ...] = ()
    kills: Signable | None = None
    proof: MarketProof | None = None

    def to_wire(self) -> dict[str, object]:
        """The request as JSON; optional parts are left out when absent."""
        signable = self.signable
        wire: dict[str, object] = {
            "network": signable.network.value,
            "action": signable.action.to_wire(),
            "nonce": signable.nonce,
            "expiresAfter": signable.expires_after,
            "vaultAddress": None if signable.vault is None else signable.vault.lower,
        }
        if self.signer is not None:
            wire["signer"] = self.signer.checksummed
        if self.market is not None:
            wire["market"] = self.market.to_wire()
        if self.current is not None:
            wire["current"] = self.current.to_wire()
        if self.note is not None:
            wire["note"] = self.note
        if self.account is not None:
            wire["account"] = self.account.checksummed
        if self.position is not None:
            wire["position"] = self.position.to_wire()
        if self.approvals:
            wire["approvals"] = [approval_wire(one) for one in self.approvals]
        if self.kills is not None:
            wire["kills"] = killed_wire(self.kills)
        if self.proof is not None:
            wire["marketProof"] = self.proof.to_wire()
        return wire


@dataclass(frozen=True, slots=True)
class Defaults:
    """What fills the gaps of a body or a bare action.

    Args:
        network: from ``--network``; it must agree with what a request says itself.
        now: the clock, ms since the epoch; None on a machine without one.
        validity: how long a bare action stays valid, ms.
    """

    network: Network | None = None
    now: int | None = None
    validity: int = DEFAULT_VALIDITY_MS

    def after(self, earlier: int) -> Defaults:
        """The same for what follows: no two bare actions of one run get the same nonce.

        Args:
            earlier: how many requests were read before, one millisecond for each.
        """
        return self if self.now is None else replace(self, now=self.now + earlier)


@dataclass(frozen=True, slots=True)
class RequestFile:
    """The requests of one file, in order.

    Args:
        requests: at least one.
        is_batch: True when the file held an array, so that the output is an array too.
    """

    requests: tuple[Request, ...]
    is_batch: bool

    def placed(self, where: Where) -> list[tuple[Request, Where]]:
        """Each request with its place, for error messages."""
        return where.spread(self.requests, is_batch=self.is_batch)


def load_requests(data: bytes, source: str, defaults: Defaults) -> RequestFile:
    """Read a request file.

    Args:
        data: the file's bytes.
        source: its name, for error messages.
        defaults: what fills gaps.

    Raises:
        InputRefused: malformed, or something else than a request.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
        UsageRefused: ``bad-time`` when the clock leads a bare action out of range.
    """
    return parse_requests(loads(data, source), Where(source), defaults)


def parse_requests(value: JsonValue, where: Where, defaults: Defaults) -> RequestFile:
    """As `load_requests`, from a JSON value."""
    if is_batch_object(value):
        return _parse_batch_object(value, where, defaults)
    if not isinstance(value, list):
        return RequestFile((_parse_request(value, where, defaults),), is_batch=False)
    if not value:
        raise where.refusal("empty-batch", "an empty array", "at least one request")
    requests = []
    for offset, (element, place) in enumerate(elements(value, where)):
        requests.append(_parse_request(element, place, defaults.after(offset)))
    return RequestFile(tuple(requests), is_batch=True)


def _parse_batch_object(value: JsonValue, where: Where, defaults: Defaults) -> RequestFile:
    listed, markets = parse_batch_object(value, where)
    place = where.key("requests")
    if not isinstance(listed, list):
        raise place.refusal("wrong-type", describe(listed), "an array")
    file = parse_requests(listed, place, defaults)
    return replace(
        file, requests=tuple(_with_entry(one, at, markets) for one, at in file.placed(place))
    )


def _with_entry(request: Request, where: Where, markets: dict[int, MarketEntry]) -> Request:
    action = request.signable.action
    entry = None if isinstance(action, Noop) else markets.get(action.asset)
    if entry is None or isinstance(action, Noop):
        return request
    require_same_entry(request.market, entry, where)
    try:
        require_fitting(entry, request.signable.network, action)
    except RuleRefused as error:
        raise error.at(where) from None
    return replace(request, market=entry)


def _parse_request(value: JsonValue, where: Where, defaults: Defaults) -> Request:
    if not isinstance(value, dict):
        raise where.refusal("not-a-request", describe(value), "an unsigned request")
    if "kind" in value:
        raise where.refusal("not-a-request", describe_kind(value), "an unsigned request")
    if "type" in value and "action" not in value:
        return _parse_bare_action(value, where, defaults)
    fields = as_object(value, where, _REQUIRED, _OPTIONAL)
    network = _agreed_network(fields, where, defaults.network)
    signable = parse_signable(fields, where, network)
    require_bare(fields, where, signable)
    return Request(
        signable,
        as_optional_address(fields.get("signer"), where.key("signer")),
        _parse_market(fields.get("market"), where.key("market"), signable),
        parse_setting(fields.get("current"), where.key("current")),
        _parse_note(fields.get("note"), where.key("note")),
        parse_account(fields, where, signable),
        parse_position(fields.get("position"), where.key("position")),
        parse_approvals(fields.get("approvals", []), where.key("approvals")),
        parse_killed(fields.get("kills"), where.key("kills"), signable),
        parse_proof(fields, where),
    )


def _parse_bare_action(value: JsonValue, where: Where, defaults: Defaults) -> Request:
    action = parse_action(value, where)
    if isinstance(action, Noop):
        raise where.refusal(
            "not-for-noop", "a bare noop", "a request that names the nonce which the noop kills"
        )
    if defaults.network is None:
        raise _network_missing(where)
    if defaults.now is None:
        raise InputRefused(
            "clock-missing",
            f"{where}: a bare action takes its nonce from the clock, and there is none",
            "give the time with --assume-time, or a request with a nonce",
        )
    expires_after = defaults.now + defaults.validity
    if not 0 <= defaults.now <= expires_after <= SAFE_INTEGER_MAX:
        raise UsageRefused(
            "bad-time",
            f"{where}: the time {defaults.now} ms and a validity of {defaults.validity} ms lead "
            f"out of the range from 0 to {SAFE_INTEGER_MAX}",
            "check this machine's clock, --assume-time and --valid-for",
        )
    return Request(Signable(defaults.network, action, defaults.now, None, expires_after))


def _agreed_network(fields: dict[str, JsonValue], where: Where, option: Network | None) -> Network:
    if "network" not in fields:
        if option is None:
            raise _network_missing(where)
        return option
    network = parse_network(fields["network"], where.key("network"))
    require_agreed_network(network, option, where, "request")
    return network


def _network_missing(where: Where) -> InputRefused:
    return InputRefused(
        "network-missing",
        f'{where}: nothing says for which network this is, expected "network"',
        "add --network mainnet or --network testnet",
    )


def _parse_market(value: JsonValue, where: Where, signable: Signable) -> MarketEntry | None:
    if value is None or isinstance(signable.action, Noop):
        return None
    entry = parse_market_entry(value, where)
    try:
        require_fitting(entry, signable.network, signable.action)
    except RuleRefused as error:
        raise error.at(where) from None
    return entry


def _parse_note(value: JsonValue, where: Where) -> str | None:
    return None if value is None else as_string(value, where, NOTE_MAX_LENGTH)
