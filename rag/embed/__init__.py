"""Texts to vectors, and the embedder's own count of tokens."""
