"""Markdown as people write it, to typed blocks with exact source offsets. Begin with `parse.py`."""
