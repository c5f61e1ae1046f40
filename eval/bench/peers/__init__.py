"""This system beside what people would take instead: the same pages, embedder and language model, on one machine in one run.

Each peer lives in an environment of its own and is driven by a small program in `drivers/`, which runs there and imports nothing of
this project; `requirements/` pins what is installed. This system is driven the same way. What a peer cannot do is part of the
result, with the reason that was seen.
"""
