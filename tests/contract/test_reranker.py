"""What every reranker must do: a fake one, and a real cross-encoder of a few kilobytes through sentence-transformers."""

from __future__ import annotations

import math
import shutil

import pytest

from rag.errors import ModelError
from tests.fake_reranker import OverlapReranker
from tests.tiny_cross_encoder import overlap_cross_encoder

QUESTION = "How long is black tea steeped?"
TEXTS = [
    "Nothing of that kind stands here at all.",
    "Black tea is steeped for four minutes.",
    "A kettle boils water in three minutes.",
    "Green tea is drunk warm.",
]
ODD = [
    "",
    " \n\t ",
    "?",
    "x" * 3000,
    "word " * 900,
    "\x00\x01",
    "half a pair \ud83d",
    "[CLS] [SEP] [PAD]",
    "日本語のお茶。",
    "☕" * 400,
]
READ_TOKENS = 40

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return overlap_cross_encoder(tmp_path_factory.mktemp("ranker"), [QUESTION, *TEXTS], max_tokens=READ_TOKENS)


def real(folder):
    from rag.rerank.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(folder, threads=1)


@pytest.fixture(scope="module", params=["fake", "real"])
def reranker(request, folder):
    return OverlapReranker() if request.param == "fake" else real(folder)


def test_the_text_that_shares_more_with_the_question_is_higher(reranker):
    found = dict(zip(TEXTS, reranker.scores(QUESTION, TEXTS), strict=True))
    assert sorted(TEXTS, key=found.__getitem__, reverse=True)[:2] == [TEXTS[1], TEXTS[3]]
    assert found[TEXTS[1]] > found[TEXTS[3]] > found[TEXTS[0]]


def test_one_finite_score_for_each_text_whatever_stands_in_it(reranker):
    for texts in ([], TEXTS[:1], TEXTS, ODD, ODD * 5):
        found = reranker.scores(QUESTION, texts)
        assert len(found) == len(texts)
        assert all(isinstance(score, float) and math.isfinite(score) for score in found)
    for question in ODD:
        assert len(reranker.scores(question, TEXTS)) == len(TEXTS)


def test_a_text_has_the_same_score_in_any_company(reranker):
    found = reranker.scores(QUESTION, TEXTS)
    assert reranker.scores(QUESTION, TEXTS) == found
    assert reranker.scores(QUESTION, TEXTS[::-1]) == found[::-1]
    assert reranker.scores(QUESTION, [*ODD, *TEXTS, *ODD])[len(ODD) : -len(ODD)] == found
    assert [reranker.scores(QUESTION, [text])[0] for text in TEXTS] == found


def test_what_answers_is_found_wherever_it_stands_in_a_long_text(reranker):
    idle = "Nothing of that kind stands here at all. "
    none, *found = reranker.scores(QUESTION, [idle * 40, *(idle * n + TEXTS[1] + idle * (40 - n) for n in (0, 1, 7, 20, 39, 40))])
    assert min(found) > none
    assert max(found) - min(found) < 0.2 * (max(found) - none)


def test_of_a_long_question_the_end_is_read(reranker):
    found = reranker.scores("well " * 300 + QUESTION, TEXTS)
    assert max(found) == found[1]


class TestCrossEncoder:
    def test_scores_are_the_models_own_logits(self, folder):
        """Computed by transformers alone, a pair at a time."""
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
        model.eval()
        with torch.inference_mode():
            expected = [float(model(**tokenizer(QUESTION, text, return_tensors="pt")).logits[0, 0]) for text in TEXTS]
        assert real(folder).scores(QUESTION, TEXTS) == pytest.approx(expected, abs=1e-4)
        assert len(set(expected)) > 2

    def test_no_window_is_longer_than_the_model_reads(self, folder, monkeypatch):
        reranker = real(folder)
        seen = []
        predict = reranker._model.predict
        monkeypatch.setattr(reranker._model, "predict", lambda pairs, **more: seen.extend(pairs) or predict(pairs, **more))
        for question in (QUESTION, "well " * 300):
            reranker.scores(question, [*ODD, "word " * 900])
        tokenizer = reranker._model.tokenizer
        assert len(seen) > 50
        assert max(len(tokenizer(*pair)["input_ids"]) for pair in seen) <= READ_TOKENS

    def test_an_embedder_is_turned_down(self, folder, tmp_path):
        """It would load, with a head of random weights."""
        from transformers import BertConfig, BertModel

        plain = BertModel(
            BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
        )
        plain.save_pretrained(tmp_path)
        with pytest.raises(ModelError, match="no cross-encoder but BertModel"):
            real(tmp_path)

    def test_a_classifier_of_three_kinds_is_turned_down(self, tmp_path):
        with pytest.raises(ModelError, match="gives 3 scores and not one"):
            real(overlap_cross_encoder(tmp_path, TEXTS, labels=3))

    def test_one_that_reads_next_to_nothing_is_turned_down(self, tmp_path):
        with pytest.raises(ModelError, match="reads too few tokens: 11"):
            real(overlap_cross_encoder(tmp_path, TEXTS, max_tokens=11))

    @pytest.mark.parametrize("damage", ["missing", "half", "nothing", "no settings"])
    def test_damaged_weights_are_an_expected_error(self, folder, tmp_path, damage):
        broken = shutil.copytree(folder, tmp_path / "broken")
        weights = broken / "model.safetensors"
        if damage == "missing":
            weights.unlink()
        elif damage == "no settings":
            (broken / "config.json").unlink()
        else:
            weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2 if damage == "half" else 0])
        with pytest.raises(ModelError) as caught:
            real(broken)
        assert caught.value.hint
        assert "\n" not in str(caught.value)

    def test_weights_that_are_no_numbers_are_an_expected_error(self, folder, tmp_path):
        from safetensors.numpy import load_file, save_file

        broken = shutil.copytree(folder, tmp_path / "broken")
        weights = load_file(broken / "model.safetensors")
        weights["classifier.bias"][:] = math.nan
        save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ModelError, match="no numbers"):
            real(broken).scores(QUESTION, TEXTS)
