"""What a person signs about a request, as text that two programs can rebuild; who may is not here.

docs/formats.md fixes the lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.statement.approval import (
        Approval,
        Decision,
        approval_wire,
        merge,
        parse_approvals,
    )
    from coldlever.shared.statement.case import Case, case_of, end_of
    from coldlever.shared.statement.policy_ref import PolicyRef
    from coldlever.shared.statement.text import namespace_of, statement_bytes
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Approval": "approval",
            "Decision": "approval",
            "approval_wire": "approval",
            "merge": "approval",
            "parse_approvals": "approval",
            "Case": "case",
            "case_of": "case",
            "end_of": "case",
            "PolicyRef": "policy_ref",
            "namespace_of": "text",
            "statement_bytes": "text",
        },
    )

__all__ = [
    "Approval",
    "Case",
    "Decision",
    "PolicyRef",
    "approval_wire",
    "case_of",
    "end_of",
    "merge",
    "namespace_of",
    "parse_approvals",
    "statement_bytes",
]
