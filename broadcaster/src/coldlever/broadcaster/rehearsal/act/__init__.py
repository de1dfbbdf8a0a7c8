"""What a request to `/exchange` does to the state, and its answer; nothing is served here."""
