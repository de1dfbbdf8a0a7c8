"""The lines of a statement: plain ASCII, one spelling, rebuilt by whoever checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from coldlever.shared.action import (
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import MICRO_USD, LeverageAction
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.sshsig import PublicKey
from coldlever.shared.statement.approval import Decision
from coldlever.shared.statement.case import Case
from coldlever.shared.statement.policy_ref import PolicyRef

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMESPACES = {
    Decision.APPROVE: "approve@coldlever",
    Decision.REJECT: "approve@coldlever",
    Decision.PROPOSE: "propose@coldlever",
}
POLICY_NAMESPACE = "policy@coldlever"
_TITLES = {
    Decision.APPROVE: "coldlever approval: 1",
    Decision.REJECT: "coldlever approval: 1",
    Decision.PROPOSE: "coldlever proposal: 1",
}


def namespace_of(decision: Decision) -> str:
    """What SSHSIG binds the signature to."""
    return _NAMESPACES[decision]


def statement_bytes(
    case: Case,
    policy: PolicyRef,
    key: PublicKey,
    decision: Decision,
    *,
    number: int = 1,
    not_after: int | None = None,
    listed: Sequence[str] | None = None,
) -> bytes:
    """The statement that one person signs.

    Args:
        case: what about.
        policy: under which policy.
        key: whose statement.
        decision: what they say.
        number: the round, from 1: who rejects and then approves after all says so in round 2.
        not_after: until when it counts, ms since the epoch; None for as long as the case itself.
        listed: the lines of the whole batch, where the case is only a part of it.
    """
    lines = (
        _TITLES[decision],
        f"decision: {decision.value}" + ("" if number == 1 else f", round {number}"),
        f"network: {case.network.value}",
        f"signer: {case.signer.checksummed}",
        f"account: {_account(case)}",
        *(_batch(listed or batch_lines(case.signables)) if case.is_batch else _single(case)),
        f"policy: {policy}",
        f"approver: {key.fingerprint}",
        f"not after: {stamp(case.end if not_after is None else not_after)}",
    )
    return "".join(line + "\n" for line in lines).encode("ascii")


def change_bytes(old: PolicyRef | None, new: PolicyRef | None, key: PublicKey) -> bytes:
    """The statement by which one person agrees to another policy.

    Args:
        old: the policy in force, or None for none.
        new: what follows, or None to remove it.
        key: whose statement.
    """
    lines = (
        "coldlever policy change: 1",
        f"from: {'none' if old is None else old}",
        f"to: {'none' if new is None else new}",
        f"approver: {key.fingerprint}",
    )
    return "".join(line + "\n" for line in lines).encode("ascii")


def batch_lines(signables: Sequence[Signable]) -> tuple[str, ...]:
    """One line for each request of a batch, without its number."""
    return tuple(
        f"{describe_action(one.change)}; nonce {one.nonce}; expires {_expiry(one)}; "
        f"digest {to_0x(one.digest())}"
        for one in signables
    )


def _batch(lines: Sequence[str]) -> Iterator[str]:
    yield f"requests: {len(lines)}"
    for number, line in enumerate(lines, start=1):
        yield f"{number}: {line}"


def _single(case: Case) -> Iterator[str]:
    (signable,) = case.signables
    yield f"action: {describe_action(signable.change)}"
    yield f"nonce: {stamp(signable.nonce)}"
    yield f"expires: {_expiry(signable)}"
    yield f"digest: {to_0x(signable.digest())}"


def _account(case: Case) -> str:
    if case.vault is not None:
        return f"{case.vault.checksummed} (vault)"
    if case.account is not None:
        return f"{case.account.checksummed} (as drafted)"
    return "the signer's own"


def describe_action(action: LeverageAction) -> str:
    """The action without any name that a checker could not rebuild."""
    start = f"{action.TYPE} asset {action.asset}"
    if isinstance(action, UpdateLeverage):
        return f"{start} to {action.leverage}x {_mode(Setting(action.is_cross, action.leverage))}"
    if isinstance(action, UpdateIsolatedMargin):
        verb = "add" if action.ntli > 0 else "remove"
        side = "long" if action.is_buy else "short"
        return f"{start} {verb} {_usd(abs(action.ntli))} USD ({side})"
    return f"{start} to {action.leverage}x"


def _mode(setting: Setting) -> str:
    return "cross" if setting.is_cross else "isolated"


def _usd(micro: int) -> str:
    whole, fraction = divmod(micro, MICRO_USD)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{digits}"


def _expiry(signable: Signable) -> str:
    return "never" if signable.expires_after is None else stamp(signable.expires_after)


def stamp(ms: int) -> str:
    """``1795340000000 (2026-11-22 09:33:20 UTC)``; beyond the calendar the number alone."""
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return str(ms)
    return f"{ms} ({at:%Y-%m-%d %H:%M:%S} UTC)"
