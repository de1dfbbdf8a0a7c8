"""`policy seal`: lock a keystore anew, so that it opens with passphrase and policy together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from coldlever.shared.action import Address
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.cli.approval_files import read_policy_bytes
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.errors import EnvironmentFault, PersonDeclined, RuleRefused
from coldlever.shared.files import read_bounded, rehearse_write, write_exclusive
from coldlever.shared.policy import Policy, load_policy, remarks_on
from coldlever.shared.policy.changing import require_sound
from coldlever.shared.printable import printable
from coldlever.shared.statement import PolicyRef
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets, read_secret
from coldlever.signer.cli.state import (
    keyring,
    ledger_path,
    permissions,
    require_own_state,
    state_option,
)
from coldlever.signer.events import sealed_event
from coldlever.signer.key import Keystore, SigningKey, load_keystore
from coldlever.signer.key.keystore import MAX_BYTES, parse_keystore
from coldlever.signer.key.keystore import seal as lock
from coldlever.signer.key.sealed import SealedPolicy
from coldlever.signer.ledger import Ledger, PolicyMark
from coldlever.signer.ledger.policies import require_current

_AGREED = "seal"


@caged
@click.command("seal")
@click.argument("file", metavar="POLICY")
@click.option("--keystore", metavar="K", help="Which key. Not needed when there is only one.")
@click.option(
    "--backup",
    metavar="COPY",
    required=True,
    help="A copy of the keystore as it is now, kept elsewhere; it must be the same, and open.",
)
@passphrase_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. Skips no check.")
@accept_risk_option
@state_option
@json_option
@pass_machine
def seal(
    machine: Machine,
    /,
    *,
    file: str,
    keystore: str | None,
    backup: str,
    passphrase_file: str | None,
    yes: bool,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Seal a key to a policy: from then on it signs only what the policy allows.

    The policy's text lies in the keystore, and its digest goes into the passphrase. Whoever knows
    the passphrase can take the seal off with openssl; the ledger of this machine notices.
    """
    require_own_state(machine, state_dir, accepted)
    path = locate(machine, keystore, state_dir, accepted)
    closed, policy = load_keystore(path), load_policy(read_policy_bytes(file), file)
    require_sound(policy)
    if closed.sealed is not None:
        raise RuleRefused(
            "already-sealed",
            f"{printable(str(path))} is sealed to policy {closed.sealed.ref.version}",
            "change it with `policy propose`, `policy approve` and `policy adopt`",
        )
    _require_copy(path, Path(backup))
    steps = (None, policy.ref)
    if closed.address is not None:
        require_ledger(machine, state_dir, closed.address, steps)
    for remark in remarks_on(policy):
        say(f"{remark.code}: {remark.text}", fg="yellow")
    say(f"The key will sign only what policy {policy.version} ({policy.name}) allows.", bold=True)
    if not yes and machine.ask(f'Type "{_AGREED}" to seal it') != _AGREED:
        raise PersonDeclined("declined", "not confirmed; nothing was changed")
    prepare_for_secrets(machine)
    passphrase = ask_passphrase(machine, closed, passphrase_file, accepted)
    # What opens here is what lies in the other place: the copy is the same, byte for byte.
    made = relock(machine, path, closed, passphrase, policy)
    require_ledger(machine, state_dir, made.address, steps)
    made.write()
    address = made.address
    audit = remember(
        machine,
        state_dir,
        PolicyMark(address, policy.version, policy.ref.digest),
        f"sealed to policy {policy.version} ({policy.name})",
    )
    if as_json:
        wire = {"keystore": str(path), "address": str(address), "policy": policy.ref.to_wire()}
        emit_json({**wire, "audit": audit.to_wire()})
        return
    say(f"the key of {address} is sealed to policy {policy.version}", fg="green")
    say_head(audit.head)


def locate(
    machine: Machine, keystore: str | None, state_dir: str | None, accepted: tuple[str, ...]
) -> Path:
    """The keystore that is meant, which nobody else may read."""
    path = keyring(machine, state_dir).choose(keystore)
    permissions(accepted).require_private(path, "keystore")
    return path


