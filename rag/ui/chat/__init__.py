"""The conversation: asking, showing, keeping."""
