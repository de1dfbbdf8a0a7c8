"""``policy show|check|explain``: what a policy says, the same on both sides."""

from __future__ import annotations

from typing import Any

import click

from coldlever.shared.action import Network
from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.console import emit_json, json_option, say
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Defaults, RequestFile, SignedFile
from coldlever.shared.message.any import SIGNABLE
from coldlever.shared.message.approving import items_of
from coldlever.shared.policy import Circumstances, Policy, remarks_on
from coldlever.shared.policy.docket import hearings, require_cases
from coldlever.shared.policy.judging import changes_of
from coldlever.shared.policy.policy import MarketRules, Rule
from coldlever.shared.policy.rules import Change, deciding_rule, objections, passed_limits
from coldlever.shared.policy.vouching import market_vouchers
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading.times import span


@click.command("show", short_help="Show a policy in words.")
@click.argument("file", metavar="POLICY")
@json_option
def show(file: str, *, as_json: bool) -> None:
    """Show a policy in words: its version and digest, its people, its rules."""
    show_policy(read_policy(file), as_json=as_json)


def show_policy(policy: Policy, *, as_json: bool) -> None:
    """Print a policy, as text or as JSON."""
    if as_json:
        emit_json(_policy_wire(policy))
        return
    say(f"Policy {policy.version} ({policy.name})", bold=True)
    say(f"  digest    sha256:{policy.ref.digest.hex()}")
    for person in policy.people:
        groups = f" ({', '.join(person.groups)})" if person.groups else ""
        say(f"  person    {person.name}{groups}")
        for key in person.keys:
            say(f"            {key.fingerprint} {key.kind.value}")
    if policy.proposers:
        say(f"  proposers {', '.join(policy.proposers)}")
    if policy.markets.attestors:
        say(f"  attestors {_attesting(policy.markets)}")
    for number, rule in enumerate(policy.rules, start=1):
        say(f"  rule {number}    {rule.name}: {_needs(rule)}")
    say(f"  a change of the policy needs {policy.change}")


def _attesting(rules: MarketRules) -> str:
    age = "" if rules.max_age is None else f"; limits age after {span(rules.max_age)}"
    return f"{', '.join(rules.attestors)} ({rules.needed} needed{age})"


def _needs(rule: Rule) -> str:
    return "refused" if rule.needs is None else f"needs {rule.needs}"


def _policy_wire(policy: Policy) -> dict[str, object]:
    return {
        "version": policy.version,
        "digest": "0x" + policy.ref.digest.hex(),
        "name": policy.name,
        "change": str(policy.change),
        "proposers": list(policy.proposers),
        "attestors": list(policy.markets.attestors),
        "attestorsNeeded": policy.markets.needed,
        "marketMaxAge": policy.markets.max_age,
        "people": [
            {
                "name": person.name,
                "groups": list(person.groups),
                "keys": [
                    {
                        "type": key.kind.value,
                        "fingerprint": key.fingerprint,
                        "keyId": "0x" + key.key_id.hex(),
                    }
                    for key in person.keys
                ],
            }
            for person in policy.people
        ],
        "rules": [
            {"name": rule.name, "needs": None if rule.needs is None else str(rule.needs)}
            for rule in policy.rules
        ],
    }


@click.command("check", short_help="Find what is wrong with a policy.")
@click.argument("file", metavar="POLICY")
@json_option
def check(file: str, *, as_json: bool) -> None:
    """Find rules that never match, thresholds that nobody can reach, and whose loss blocks what.

    Exit status 4 when the policy has a problem: such a policy is not sealed.
    """
    check_policy(read_policy(file), as_json=as_json)


def check_policy(policy: Policy, *, as_json: bool) -> None:
    """Print what is to say about a policy.

    Raises:
        RuleRefused: ``policy-unsound``.
    """
    remarks = remarks_on(policy)
    problems = sum(one.is_problem for one in remarks)
    if as_json:
        emit_json({"ok": not problems, "remarks": [one.to_wire() for one in remarks]})
        if problems:
            raise SystemExit(RuleRefused.exit_status)
        return
    for one in remarks:
        say(f"{one.code}: {one.text}", fg="red" if one.is_problem else "yellow")
    if problems:
        raise RuleRefused(
            "policy-unsound", f"policy {policy.version} has {problems} problems", "correct the file"
        )
    say(f"policy {policy.version} can be sealed", fg="green")


@click.command("explain", short_help="Say which rule decides about a document, and why.")
@click.argument("files", nargs=-1, metavar="DOCUMENT")
@scanning_options()
@click.option("--policy", "policy_file", metavar="P", required=True, help="The policy's file.")
@network_option()
@json_option
def explain(
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    policy_file: str,
    network: Network | None,
    as_json: bool,
) -> None:
    """Say which rule decides about each request of a document, and why not those before it."""
    policy = read_policy(policy_file)
    given = load_input(files, scanning, SIGNABLE, Defaults(network))
    changes = [
        change
        for loaded in given.messages
        for one in require_cases(
            hearings(items_of(loaded.message), (), is_batch=loaded.message.is_batch)
        )
        for change in changes_of(policy, one.case, Circumstances(None, one.currents))
    ]
    wires = [explained(policy, change) for change in changes]
    markets = [
        wire for loaded in given.messages for wire in _attested_markets(policy, loaded.message)
    ]
    if as_json:
        emit_json({"policy": policy.ref.to_wire(), "requests": wires, "markets": markets})
        return
    for number, (change, wire) in enumerate(zip(changes, wires, strict=True), start=1):
        _show_explained(number, change, wire)
    for one in markets:
        say(f"Asset {one['asset']} on {one['network']}: attested by {', '.join(one['attestedBy'])}")


def _attested_markets(policy: Policy, message: RequestFile | SignedFile) -> list[dict[str, Any]]:
    """Who vouches for the markets of requests that carry a proof, each market once."""
    requests = message.requests if isinstance(message, RequestFile) else ()
    proven = {
        one.market: one.proof
        for one in requests
        if one.market is not None and one.proof is not None
    }
    return [
        {
            "network": entry.network.value,
            "asset": entry.asset,
            "attestedBy": list(market_vouchers(policy, entry, proof)),
        }
        for entry, proof in proven.items()
    ]


def explained(policy: Policy, change: Change) -> dict[str, object]:
    """Which rule decides about a change, what each one says, and which limits it passes."""
    rule = deciding_rule(policy, change)
    rows: list[dict[str, object]] = []
    for one in policy.rules:
        reason = next(objections(one, change), None)
        rows.append({"rule": one.name, "matches": reason is None, "reason": reason})
        if one is rule:
            break
    return {
        "nonce": change.signable.nonce,
        "direction": change.direction.value,
        "limits": list(passed_limits(policy.limits, change)),
        "rules": rows,
        "decides": None if rule is None else rule.name,
        "needs": None if rule is None or rule.needs is None else str(rule.needs),
    }


def _show_explained(number: int, change: Change, wire: dict[str, object]) -> None:
    say(
        f"Request {number}, nonce {change.signable.nonce}: it counts as {change.direction.value}",
        bold=True,
    )
    limits, rows = wire["limits"], wire["rules"]
    assert isinstance(limits, list), "made above"
    assert isinstance(rows, list), "made above"
    for words in limits:
        say(f"  refused: {words}", fg="red")
    for row in rows:
        say(f'  rule "{row["rule"]}": ' + (row["reason"] or "it is about this, and decides"))
    if wire["decides"] is None:
        say("  no rule is about it: it is refused", fg="red")
    else:
        say(f"  needs {wire['needs'] or 'nothing: it is refused'}")
