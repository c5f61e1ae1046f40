"""The only package that imports llama_index: what this project shares with programs built on it."""
