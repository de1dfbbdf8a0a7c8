"""The memory of spent nonces and its backup: facts on disk, and no judgement on requests."""
