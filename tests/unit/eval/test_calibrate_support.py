from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from eval.calibrate_support import FEATURES, fit_rows, measure_cases, read_rows
from eval.logistic import chances, fit, folds
from eval.support_cases import pair_cases, read_pairs
from rag.answer.support import load_model

CORPUS = Path(__file__).parents[3] / "corpus"


@pytest.mark.slow
def test_the_coefficients_are_what_the_fit_gives():
    kept, fitted = load_model(), fit_rows(read_rows())
    assert kept.bias == pytest.approx(fitted.bias, abs=1e-3)
    assert kept.threshold == pytest.approx(fitted.threshold, abs=1e-3)
    assert dict(kept.weights) == pytest.approx(dict(fitted.weights), abs=1e-3)
    assert asdict(kept.opinion) == pytest.approx(asdict(fitted.opinion), abs=1e-3)


def test_every_quote_of_our_sentences_stands_in_its_page():
    pairs = read_pairs()
    assert len({pair.id for pair in pairs}) == len(pairs) >= 150
    for pair in pairs:
        source = (CORPUS / pair.page).read_text("utf-8")
        assert all(quote in source for quote in pair.quotes), pair.id


@pytest.mark.slow
def test_kept_features_are_those_of_the_code():
    pairs = read_pairs()[::12]
    kept = {row.id: row for row in read_rows()}
    for row in measure_cases(pair_cases(pairs, CORPUS), {}):
        assert row.features == pytest.approx(kept[row.id].features, abs=2e-4), row.id
        assert row.ruled_out == kept[row.id].ruled_out


def test_no_true_sentence_of_ours_is_called_contradicted():
    rows = [row for row in read_rows() if row.source == "pairs" and row.good]
    assert all(row.features["consistent"] == 1 for row in rows)


def test_the_fit_finds_the_weights_that_made_the_labels():
    draw = np.random.default_rng(0)
    features = draw.uniform(size=(4000, 2))
    good = draw.uniform(size=4000) < chances(features, -1.0, np.array([3.0, 0.0]))
    bias, weights = fit(features, good, np.ones(4000), penalty=1e-3)
    assert bias == pytest.approx(-1.0, abs=0.25)
    assert weights == pytest.approx([3.0, 0.0], abs=0.35)


def test_a_group_is_in_one_fold():
    groups = ["a", "b", "a", "c", "b"]
    place = folds(groups, 2, 0)
    assert place[0] == place[2]
    assert place[1] == place[4]
    assert len(FEATURES) == len(set(FEATURES))
