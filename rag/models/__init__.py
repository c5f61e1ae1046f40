"""The weights: which ones there are, where they lie, and how they are fetched.

Start with `catalogue` (what a model is) and `store` (what is on disk); both are cheap to import. `fetch` brings the network in
and is imported only by those who fetch.
"""
