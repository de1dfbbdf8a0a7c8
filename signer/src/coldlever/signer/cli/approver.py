"""`approver`: make, import and show the keys by which a person approves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from coldlever.shared.cli.approver_key import (
    FOLDER,
    locate_approver,
    public_half,
    read_public,
    unlock_approver,
)
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import EnvironmentFault, UsageRefused
from coldlever.shared.files import read_bounded, require_writable, write_exclusive
from coldlever.shared.printable import printable, quoted
from coldlever.shared.sshsig import PublicKey, open_key, seal_key
from coldlever.shared.sshsig.private_key import MAX_BYTES, SEED_BYTES, public_of
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.secret_entry import (
    choose_passphrase,
    passphrase_option,
    prepare_for_secrets,
    read_secret,
    secret_option,
)
from coldlever.signer.cli.state import permissions, require_own_state, state_option

_EPILOG = """\b
Examples:
  coldlever-signer approver new --name alice
  coldlever-signer approver import ~/.ssh/id_ed25519 --name alice
  coldlever-signer approver show alice

An approver key is an Ed25519 key in OpenSSH's own encrypted file, which ssh-keygen and ssh-agent
read too. It signs approvals and nothing that moves money. A security key needs none of this: see
`approve --statement-only`.
"""
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_NAME_OPTION = click.option("--name", required=True, metavar="N", help="Small letters and digits.")


@click.group("approver", epilog=_EPILOG)
def command() -> None:
    """Make, import and show the keys by which a person approves."""


@caged
@command.command("new")
@_NAME_OPTION
@passphrase_option
@accept_risk_option
@state_option
@json_option
@pass_machine
def new(
    machine: Machine,
    /,
    *,
    name: str,
    passphrase_file: str | None,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Draw a new approver key.

    Give the public line that it prints to whoever writes the policy.
    """
    place = _prepare(machine, name, state_dir, accepted, as_json=as_json)
    prepare_for_secrets(machine)
    passphrase = choose_passphrase(machine, passphrase_file, accepted)
    _save(place, machine.entropy(SEED_BYTES), passphrase, as_json=as_json)


@caged
@command.command("import")
@click.argument("file", metavar="FILE")
@_NAME_OPTION
@secret_option("--old-passphrase-file", "Take the passphrase of FILE from this file, - or fd:N.")
@passphrase_option
@accept_risk_option
@state_option
@json_option
@pass_machine
def import_key(
    machine: Machine,
    /,
    *,
    file: str,
    name: str,
    old_passphrase_file: str | None,
    passphrase_file: str | None,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Take over an Ed25519 key of ssh-keygen's, under a new passphrase."""
    place = _prepare(machine, name, state_dir, accepted, as_json=as_json)
    prepare_for_secrets(machine)
    permissions(accepted).require_private(Path(file), "file with a secret")
    old = None if old_passphrase_file is None else read_secret(old_passphrase_file, accepted)
    if old is None:
        key = unlock_approver(Path(file), None, machine.ask_secret)
    else:
        key = open_key(read_bounded(Path(file), MAX_BYTES), old, printable(file))
    passphrase = choose_passphrase(machine, passphrase_file, accepted)
    _save(place, key.seed(), passphrase, as_json=as_json)


@caged
@command.command("show")
@click.argument("key", required=False, metavar="[K]")
@state_option
@json_option
@pass_machine
def show(machine: Machine, key: str | None, state_dir: str | None, *, as_json: bool) -> None:
    """Show the public half of an approver key, as a policy wants it; never the secret."""
    path = locate_approver(machine.state(state_dir), key)
    _tell(path, read_public(public_half(path)), as_json=as_json)


def _prepare(
    machine: Machine, name: str, state_dir: str | None, accepted: Sequence[str], *, as_json: bool
) -> Path:
    if _NAME.fullmatch(name) is None:
        raise UsageRefused(
            "bad-key-name",
            f"found {quoted(name, limit=80)}, expected up to 40 small letters, digits and dashes",
        )
    require_own_state(machine, state_dir, accepted)
    if as_json:
        require_stdout()
    place = make_folder(machine.state(state_dir) / FOLDER) / name
    for path in (place, public_half(place)):
        require_writable(path, force=False)
    return place


def _save(place: Path, seed: bytes, passphrase: str, *, as_json: bool) -> None:
    data = seal_key(seed, passphrase)
    write_exclusive(place, data)
    # Before anybody writes it into a policy.
    if read_bounded(place, MAX_BYTES) != data:
        place.unlink()
        raise EnvironmentFault(
            "key-damaged",
            f"{printable(str(place))}: what was read back is not what was written; it was removed",
            "check the disk",
        )
    public = public_of(seed)
    write_exclusive(public_half(place), f"{public.line} {place.name}\n".encode("ascii"))
    _tell(place, public, as_json=as_json)


def _tell(path: Path, public: PublicKey, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "file": str(path),
                "publicKey": public.line,
                "fingerprint": public.fingerprint,
                "keyId": "0x" + public.key_id.hex(),
            }
        )
        return
    say(f"file         {printable(str(path))}")
    say(f"fingerprint  {public.fingerprint}", bold=True)
    say("for the policy:")
    say(f'  keys = ["{public.line}"]')
