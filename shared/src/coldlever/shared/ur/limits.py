"""How large a UR may be; checked before anything of that size is allocated.

A single hostile frame that announces a million fragments has taken wallets down. Here the whole
decoder stays below about 10 MB however many frames it is shown.
"""

from __future__ import annotations

# The largest file that either side reads, see strict_json.
MAX_MESSAGE_BYTES = 1 << 20

# A QR code of version 40 holds 4,296 alphanumeric characters; longer text came from no QR code.
MAX_PART_LETTERS = 4_296

# Two letters a byte and up to about 120 letters of header: the most that fits such a QR code,
# rounded down.
MAX_FRAGMENT_BYTES = 2_000

# Below this the header of a part is larger than its content.
MIN_FRAGMENT_BYTES = 10

# 1 MiB in the sparsest preset of 100 bytes is 10,486 fragments. The decoder keeps at most one
# equation per fragment, of one bit for each fragment below it: 8 MB besides the message.
MAX_SEQUENCE_LENGTH = 10_500

# Registered UR types have up to 20 letters.
MAX_TYPE_LETTERS = 48

# A single-part UR may also come from a file or a pipe: "ur:", the type, "/", two letters a byte.
MAX_RESOURCE_LETTERS = 3 + MAX_TYPE_LETTERS + 1 + 2 * (MAX_MESSAGE_BYTES + 4)

# seqNum and the checksum are 32-bit numbers (BCR-2024-001, "Part Serialization").
MAX_UINT32 = (1 << 32) - 1
