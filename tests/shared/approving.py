"""People with keys, a policy over them, and what they say: for the tests of approvals."""

from dataclasses import replace
from hashlib import sha256

from coldlever.shared.action import Address, Network, Signable, UpdateLeverage
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.judging import Circumstances
from coldlever.shared.sshsig import open_key, seal_key
from coldlever.shared.statement import Approval, Case, Decision, namespace_of, statement_bytes
from coldlever.shared.statement.text import batch_lines

NOW = 1_795_000_100_000
SIGNER = Address(bytes(range(1, 21)))
ACCOUNT = Address(bytes(range(101, 121)))
VAULT = Address(bytes(range(201, 221)))


def key_of(name):
    """The key that a person of that name has in every test."""
    seed = sha256(name.encode()).digest()
    return open_key(seal_key(seed, "phrase", 1), "phrase", name)


PEOPLE = {"alice": ("risk",), "bob": ("risk",), "carol": ("ops",), "dave": ("ops",)}
KEYS = {name: key_of(name) for name in (*PEOPLE, "erin", "mallory")}
RULES = """
[[rule]]
name = "lower or add"
directions = ["lower", "add"]
needs = "1 of 4"

[[rule]]
name = "all else"
needs = "risk: 1 of 2 and ops: 1 of 2"
"""
LIMITS = """
[limits]
networks = ["mainnet", "testnet"]
ceiling = 50
longest-validity = "24h"
expiry-required = true
"""


def person_text(name, groups, *keys):
    quoted = ", ".join(f'"{key}"' for key in keys or (KEYS[name].public.line,))
    listed = ", ".join(f'"{group}"' for group in groups)
    lines = [f'name = "{name}"', f"groups = [{listed}]" if groups else "", f"keys = [{quoted}]"]
    return "[[person]]\n" + "\n".join(line for line in lines if line) + "\n"


def policy_text(*, version=7, head="", limits=LIMITS, people=None, rules=RULES, change="2 of 4"):
    if people is None:
        people = "".join(person_text(name, groups) for name, groups in PEOPLE.items())
    start = f'policy = 1\nversion = {version}\nname = "treasury"\nchange = "{change}"\n{head}\n'
    return f"{start}\n{limits}\n{people}\n{rules}"


def make_policy(**changes):
    return load_policy(policy_text(**changes).encode(), "policy.toml")


def make_signable(**changes):
    known = {
        "network": Network.MAINNET,
        "action": UpdateLeverage(0, True, 10),
        "nonce": NOW - 100_000,
        "vault": None,
        "expires_after": NOW + 3_500_000,
    }
    return Signable(**{**known, **changes})


def make_case(*signables, signer=SIGNER, account=ACCOUNT, is_batch=False):
    return Case(signer, account, signables or (make_signable(),), is_batch)


def say(
    policy, case, name, decision=Decision.APPROVE, *, key=None, number=1, not_after=None, **changes
):
    """What a person says about a case."""
    key = KEYS[name] if key is None else key
    statement = statement_bytes(
        case, policy.ref, key.public, decision, number=number, not_after=not_after
    )
    made = key.sign(namespace_of(decision), statement)
    approval = Approval(
        decision,
        key.public.key_id,
        made.raw.pack(),
        number,
        not_after,
        policy.ref,
        len(case.signables) if case.is_batch else None,
    )
    return replace(approval, **changes)


def with_list(approval, case):
    """The same, so that a part of the batch can be checked by it."""
    return replace(approval, listed=batch_lines(case.signables))


def around(*currents, now=NOW, **changes):
    """What is known beside the case."""
    return Circumstances(now, currents or (None,), **changes)
