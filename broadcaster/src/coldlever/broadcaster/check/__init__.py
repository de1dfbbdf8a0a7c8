"""What must hold before a payload is posted, as findings; nothing here posts, records or prints."""
