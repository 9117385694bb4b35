"""Pictures: in characters for terminals, in pixels and paths by Matplotlib."""
