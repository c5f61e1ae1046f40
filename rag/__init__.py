"""Question answering over Markdown notes, on one computer, cited to the character."""

__version__ = "0.1.0"
