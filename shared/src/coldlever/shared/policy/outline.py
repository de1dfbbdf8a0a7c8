"""A policy to begin with, as text."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import Address
from coldlever.shared.sshsig import PublicKey

_HEAD = """\
# A policy of coldlever: what may be signed, and who has to approve. docs/formats.md explains it.
policy = 1
version = 1
name = "leverage"
# Who has to agree to another policy.
change = "{needs}"

[limits]
{signers}# What nobody's approval lifts.
ceiling = 50
longest-validity = "24h"
expiry-required = true
"""
_PERSON = """
[[person]]
name = "{name}"
keys = ["{key}"]
"""
_RULE = """
# The first rule that is about a change decides.
[[rule]]
name = "every change"
needs = "{needs}"
"""


def outline(people: Sequence[tuple[str, PublicKey]], signer: Address | None) -> str:
    """A sensible policy: two approve, changes expire within a day, no leverage above 50x.

    Args:
        people: names, each with a key.
        signer: the one key that it is for, or None for any.
    """
    needs = f"{min(2, len(people))} of {len(people)}"
    signers = "" if signer is None else f'signers = ["{signer.checksummed}"]\n'
    persons = "".join(_PERSON.format(name=name, key=key.line) for name, key in people)
    return _HEAD.format(needs=needs, signers=signers) + persons + _RULE.format(needs=needs)
