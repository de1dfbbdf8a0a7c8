"""Who may have what signed and posted, and whether enough of them agree; no documents, no keys.

Every decision is a pure function of the policy, the case, the approvals and the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.policy.daily import daily_problem
    from coldlever.shared.policy.evidence import verify_approval
    from coldlever.shared.policy.findings import remarks_on
    from coldlever.shared.policy.judging import (
        Approved,
        Circumstances,
        Standing,
        assess,
        judge,
        no_policy,
        to_revoke,
    )
    from coldlever.shared.policy.policy import Policy
    from coldlever.shared.policy.reading import load_policy
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "daily_problem": "daily",
            "verify_approval": "evidence",
            "remarks_on": "findings",
            "Approved": "judging",
            "Circumstances": "judging",
            "Standing": "judging",
            "assess": "judging",
            "judge": "judging",
            "no_policy": "judging",
            "to_revoke": "judging",
            "Policy": "policy",
            "load_policy": "reading",
        },
    )

__all__ = [
    "Approved",
    "Circumstances",
    "Policy",
    "Standing",
    "assess",
    "daily_problem",
    "judge",
    "load_policy",
    "no_policy",
    "remarks_on",
    "to_revoke",
    "verify_approval",
]
