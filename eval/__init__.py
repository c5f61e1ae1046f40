"""Evaluation: questions, measurements without a judge, ragas metrics with a local judge, runs and reports."""

import rag.offline  # noqa: F401  # before ragas, which reads its switch once
