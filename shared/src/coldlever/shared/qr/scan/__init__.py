"""From pictures, films, cameras and typed lines to one message; what it means comes later."""
