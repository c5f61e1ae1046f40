"""Names that commands, runs and reports share. Imports nothing, so that a wrong name is refused before ragas is loaded."""

from __future__ import annotations

JUDGED = ("faithfulness", "answer_relevancy", "context_precision", "context_recall")
"""The judged metrics that can be asked for."""

DEFAULT_JUDGED = ("faithfulness", "answer_relevancy")
"""Those of a run that names none. Context precision asks the judge once a passage, which takes minutes a question."""
