"""Names that commands, runs and reports share. Imports nothing, so that a wrong name is refused before ragas is loaded."""

from __future__ import annotations

DEFAULT_JUDGED = (
    "faithfulness",
    "answer_relevancy",
    "context_precision",
    "context_recall",
    "context_relevance",
    "semantic_similarity",
)
"""Those of a run that names none."""

JUDGED = (
    *DEFAULT_JUDGED,
    "answer_accuracy",
    "answer_correctness",
    "bleu_score",
    "chrf_score",
    "context_entity_recall",
    "context_utilization",
    "exact_match",
    "factual_correctness",
    "noise_sensitivity",
    "non_llm_string_similarity",
    "quoted_spans_alignment",
    "response_groundedness",
    "rouge_score",
    "string_presence",
    "summary_score",
)
"""The metrics of ragas' collection that can be asked for by name.

The others of that collection judge agents, tools, SQL, tables, images or rubrics, which our questions do not have.
"""

LOWER_IS_BETTER = frozenset({"noise_sensitivity"})
"""Metrics of which less is better; all others go from 0, the worst, to 1."""
