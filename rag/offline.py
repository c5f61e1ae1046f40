"""Switches every vendor's telemetry and hub off.

Imported before any vendor. Knows the vendors' environment variables and nothing else of them; what only works through an
argument (Chroma's settings, Gradio's launch) is set where that vendor is called.
"""

from __future__ import annotations

import os
from types import MappingProxyType

SWITCHES = MappingProxyType(
    {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "RAGAS_DO_NOT_TRACK": "true",  # ragas compares with the word, "1" would leave tracking on
        "ANONYMIZED_TELEMETRY": "False",
        "CHROMA_TELEMETRY_ANONYMIZED": "False",
        "OPENVINO_TELEMETRY_ENABLED": "0",
        "OPENVINO_TOKENIZERS_TELEMETRY": "0",
        "LANGCHAIN_TRACING_V2": "false",
        "LANGSMITH_TRACING": "false",
        "LANGCHAIN_TRACING": "false",
        "DO_NOT_TRACK": "1",
        "OTEL_SDK_DISABLED": "true",
        "LLAMA_INDEX_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",  # no telemetry: silences a warning on fork, we batch ourselves
    }
)


def switch_off() -> None:
    """Set every switch in this process's environment; what the user has set otherwise is overruled."""
    os.environ.update(SWITCHES)


switch_off()
