"""A question and texts to scores, by a model that reads both together."""
