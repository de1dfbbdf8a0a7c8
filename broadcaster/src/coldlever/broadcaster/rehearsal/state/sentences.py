"""Sentences: the refusals in the exchange's own words.

Those under "observed" were recorded from the exchange or read in its programme. Those under "own
wording" stand where nobody recorded what the exchange says; they are worded unlike anything of it,
so that a client is seen to pass an unknown sentence on instead of guessing.
"""

from __future__ import annotations

from coldlever.shared.action import Address

# Observed.
UNRECOVERABLE = "Unable to recover signer."
EXPIRED = "Action already expired"
MULTI_SIG_REQUIRED = "Multi-sig required"
BAD_LEVERAGE = "Invalid leverage value"
NO_CROSS = "Cross margin is not allowed for this asset."
NO_SWITCH = "Cannot switch leverage type with open position."
CROSS_SHORT_OF_MARGIN = (
    "Cross position does not have sufficient margin available to decrease leverage. "
    "To decrease leverage, deposit more collateral."
)
ISOLATED_SHORT_OF_MARGIN = (
    "Isolated position does not have sufficient margin available to decrease leverage. "
    "To decrease leverage, add margin to the position."
)
NOT_ISOLATED = "Position does not use isolated margin."
ZERO_MARGIN = "Update to isolated margin cannot be zero."
NO_POSITION = "Cannot update margin for empty position."
NOT_STRICT = "Asset not strict isolated"
MARGIN_STAYS = (
    "Cannot remove isolated margin for this asset. To remove margin, reduce the position."
)
NO_MARGIN_TO_ADD = "Account does not have sufficient margin available for increase."
NO_MARGIN_TO_REMOVE = "Position does not have sufficient margin for reduction."
BAD_LEADER = "Invalid multi-sig outer signer"
LEADER_WITHOUT_DEPOSIT = "Multi-sig outer signer must be an L1 user."
BAD_INNER_SIGNER = "Invalid multi-sig inner signer"
THRESHOLD_NOT_MET = "Multi-sig threshold not met"
TOO_MANY_SIGNERS = "Too many multi-sig signers"
NOT_MULTI_SIG = "Invalid multi-sig user"
AGENT_USED_BEFORE = "Extra agent already used."
REMOVAL_PENDING = "User has pending agent removal"

# Own wording.
DELISTED = "Rehearsal: this asset is delisted."


class Refused(Exception):
    """The exchange says no.

    Args:
        sentence: what the client gets to read, verbatim.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def no_such_signer(signer: Address) -> str:
    """Observed: the recovered address is neither a user nor an agent."""
    return f"User or API Wallet {signer.lower} does not exist."


def must_deposit(user: Address) -> str:
    """Observed: the user never had funds, or the signer is its replaced API wallet."""
    return f"Must deposit before performing actions. User: {user.lower}"


def no_such_vault(vault: Address) -> str:
    """Observed: ``vaultAddress`` is neither a vault nor a sub-account."""
    return f"Vault not registered: {vault.lower}"


def too_many_requests(sent: int, cap: int) -> str:
    """Observed: the address used up its requests. Volume is never traded in a rehearsal."""
    return (
        f"Too many cumulative requests sent ({sent} > {cap}) for cumulative volume traded $0.00. "
        "Place taker orders to free up 1 request per USDC traded."
    )


def not_in_control(user: Address, vault: Address) -> str:
    """Own wording: the vault or sub-account belongs to somebody else."""
    return f"Rehearsal: {user.lower} does not control {vault.lower}."


def no_such_asset(asset: int) -> str:
    """Own wording: no perpetual has this asset id."""
    return f"Rehearsal: no market has the asset id {asset}."


def not_modelled(action_type: str) -> str:
    """Own wording: the exchange knows this action, the rehearsal does not play it."""
    return f'Rehearsal: actions of type "{action_type}" are not modelled here.'
