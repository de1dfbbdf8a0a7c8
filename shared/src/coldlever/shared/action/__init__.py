"""What gets signed, its hash, its rules and its signature; no documents and no secret keys."""
