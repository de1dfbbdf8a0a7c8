"""`key`: make, import and list the keys that sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from coldlever.shared.action import Address
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.errors import ColdleverError, UsageRefused
from coldlever.shared.files import require_writable
from coldlever.shared.printable import printable
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.intake import require_one_stdin
from coldlever.signer.cli.keystore_place import Place, telling_where
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.secret_entry import (
    choose_passphrase,
    passphrase_option,
    prepare_for_secrets,
    read_secret,
    secret_option,
)
from coldlever.signer.cli.state import keyring, require_own_state, state_option, tidy_up
from coldlever.signer.key import (
    DEFAULT_PATH,
    KeyFile,
    Keystore,
    SigningKey,
    derive_secret,
    draw_secret,
    load_keystore,
    parse_path,
    parse_private_key,
    store,
)

_EPILOG = """\b
Examples:
  coldlever-signer key new --name cold
  coldlever-signer key import --mnemonic-file fd:3 --passphrase-file fd:4 3<words 4<phrase
  coldlever-signer key list

Keys are V3 keystore files, as Ethereum wallets use them, in the folder `keys` of the state folder.
No keystore is ever overwritten, and no command prints a private key.
"""

F = TypeVar("F", bound=Callable[..., Any])

_PLACE_OPTIONS = (
    click.option(
        "--out",
        metavar="K",
        type=click.Path(),
        help="Write the keystore to this file instead of the key folder.",
    ),
    click.option(
        "--name",
        metavar="N",
        help="The key's name in the key folder; its address if not given.",
    ),
)


def _with_place(command: F) -> F:
    for option in reversed(_PLACE_OPTIONS):
        command = option(command)
    return command


@click.group("key", epilog=_EPILOG)
def command() -> None:
    """Make, import and list the keys that sign."""


@caged
@command.command("new")
@_with_place
@passphrase_option
@accept_risk_option
@state_option
@json_option
@pass_machine
def new(
    machine: Machine,
    /,
    *,
    out: str | None,
    name: str | None,
    passphrase_file: str | None,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Draw a new key and write it to a keystore.

    Back up the file and the passphrase, apart from each other: there is no other copy. An API
    wallet (agent) for this signer is the safest choice: it can trade and set leverage, but not
    withdraw.
    """
    require_own_state(machine, state_dir, accepted)
    place = Place(keyring(machine, state_dir), out, name)
    place.require(as_json=as_json)
    tidy_up(machine, state_dir, *([] if out is None else [Path(out).parent]))
    prepare_for_secrets(machine)
    passphrase = choose_passphrase(machine, passphrase_file, accepted)
    _save(machine, place, draw_secret(machine.entropy), passphrase, as_json=as_json)


