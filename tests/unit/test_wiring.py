"""What the configuration is made into, as far as nothing heavy is loaded for it."""

from __future__ import annotations

import threading

import pytest

from rag.config import load_config
from rag.doctor import examine
from rag.errors import ConfigError, ModelError
from rag.folders import reranker_folder
from rag.language_model import llm_engine
from rag.models.engine import RECORD, engine_folder
from rag.question_model import LazyQuestionModel, build_question_model, check_question_model
from rag.wiring import build_assistant


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


@pytest.mark.parametrize("name", ["minilm", "./none", "/none/at/all", "~/none", "a/b/c", " "])
def test_a_reranker_that_names_nothing_is_a_wrong_setting(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    config = load_config(flags={"reranker": name, "models_dir": tmp_path})
    for look in (reranker_folder, build_assistant):
        with pytest.raises(ConfigError, match="names no cross-encoder") as caught:
            look(config)
        assert "cross-encoder/ms-marco-MiniLM-L-6-v2" in caught.value.hint


def test_a_reranker_that_was_not_downloaded_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    config = load_config(flags={"reranker": "cross-encoder/none-such", "models_dir": tmp_path})
    with pytest.raises(ModelError, match="The reranker cross-encoder/none-such is not on this machine") as caught:
        build_assistant(config)
    assert "Download it" in caught.value.hint


def test_a_reranker_lies_in_a_folder_or_in_the_cache_of_hugging_face(tmp_path, monkeypatch):
    (tmp_path / "ranker").mkdir()
    assert reranker_folder(load_config(flags={"reranker": str(tmp_path / "ranker")})) == tmp_path / "ranker"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--cross-encoder--tiny"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}", encoding="utf-8")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40, encoding="utf-8")
    assert reranker_folder(load_config(flags={"reranker": "cross-encoder/tiny"})) == snapshot


@pytest.mark.slow
def test_the_doctor_looks_at_a_reranker_where_one_is_set(tmp_path):
    def names(reranker):
        report = examine(load_config(flags={"reranker": reranker, "models_dir": tmp_path, "index": tmp_path / "index"}))
        return {check.name: check.problem for check in report.jobs["answer"]}

    assert "reranker" not in names("")
    assert "names no cross-encoder" in names("minilm")["reranker"]
    assert names(str(tmp_path))["reranker"] == ""


@pytest.mark.parametrize("name", ["openai:http://127.0.0.1:1/v1", "hf:some/model"])
def test_what_puts_passages_in_order_is_a_file(tmp_path, name):
    with pytest.raises(ConfigError, match="gguf:PATH"):
        load_config(flags={"question_model": name, "models_dir": tmp_path})


@pytest.mark.parametrize("name", ["smollm2-135m", "gguf:none.gguf"])
def test_weights_that_put_passages_in_order_and_are_not_there_are_said_before_a_question(tmp_path, name):
    config = load_config(
        flags={"question_model": name, "models_dir": tmp_path / "none", "index": tmp_path, "llm": "gguf:none.gguf"}
    )
    for look in (build_question_model, check_question_model, lambda config: build_assistant(config).llm):
        with pytest.raises(ModelError, match=name.removeprefix("gguf:")) as caught:
            look(config)
        assert "models fetch" in str(caught.value.hint) or "question_model" in str(caught.value.hint)


def test_where_its_engine_is_not_there_nothing_puts_passages_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr("rag.question_model.has_openvino", lambda: False)
    config = load_config(flags={"models_dir": tmp_path})
    assert build_question_model(config) is None
    assert "OpenVINO" in check_question_model(config)


@pytest.mark.slow
def test_where_its_engine_does_not_run_passages_stay_as_they_are(tmp_path, monkeypatch, caplog):
    def refuse(self, *_):
        raise RuntimeError("no such instruction")

    (tmp_path / "q.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr("rag.llm.gguf_tokens.is_known", lambda _: True)
    monkeypatch.setattr("rag.llm.gguf_tokens.GgufTokens.__init__", lambda *_: None)
    monkeypatch.setattr("rag.rerank.likelihood.QuestionLikelihood.__init__", lambda *_, **__: refuse(None))
    assert build_question_model(load_config(flags={"question_model": f"gguf:{tmp_path / 'q.gguf'}"})) is None
    assert "no such instruction" in caplog.text


def test_a_reranker_takes_the_place_of_what_puts_passages_in_order(tmp_path):
    config = load_config(flags={"models_dir": tmp_path, "reranker": str(tmp_path)})
    assert build_question_model(config) is None
    assert check_question_model(config) == ""
    assert build_question_model(load_config(flags={"models_dir": tmp_path, "question_model": ""})) is None


@pytest.mark.slow
def test_the_doctor_looks_at_what_puts_passages_in_order(tmp_path):
    def names(name):
        report = examine(load_config(flags={"question_model": name, "models_dir": tmp_path, "index": tmp_path / "index"}))
        return {check.name: check.problem for check in report.jobs["answer"]}

    assert "question_model" not in names("")
    assert "smollm2-135m" in names("smollm2-135m")["question_model"]
    assert "none.gguf" in names("gguf:/none.gguf")["question_model"]


def test_what_puts_passages_in_order_is_loaded_once_and_in_the_background(tmp_path, monkeypatch):
    began, loaded = [], threading.Event()

    def build(config):
        began.append(threading.current_thread().name)
        loaded.wait(10)
        return "a model"

    monkeypatch.setattr("rag.question_model.build_question_model", build)
    monkeypatch.setattr("rag.question_model.check_question_model", lambda _: "there")
    model = LazyQuestionModel(load_config(flags={"models_dir": tmp_path}))
    model.load_ahead()
    loaded.set()
    assert [model(), model()] == ["a model", "a model"]
    assert began == ["question model"]


def test_what_goes_wrong_ahead_is_told_at_the_question(tmp_path, monkeypatch):
    def build(config):
        raise ModelError("damaged", hint="fetch it")

    monkeypatch.setattr("rag.question_model.build_question_model", build)
    monkeypatch.setattr("rag.question_model.check_question_model", lambda _: "there")
    model = LazyQuestionModel(load_config(flags={"models_dir": tmp_path}))
    model.load_ahead()
    with pytest.raises(ModelError, match="damaged"):
        model()
