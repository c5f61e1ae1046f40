"""Language models behind the `LLM` protocol.

Adapters, each imported only by `rag.wiring`, each with its vendor:

- `llama_cpp`: a GGUF file in this process (vendor in `llama_engine`); the default.
- `transformers_llm`: a checkpoint folder or a GGUF file with PyTorch; slower to answer, and a second opinion on the first.
- `openai_compatible`: a server that somebody runs (vLLM, llama-server, Ollama, ...).

What they share knows no vendor: `pump` (a blocking engine as a generator that can be closed), `turns` (notes can never forge a turn
of the conversation), `json_output` (a schema was kept), `prefixes` (which part of a prompt need not be read again).
"""
