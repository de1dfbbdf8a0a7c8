"""A cage around the signer's process, built of the kernel's own seccomp filter.

Once closed, nothing in the process, native code included, opens a socket, starts a program or a
process, or reaches into another process; there is no way to open it again. docs/threat-model.md
says what that stops and what it does not.

`coldlever.signer.cli.caged` says which commands close it, and when.
"""

from coldlever.signer.cage.enclosure import CageFailed, available, engage
from coldlever.signer.cage.support import Support, Supported, Unsupported

__all__ = ["CageFailed", "Support", "Supported", "Unsupported", "available", "engage"]
