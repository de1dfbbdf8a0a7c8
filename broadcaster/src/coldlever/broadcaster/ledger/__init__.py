"""What was sent and what became of it, on disk; no network, and no verdict of its own."""
