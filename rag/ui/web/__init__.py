"""Who may come in, and the doors for programs."""
