"""Language models behind the `LLM` protocol.

Adapters, each imported only by `rag.language_model`, each with its vendor:

- `openvino_llm`: a GGUF file of a family that is known, with OpenVINO (`openvino_engine`); the default, which `gguf_llm` chooses.
- `llama_cpp`: any GGUF file in this process (vendor in `llama_engine`).
- `transformers_llm`: a checkpoint folder or a GGUF file with PyTorch; slower to answer, and a second opinion on the first.
- `openai_compatible`: a server that somebody runs (vLLM, llama-server, Ollama, ...).

What they share knows no vendor: `pump` (a blocking engine as a generator that can be closed), `turns` (notes can never forge a turn
of the conversation), `prompts` (its tokens), `json_output` (a schema was kept), `prefixes` (which part of a prompt need not be read
again), and `token_llm` and `greedy` for those that are stepped token by token.
"""
