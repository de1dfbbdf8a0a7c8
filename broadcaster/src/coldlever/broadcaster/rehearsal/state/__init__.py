"""What the rehearsal's exchange knows: accounts, markets, margin, nonces; no HTTP, no requests."""
