"""The knowledge base: its pages, their health, and bringing the index up to date."""
