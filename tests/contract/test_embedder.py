"""What every embedder must do, and that the quick one gives the vectors of sentence-transformers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rag.config import load_config
from rag.embed.bert_folder import supports
from rag.embed.tokens import WordPieceCounter
from rag.errors import ModelError
from rag.load import read_bytes, sha256, walk
from rag.models.store import model_path
from rag.read import read_page

ROOT = Path(__file__).parents[2]
COSINE = 0.999
SAME = 1e-3  # most that a component of one text's vector may differ between two batches

pytestmark = pytest.mark.model

ODD = [
    "",
    " \n\t ",
    "a",
    "?",
    "." * 700,
    "x" * 5000,
    "word " * 2000,
    "\u0000\u0001\ufffd",
    "half a pair \ud83d of surrogates",
    "[CLS] [SEP] [MASK] [PAD] written out",
    "<|im_end|>",
    "Привет, мир. Как работает внимание?",
    "什么是检索增强生成?它先检索,然后生成。" * 30,
    "検索拡張生成とは何ですか。",
    "การสืบค้นข้อมูลช่วยให้คำตอบถูกต้อง " * 20,
    "ما هو التوليد المعزز بالاسترجاع؟",
    "पुनर्प्राप्ति संवर्धित पीढ़ी क्या है?",
    "Ünïcödé — «quotes» … ☃ 👩‍🚀",
    "def f(x):\n    return x ** 2\n" * 20,
    "| a | b |\n|---|---|\n| 1 | 2 |\n" * 30,
]


@pytest.fixture(scope="module")
def folder():
    """The real embedder's folder; without it a test is skipped, in CI it fails."""
    try:
        return model_path("all-MiniLM-L6-v2", load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def openvino(folder, **options):
    from rag.embed.openvino_embedder import OpenVinoEmbedder

    return OpenVinoEmbedder(folder, fingerprint="weights@1", threads=2, **options)


def sentence_transformers(folder):
    from rag.embed.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(folder, fingerprint="weights@1", threads=2)


KINDS = {"openvino": openvino, "sentence-transformers": sentence_transformers}


@pytest.fixture(scope="module", params=KINDS)
def embedder(request, folder):
    return KINDS[request.param](folder)


@pytest.fixture(scope="module")
def reference(folder):
    """Embeds with sentence-transformers itself, as it comes: in single precision, one text at a time; remembers what it did."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    @cache
    def embed(texts):
        return model.encode(list(texts), batch_size=1, normalize_embeddings=True, show_progress_bar=False)

    return lambda texts: embed(tuple(texts))


@pytest.fixture(scope="module")
def chunks(folder):
    """What the embedder sees of this project's own notes, from all parts of them."""
    counter = WordPieceCounter(folder)
    files, _ = walk(ROOT / "corpus")
    texts = []
    for file in files[::4]:
        raw = read_bytes(file)
        reading = read_page(file.path, raw, sha256(raw), counter=counter, target_tokens=counter.max_tokens)
        texts += [chunk.embed_text for chunk in reading.chunks]
    assert len(texts) >= 200
    return [texts[n * len(texts) // 200] for n in range(200)]


def cosines(one, other):
    return (one * other).sum(axis=1)


def test_names_what_its_vectors_depend_on(embedder):
    assert embedder.fingerprint == "weights@1"
    assert embedder.dimension == 384


@pytest.mark.parametrize("count", [0, 1, 2, 33])
def test_shape_and_norm(embedder, count):
    vectors = embedder.embed_passages([f"text number {n} " * (n + 1) for n in range(count)])
    assert vectors.shape == (count, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_query_is_one_vector(embedder):
    vector = embedder.embed_query("What is LoRA?")
    assert vector.shape == (384,)
    assert vector.dtype == np.float32
    assert abs(np.linalg.norm(vector) - 1) < 1e-5


def test_order_is_kept_and_neighbours_do_not_matter(embedder, chunks):
    texts = [*chunks[:12], "", "short", chunks[3], "word " * 400, chunks[12]]
    together = embedder.embed_passages(texts)
    alone = np.stack([embedder.embed_query(text) for text in texts])
    assert np.abs(together - alone).max() < SAME
    backwards = embedder.embed_passages(texts[::-1])[::-1]
    assert np.abs(together - backwards).max() < SAME
    assert np.abs(together[3] - together[14]).max() < SAME


def test_progress_adds_up(embedder, chunks):
    done = []
    embedder.embed_passages([*chunks[:40], "", "", "a"], done.append)
    assert sum(done) == 43
    assert min(done) > 0
    done.clear()
    embedder.embed_passages([], done.append)
    assert sum(done) == 0


def test_long_text_is_cut_where_sentence_transformers_cuts(embedder, reference):
    full = "the " * 254  # and two special tokens: 256
    vectors = embedder.embed_passages([full, f"{full} kettle boils", "the " * 253 + "kettle", "the " * 253])
    assert np.abs(vectors[0] - vectors[1]).max() < SAME
    assert cosines(vectors[:1], vectors[2:3]) < COSINE
    expected = reference([f"{full} kettle boils"])
    assert cosines(vectors[1:2], expected) > COSINE


def test_equals_sentence_transformers_on_the_notes(embedder, chunks, reference):
    assert len(chunks) >= 200
    assert cosines(embedder.embed_passages(chunks), reference(chunks)).min() >= COSINE


def test_equals_sentence_transformers_on_odd_texts(embedder, reference):
    sendable = [text.replace("\ud83d", "?") for text in ODD]
    assert cosines(embedder.embed_passages(ODD), reference(sendable)).min() >= COSINE
    alone = np.stack([embedder.embed_query(text) for text in ODD])
    assert cosines(alone, reference(sendable)).min() >= COSINE


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_weights_are_an_expected_error(kind, folder, tmp_path):
    broken = shutil.copytree(folder, tmp_path / "broken")
    weights = broken / "model.safetensors"
    with weights.open("r+b") as stream:
        stream.truncate(weights.stat().st_size // 2)
    with pytest.raises(ModelError, match=r"damaged|cannot be loaded"):
        KINDS[kind](broken)


class TestOpenVino:
    def test_takes_the_default_model(self, folder):
        assert supports(folder) == ""

    def test_single_precision_is_exact(self, folder, chunks, reference):
        vectors = openvino(folder, precision="f32").embed_passages(chunks[:24])
        assert np.abs(vectors - reference(chunks[:24])).max() < 1e-5

    def test_several_threads_at_once(self, folder, chunks):
        embedder = openvino(folder)
        parts = [chunks[n::6][:12] for n in range(6)]
        expected = [embedder.embed_passages(part) for part in parts]
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(embedder.embed_passages, parts))
        assert all(np.abs(one - other).max() < SAME for one, other in zip(expected, found, strict=True))

    def test_light_silent_and_ends_well(self, folder, tmp_path):
        """No torch, nothing sent or left in the home folder, and Python ends as it should with the engine still loaded."""
        lines = f"""
import rag.offline, sys, json
from pathlib import Path
from rag.embed.openvino_embedder import OpenVinoEmbedder
embedder = OpenVinoEmbedder(Path({str(folder)!r}), fingerprint="", threads=2)
embedder.embed_passages([f"text number {{n}}" for n in range(100)])
names = ("torch", "transformers", "sentence_transformers", "openvino_telemetry", "urllib.request")
print(json.dumps([name for name in names if sys.modules.get(name)]))
"""
        environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
        environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "tests" / "no_network"), str(ROOT)))
        environment.pop("CI", None)  # its telemetry would take that for a reason to stay silent
        done = subprocess.run([sys.executable, "-c", lines], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == []
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("activation", "pooling"), [("gelu", "cls"), ("gelu_new", "mean"), ("gelu_pytorch_tanh", "cls"), ("relu", "mean")]
)
def test_other_bert_models(folder, tmp_path, activation, pooling):
    """A small model of random weights, made so that a wrong activation, epsilon or pooling shows."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    shutil.copytree(folder, tmp_path / "plain", ignore=shutil.ignore_patterns("*.safetensors", "modules.json", "*Pooling"))
    config = BertConfig(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64, hidden_act=activation,
                        initializer_range=0.3, layer_norm_eps=0.1)  # fmt: skip
    BertModel(config).save_pretrained(tmp_path / "plain")
    body = Transformer(str(tmp_path / "plain"), max_seq_length=40)
    SentenceTransformer(modules=[body, Pooling(48, pooling_mode=pooling)], device="cpu").save(str(tmp_path / "model"))
    assert supports(tmp_path / "model") == ""
    assert WordPieceCounter(tmp_path / "model").max_tokens == 40
    texts = ["", "a kettle", "What boils in three minutes? " * 20, *ODD[:8]]
    exact = sentence_transformers(tmp_path / "model").embed_passages(texts)
    assert np.abs(openvino(tmp_path / "model", precision="f32").embed_passages(texts) - exact).max() < 2e-5
