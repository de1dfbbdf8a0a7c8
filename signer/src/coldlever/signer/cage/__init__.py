"""A cage around the signer's process, built of the kernel's own seccomp filter.

Once closed, nothing in the process, native code included, opens a socket, starts a program or a
process, or reaches into another process; there is no way to open it again. docs/threat-model.md
says what that stops and what it does not.

How it is wired: `Machine` gets a field ``engage_cage: Callable[[], Support]`` that calls
`engage` (loaded there, not before: --help needs none of this). Commands that take documents,
pictures or secrets call it after their imports and before the first foreign byte. With
`Unsupported` they say ``reason`` in one line and go on; `CageFailed` ends them, unless
``--without-cage`` was given, and then they do not call it at all.
"""

from coldlever.signer.cage.enclosure import CageFailed, available, engage
from coldlever.signer.cage.support import Support, Supported, Unsupported

__all__ = ["CageFailed", "Support", "Supported", "Unsupported", "available", "engage"]
