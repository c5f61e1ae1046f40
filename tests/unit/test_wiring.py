"""What the configuration is made into, as far as nothing heavy is loaded for it."""

from __future__ import annotations

import pytest

from rag.config import load_config
from rag.models.engine import RECORD, engine_folder
from rag.wiring import llm_engine


@pytest.mark.parametrize(
    ("name", "engine"),
    [("openai:http://127.0.0.1:1", "a server"), ("hf:folder", "transformers"), ("gguf:x.gguf", "as it comes")],
)
def test_the_engine_of_a_model_is_named(tmp_path, name, engine):
    assert engine in llm_engine(load_config(flags={"models_dir": tmp_path}), name)


def test_an_engine_that_was_built_here_is_named(tmp_path):
    config = load_config(flags={"models_dir": tmp_path})
    engine_folder(tmp_path).mkdir(parents=True)
    (engine_folder(tmp_path) / RECORD).write_text("{}", encoding="utf-8")
    assert llm_engine(config, config.llm) == "llama.cpp, built for this processor"
