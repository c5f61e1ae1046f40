"""Switches every vendor's telemetry and hub off.

Imported before any vendor. Knows the vendors' environment variables, and two modules that they import for nothing; what only works
through an argument (Chroma's settings, Gradio's launch) is set where that vendor is called.
"""

from __future__ import annotations

import os
import sys
from types import MappingProxyType, ModuleType
from typing import cast

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


_EXPORTER = "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"
"""Sends traces of Chroma to a collector that nobody has set; importing it imports gRPC."""
_COMMAND = "httpx._main"
"""httpx as a command, which it offers where what that needs is installed: a quarter of a second with all that it imports."""


def keep_out() -> None:
    """Keep what is never used from being imported: a third of a second of every start."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.setdefault(_COMMAND, None)  # None: importing it raises ImportError, which httpx takes as "not installed"
    if _EXPORTER not in modules:
        empty = ModuleType(_EXPORTER)
        empty.OTLPSpanExporter = None  # type: ignore[attr-defined]  # Chroma wants the name
        modules[_EXPORTER] = empty


def switch_off() -> None:
    """Set every switch in this process's environment; what the user has set otherwise is overruled."""
    os.environ.update(SWITCHES)


switch_off()
keep_out()
