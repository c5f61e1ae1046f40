"""Small language models as GGUF files have them, and the arithmetic of their layers. Runs nothing; adapters build on it."""
