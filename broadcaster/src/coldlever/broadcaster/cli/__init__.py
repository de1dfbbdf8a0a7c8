"""The command line of the broadcaster."""

from __future__ import annotations

from typing import NoReturn

import click

from coldlever.broadcaster import __version__
from coldlever.shared.cli.group import ColdleverGroup, Lazy

_EPILOG = """\b
A leverage change, end to end (try it against `rehearse` first):
  coldlever-broadcaster draft --coin BTC --leverage 10 --cross \\
      --account 0x... --out request.json
  (carry request.json to the signing machine)
  coldlever-signer sign request.json --out signed.json
  (carry signed.json back)
  coldlever-broadcaster check signed.json
  coldlever-broadcaster post signed.json

\b
Exit status: 0 done, 2 wrong usage, 3 input refused, 4 refused by a rule,
5 you said no, 6 the exchange refused it, 7 outcome unknown (run `resolve`),
8 environment (network, disk), 130 interrupted.
"""

_COMMANDS = {
    "draft": Lazy(
        "coldlever.broadcaster.cli.draft:draft", "Write an unsigned request from live data."
    ),
    "propose": Lazy("coldlever.broadcaster.cli.propose:propose", "Sign a draft as its proposer."),
    "market": Lazy(
        "coldlever.broadcaster.cli.market:market", "Write the table of markets for the signer."
    ),
    "check": Lazy(
        "coldlever.broadcaster.cli.check:check", "Check signed payloads without posting them."
    ),
    "post": Lazy(
        "coldlever.broadcaster.cli.post:post", "Check, record and post; posting twice posts once."
    ),
    "resolve": Lazy("coldlever.broadcaster.cli.resolve:resolve", "Finish what was left open."),
    "revoke": Lazy(
        "coldlever.broadcaster.cli.revoke:revoke", "Write the request that kills a signed payload."
    ),
    "history": Lazy("coldlever.broadcaster.cli.history:history", "List what was posted from here."),
    "ledger": Lazy(
        "coldlever.broadcaster.cli.ledger:command", "Back up, move and check what was posted."
    ),
    "audit": Lazy(
        "coldlever.broadcaster.cli.audit:command", "Show, check and export what was done here."
    ),
    "approvals": Lazy(
        "coldlever.broadcaster.cli.approvals:approvals",
        "Bring approvals together, show them, and say who is missing.",
    ),
    "policy": Lazy(
        "coldlever.broadcaster.cli.policy:policy",
        "Show and check a policy, and what it says about a payload.",
    ),
    "scan": Lazy("coldlever.broadcaster.cli.scan:scan", "Read QR codes into a document."),
    "qr": Lazy(
        "coldlever.broadcaster.cli.qr:qr", "Show documents as QR codes, and read them back."
    ),
    "rehearse": Lazy(
        "coldlever.broadcaster.cli.rehearse:rehearse", "Run a local exchange to practise on."
    ),
    "completion": Lazy(
        "coldlever.broadcaster.cli.completion:completion", "Print a completion script."
    ),
}


@click.group(
    cls=ColdleverGroup,
    lazy=_COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="coldlever-broadcaster")
def cli() -> None:
    """Check signed leverage payloads and post them to Hyperliquid exactly once.

    This is the online half of coldlever. It never holds or asks for a key: requests go out
    unsigned, and come back signed from the air-gapped signer.
    """


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    cli.main(prog_name="coldlever-broadcaster")
