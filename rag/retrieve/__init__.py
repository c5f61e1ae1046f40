"""From a question to the passages that go into the prompt."""
