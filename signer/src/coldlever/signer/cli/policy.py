"""`policy`: write, check, show and change the policy that a key is sealed to."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import click

from coldlever.shared.action import Address
from coldlever.shared.cli import policy_commands
from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.console import STDIO, emit_json, json_option, say, write_document
from coldlever.shared.errors import ColdleverError, RuleRefused, UsageRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.outline import outline
from coldlever.shared.printable import printable, quoted
from coldlever.shared.sshsig import PublicKey, parse_public_key
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.policy_adopt import adopt, unseal
from coldlever.signer.cli.policy_approve import approve
from coldlever.signer.cli.policy_change import propose
from coldlever.signer.cli.policy_seal import seal
from coldlever.signer.cli.signer_option import signer_option
from coldlever.signer.cli.state import keyring, state_option
from coldlever.signer.key import load_keystore
from coldlever.signer.leave import policy_of

_EPILOG = """\b
Examples:
  coldlever-signer policy init --approver alice=alice.pub --approver bob=bob.pub --out p.toml
  coldlever-signer policy check p.toml
  coldlever-signer policy seal p.toml --keystore cold --backup /media/stick/cold.json
  coldlever-signer policy show --keystore cold --out p.toml

A change, of which nobody is the only master:
  coldlever-signer policy propose p8.toml --keystore cold --out change.json
  coldlever-signer policy approve change.json --old p.toml --approver alice --out change-a.json
  coldlever-signer policy adopt change-ab.json --keystore cold
"""
_MAX_KEY = 16 << 10


@click.group("policy", epilog=_EPILOG)
def command() -> None:
    """Write, check, show and change the policy that a key is sealed to."""


@caged
@command.command("init")
@click.option(
    "--approver",
    "people",
    multiple=True,
    required=True,
    metavar="NAME=PUB",
    help="A person and the public half of their key. Repeat it for each.",
)
@signer_option("Only this key signs under the policy.")
@click.option("--out", metavar="OUT", default=STDIO, help="Write to this new file; - is stdout.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@json_option
def init(
    people: tuple[str, ...], signer: Address | None, out: str, *, force: bool, as_json: bool
) -> None:
    """Write a sensible policy to begin with.

    Two of its people approve each change (one, where there is only one); each change expires within
    24 hours, and no leverage goes above 50x. Read it, and change what does not fit.
    """
    keys = [_person(one) for one in people]
    text = outline(keys, signer).encode("ascii")
    policy = load_policy(text, "the new policy")
    if not (as_json and out == STDIO):
        write_document(out, text, force=force)
    if as_json:
        emit_json({"policy": text.decode("ascii"), "out": None if out == STDIO else out})
    elif out != STDIO:
        say(f"wrote policy {policy.version} to {printable(out)}", fg="green")


def _person(text: str) -> tuple[str, PublicKey]:
    name, mark, file = text.partition("=")
    if not mark:
        raise UsageRefused("bad-person", f"found {quoted(text, limit=80)}, expected NAME=PUB")
    data = read_bounded(Path(file), _MAX_KEY).decode("utf-8", "replace")
    try:
        return name, parse_public_key(data)
    except ColdleverError as error:
        raise error.at(printable(file)) from None


@caged
@command.command("show")
@click.argument("file", required=False, metavar="[POLICY]")
@click.option("--keystore", metavar="K", help="Show the policy that this key is sealed to.")
@click.option("--out", metavar="OUT", help="Write the policy's file; - is stdout.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    /,
    *,
    file: str | None,
    keystore: str | None,
    out: str | None,
    force: bool,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Show a policy in words, or write out the one that a key is sealed to.

    Without POLICY it is that of --keystore, or of the only key.
    """
    if file is not None:
        policy_commands.show_policy(read_policy(file), as_json=as_json)
        return
    path = keyring(machine, state_dir).choose(keystore)
    policy = policy_of(load_keystore(path), None)
    if policy is None:
        raise RuleRefused(
            "no-policy",
            f"{printable(str(path))} is sealed to no policy",
            "`policy init` writes one, `policy seal` seals a key to it",
        )
    if out is not None:
        write_document(out, policy.text, force=force)
    if out != STDIO:
        policy_commands.show_policy(policy, as_json=as_json)


for _one in (policy_commands.check, policy_commands.explain):
    command.add_command(caged(copy(_one)))
for _one in (seal, propose, approve, adopt, unseal):
    command.add_command(_one)
