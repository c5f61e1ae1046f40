"""A real OpenAI-compatible server on loopback, in a process of its own: prints its address, and ends with its standard input.

Run as: python -m tests.contract.llama_server GGUF KEY
"""

import sys

from rag.llm.openmp import sleeping_threads

with sleeping_threads():
    import xllamacpp

params = xllamacpp.CommonParams()
params.model.path, key = sys.argv[1:]
params.api_keys = [key]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.ui = False
params.verbosity = -1
params.fit_params = False
params.n_ctx = 2048
params.n_parallel = 1
params.n_batch = params.n_ubatch = 64
params.cache_prompt = False  # a prefix of another length changes the last digits
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)  # noqa: T201
sys.stdin.read()
del server
