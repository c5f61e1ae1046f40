"""The commands of `python -m eval`, a module each: `add` describes the arguments, the rest calls what does the work."""
