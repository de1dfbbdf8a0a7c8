"""The command line of the signer.

Each command lies in a module of its own and is imported when it is used, so that `--help` and
`inspect` do not wait for what `sign` needs.
"""

from __future__ import annotations

from typing import Any

import click

from coldlever.shared.cli.group import ColdleverGroup, Lazy
from coldlever.signer import __version__
from coldlever.signer.cli.exposed import require_no_secret

# The summary opens the command's own help with the same words.
_COMMANDS = {
    "key": Lazy("coldlever.signer.cli.key:command", "Make, import and list the keys that sign."),
    "inspect": Lazy(
        "coldlever.signer.cli.inspect:command", "Show what a request would do, without signing it."
    ),
    "sign": Lazy(
        "coldlever.signer.cli.sign:command", "Review requests, sign them and write the payloads."
    ),
    "verify": Lazy(
        "coldlever.signer.cli.verify:command",
        "Check the signature of payloads and show who signed what.",
    ),
    "approver": Lazy(
        "coldlever.signer.cli.approver:command",
        "Make, import and show the keys by which a person approves.",
    ),
    "approve": Lazy(
        "coldlever.signer.cli.approve:approve",
        "Approve a request with your own key, on any machine.",
    ),
    "reject": Lazy(
        "coldlever.signer.cli.approve:reject",
        "Reject a request with your own key.",
    ),
    "approvals": Lazy(
        "coldlever.signer.cli.approvals:command",
        "Bring approvals together, show them, and say who is missing.",
    ),
    "policy": Lazy(
        "coldlever.signer.cli.policy:command",
        "Write, check, show and change the policy that a key is sealed to.",
    ),
    "qr": Lazy(
        "coldlever.signer.cli.qr:command", "Show documents as QR codes, and read them back."
    ),
    "market": Lazy(
        "coldlever.signer.cli.market:command",
        "Show, forget, or vouch for what markets are called.",
    ),
    "ledger": Lazy(
        "coldlever.signer.cli.ledger:command",
        "Look at, back up and restore the memory of spent nonces.",
    ),
    "audit": Lazy(
        "coldlever.signer.cli.audit:command",
        "Show, check and export what was done on this machine, and by whom.",
    ),
    "completion": Lazy(
        "coldlever.signer.cli.completion:command", "Print the completion script for a shell."
    ),
}

_EPILOG = """\b
A first ceremony, on the machine without a network:
  coldlever-signer key new --name cold
  coldlever-signer inspect request.json
  coldlever-signer sign request.json --keystore cold --out signed.json
  coldlever-signer verify signed.json

Requests come from `coldlever-broadcaster draft` on the online machine, signed payloads go back to
its `post`. What people read goes to stderr, documents go to stdout or to --out.

\b
Exit status: 0 done; 2 wrong usage; 3 input refused; 4 refused by a rule;
5 you said no; 8 the machine failed (disk full, ledger locked); 130 interrupted.
"""


class _SignerGroup(ColdleverGroup):
    """The commands, none of which takes a secret as an argument."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Look at the arguments before anything can repeat one of them in a message."""
        require_no_secret(args)
        return super().make_context(info_name, args, parent, **extra)


@click.group(
    cls=_SignerGroup,
    lazy=_COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="coldlever-signer")
def commands() -> None:
    """Sign Hyperliquid leverage changes on a machine that never meets a network.

    You see what will be signed, computed from the very bytes that get signed, and type `yes`. The
    process itself refuses to open a socket or to start another program.
    """
