"""Which engine embeds: the quick one where it can, sentence-transformers in every other case."""

import logging
import sys
import types

import pytest

from rag import wiring
from rag.config import load_config
from rag.errors import ModelError
from tests.unit.embed.folders import bert_folder


@pytest.fixture
def built(monkeypatch, tmp_path):
    """Build the embedder of a folder with engines that only say who they are."""

    def engine(module, name, error=None):
        def make(folder, **options):
            if error:
                raise error
            return (name, folder, options)

        fake = types.ModuleType(module)
        setattr(fake, name, make)
        monkeypatch.setitem(sys.modules, module, fake)

    def build(*, reason="", error=None):
        engine("rag.embed.openvino_embedder", "OpenVinoEmbedder", error)
        engine("rag.embed.sentence_transformer", "SentenceTransformerEmbedder")
        monkeypatch.setattr(wiring, "supports", lambda folder: reason)
        config = load_config(flags={"threads": 3, "embedder": str(bert_folder(tmp_path / "model"))}, environment={})
        return wiring.build_embedder(config)

    return build


def test_the_quick_engine_where_it_knows_the_model(built, tmp_path, caplog):
    name, folder, options = built()
    assert (name, folder) == ("OpenVinoEmbedder", tmp_path / "model")
    assert options["threads"] == 3
    assert options["fingerprint"].startswith("model@")
    assert not caplog.records


def test_another_model_goes_to_sentence_transformers(built, caplog):
    with caplog.at_level(logging.INFO, "rag.wiring"):
        name, _, options = built(reason="its architecture is mpnet, not bert")
    assert name == "SentenceTransformerEmbedder"
    assert options["fingerprint"].startswith("model@")  # of the weights: the index stays valid
    assert [(record.levelname, "not bert" in record.getMessage()) for record in caplog.records] == [("INFO", True)]


def test_an_engine_that_does_not_run_here_is_said_aloud(built, caplog):
    name, _, _ = built(error=ModelError("The embedder cannot be loaded by OpenVINO: no such instruction"))
    assert name == "SentenceTransformerEmbedder"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no such instruction" in caplog.text