@caged
@command.command("import")
@secret_option(
    "--private-key-file",
    "Take the private key (64 hexadecimal digits) from this file, - or fd:N.",
)
@secret_option(
    "--mnemonic-file",
    "Take the BIP-39 mnemonic (12 to 24 words on one line) from this file, - or fd:N.",
)
@click.option(
    "--path",
    default=DEFAULT_PATH,
    show_default=True,
    metavar="P",
    help="Which key of the mnemonic.",
)
@secret_option(
    "--mnemonic-passphrase-file",
    "The mnemonic's own passphrase (the 25th word), if it has one.",
)
@_with_place
@passphrase_option
@accept_risk_option
@state_option
@json_option
@pass_machine
def import_key(
    machine: Machine,
    /,
    *,
    private_key_file: str | None,
    mnemonic_file: str | None,
    path: str,
    mnemonic_passphrase_file: str | None,
    out: str | None,
    name: str | None,
    passphrase_file: str | None,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write a private key or a mnemonic's key to a keystore.

    Without a file option it asks, and takes either. Compare the address it prints with the one the
    other wallet shows.
    """
    if private_key_file is not None and mnemonic_file is not None:
        raise UsageRefused(
            "two-secrets", "--private-key-file and --mnemonic-file exclude each other"
        )
    if private_key_file is not None and mnemonic_passphrase_file is not None:
        raise UsageRefused(
            "two-secrets", "--mnemonic-passphrase-file goes with a mnemonic, not a private key"
        )
    require_one_stdin(private_key_file, mnemonic_file, mnemonic_passphrase_file, passphrase_file)
    steps = parse_path(path)
    require_own_state(machine, state_dir, accepted)
    place = Place(keyring(machine, state_dir), out, name)
    place.require(as_json=as_json)
    tidy_up(machine, state_dir, *([] if out is None else [Path(out).parent]))
    prepare_for_secrets(machine)
    if private_key_file is not None:
        secret = parse_private_key(read_secret(private_key_file, accepted))
    else:
        words = (
            read_secret(mnemonic_file, accepted)
            if mnemonic_file is not None
            else machine.ask_secret("Private key or mnemonic")
        )
        secret = _read_either(
            words,
            lambda: _read_extra(mnemonic_passphrase_file, accepted),
            steps,
            is_mnemonic=mnemonic_file is not None,
        )
    address = SigningKey(secret).address
    say(f"This is the key of {address}.")
    require_writable(place.path(address), force=False)
    passphrase = choose_passphrase(machine, passphrase_file, accepted)
    _save(machine, place, secret, passphrase, as_json=as_json)


@caged
@command.command("list")
@accept_risk_option
@state_option
@json_option
@pass_machine
def list_keys(
    machine: Machine,
    /,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the keystores of the key folder."""
    require_own_state(machine, state_dir, accepted)
    ring = keyring(machine, state_dir)
    tidy_up(machine, state_dir)
    files = ring.files()
    if as_json:
        emit_json({"folder": str(ring.folder), "keys": [_file_wire(file) for file in files]})
        return
    if not files:
        say(f"no keystores in {printable(str(ring.folder))}")
    for file in files:
        name = printable(file.name)
        if isinstance(file.content, ColdleverError):
            say(f"{name}  unusable: {file.content.message}", fg="yellow")
        else:
            say(f"{name}  {_owner(file.content)}")


@caged
@command.command("show")
@click.argument("key", required=False, metavar="[K]")
@accept_risk_option
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    key: str | None,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show a keystore's address, file and key derivation; never the key.

    K is a name from `key list` or a file; not needed when there is only one.
    """
    require_own_state(machine, state_dir, accepted)
    path = keyring(machine, state_dir).choose(key)
    keystore = load_keystore(path)
    if as_json:
        emit_json(_keystore_wire(path, keystore))
        return
    say(f"address         {_owner(keystore)}")
    say(f"file            {printable(str(path))}")
    say(f"key derivation  {keystore.kdf}")
    if keystore.kdf.is_weak:
        say(
            "  ! cheap to guess by today's standards: import the key again with `key import`",
            fg="yellow",
        )


def _read_extra(file: str | None, accepted: tuple[str, ...]) -> str:
    """The mnemonic's own passphrase, empty for none."""
    return "" if file is None else read_secret(file, accepted)


def _read_either(
    text: str, read_extra: Callable[[], str], path: str, *, is_mnemonic: bool
) -> bytes:
    """A secret of either kind: a mnemonic has spaces, a private key has none."""
    if not is_mnemonic and len(text.split()) == 1:
        return parse_private_key(text)
    return derive_secret(text, read_extra(), path)


def _save(machine: Machine, place: Place, secret: bytes, passphrase: str, *, as_json: bool) -> None:
    path = place.path(SigningKey(secret).address)
    address = store(path, secret, passphrase, machine.work_factor)
    if as_json:
        with telling_where(path, address):
            emit_json(_keystore_wire(path, load_keystore(path)))
        return
    say(f"wrote the keystore of {address} to {printable(str(path))}", fg="green")
    say("Back up this file and its passphrase, apart from each other.")


def _owner(keystore: Keystore) -> str:
    return "unknown until opened" if keystore.address is None else keystore.address.checksummed


def _address_wire(address: Address | None) -> str | None:
    return None if address is None else address.checksummed


def _keystore_wire(path: Path, keystore: Keystore) -> dict[str, object]:
    return {
        "address": _address_wire(keystore.address),
        "keystore": str(path),
        "kdf": {name: value for name, value in keystore.kdf.to_wire().items() if name != "salt"}
        | {"name": keystore.kdf.name, "weak": keystore.kdf.is_weak},
    }


def _file_wire(file: KeyFile) -> dict[str, object]:
    wire: dict[str, object] = {"name": file.name, "keystore": str(file.path)}
    if isinstance(file.content, ColdleverError):
        wire["problem"] = file.content.to_wire()
    else:
        wire["address"] = _address_wire(file.address)
    return wire