def ask_passphrase(
    machine: Machine, closed: Keystore, file: str | None, accepted: tuple[str, ...]
) -> str:
    """The passphrase of a keystore; whether it fits is found when the keystore is opened."""
    if file is not None:
        return read_secret(file, accepted)
    return machine.ask_secret(f"Passphrase of {printable(closed.source)}")


def require_ledger(
    machine: Machine, state_dir: str | None, signer: Address, steps: Sequence[PolicyRef | None]
) -> None:
    """Refuse to go from an older policy than the ledger knows, or to one.

    Args:
        machine: whose ledger.
        state_dir: ``--state-dir``.
        signer: whose key.
        steps: what the keystore is sealed to now, and what it will be sealed to.

    Raises:
        RuleRefused: ``policy-older`` or ``policy-mismatch``.
    """
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        mark = ledger.policy_mark(signer)
    for ref in steps:
        require_current(mark, ref)


def remember(machine: Machine, state_dir: str | None, mark: PolicyMark, says: str) -> ChainHead:
    """Have the ledger know the policy, or its end, and the audit chain tell of it.

    Returns:
        How far the audit chain reaches then.
    """
    path = ledger_path(machine, state_dir)
    ref = None if mark.digest is None else PolicyRef(mark.version, mark.digest)
    make_folder(path.parent)
    with Ledger.open(path) as ledger:
        ledger.remember_policy(mark, [sealed_event(mark.signer, ref, says, machine.clock())])
        return ledger.audit.head()


@dataclass(frozen=True, slots=True)
class Relocked:
    """A keystore that was locked anew and opened again, but stands nowhere yet.

    Args:
        path: the file to replace.
        data: its new content.
        address: whose key it is.
    """

    path: Path
    data: bytes
    address: Address

    def write(self) -> None:
        """Replace the old file.

        Raises:
            EnvironmentFault: ``keystore-damaged`` or ``write-failed``.
        """
        write_exclusive(self.path, self.data, force=True)
        if read_bounded(self.path, MAX_BYTES) != self.data:
            raise EnvironmentFault(
                "keystore-damaged",
                f"{printable(str(self.path))}: what was read back is not what was written",
                "put the backup back",
            )


def relock(
    machine: Machine, path: Path, closed: Keystore, passphrase: str, policy: Policy | None
) -> Relocked:
    """Lock a keystore anew, and prove that it opens.

    Args:
        machine: whose work factor it gets.
        path: its file.
        closed: as it is now.
        passphrase: as typed; it stays the same.
        policy: what it is sealed to from now on, or None.

    Raises:
        RuleRefused: ``wrong-passphrase`` or ``keystore-too-large``.
        EnvironmentFault: ``keystore-damaged``, ``disk-full`` or ``write-failed``.
    """
    secret = closed.reveal(passphrase)
    address = SigningKey(secret).address
    sealed = None if policy is None else SealedPolicy(policy.ref, policy.text)
    data = lock(secret, passphrase, machine.work_factor, sealed)
    if len(data) > MAX_BYTES:
        raise RuleRefused(
            "keystore-too-large",
            f"with this policy the keystore would have {len(data)} bytes, more than can be read",
            "shorten the policy",
        )
    rehearse_write(path, len(data))
    if parse_keystore(data, str(path)).open(passphrase).address != address:
        raise EnvironmentFault(
            "keystore-damaged", "the new keystore does not open; the old one was left as it is"
        )
    return Relocked(path, data, address)


def _require_copy(path: Path, backup: Path) -> None:
    if backup.resolve() == path.resolve() or read_bounded(backup, MAX_BYTES) != read_bounded(
        path, MAX_BYTES
    ):
        raise RuleRefused(
            "no-backup",
            f"{printable(str(backup))} is no copy of {printable(str(path))} in another place",
            "copy the keystore to another medium first",
        )
