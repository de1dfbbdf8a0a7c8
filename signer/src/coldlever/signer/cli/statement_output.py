"""A statement as a file, for whoever signs it with ssh-keygen, an agent or a security key."""

from __future__ import annotations

from coldlever.shared.cli.console import STDIO, emit_json, say, write_document
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable


def write_statement(
    outlet: Outlet, text: bytes, namespace: str, then: str, *, as_json: bool
) -> None:
    """Write a statement, and say how it is signed.

    Args:
        outlet: where to.
        text: the statement.
        namespace: what SSHSIG binds it to.
        then: what is done with the signature.
        as_json: one JSON document on stdout instead.

    Raises:
        UsageRefused: ``statement-as-code``.
    """
    if outlet.drawing.wanted:
        raise UsageRefused("statement-as-code", "a statement is a file, not a code", "use --out")
    name = outlet.out or STDIO
    if not (as_json and name == STDIO):
        write_document(name, text, force=outlet.force)
    if as_json:
        emit_json({"statement": text.decode("ascii"), "namespace": namespace, "out": outlet.file})
        return
    say(f"Sign it as it is, then {then}:", fg="green")
    say(f"  ssh-keygen -Y sign -f KEY -n {namespace} {printable(outlet.file or 'FILE')}")
