"""The model of answerability: the fit is what the committed measurements give, and it separates."""

from __future__ import annotations

import argparse
import dataclasses

import pytest

from eval.calibrate_answerability import Measured, fit_answerability, read_measured, write_measured
from eval.commands.calibrate import _to_measure
from rag.answer.answerable import fitted
from rag.answer.signals import NAMES
from rag.config import load_config
from rag.errors import ConfigError


def made(count, good):
    return [
        Measured("set", f"{good}{n}", good, {name: (1.0 if good else 0.0) + 0.1 * (n % 3) for name in NAMES}) for n in range(count)
    ]


def test_the_coefficients_are_those_of_the_measurements():
    found = fit_answerability(read_measured())
    model = fitted()
    assert model.intercept == pytest.approx(found.intercept, abs=1e-3)
    assert dict(model.weights) == pytest.approx(found.weights, abs=1e-3)


def test_it_is_better_than_the_models_own_yes():
    measured = read_measured()
    alone = [dataclasses.replace(one, signals=dict.fromkeys(NAMES, one.signals["yes"])) for one in measured]
    assert fit_answerability(measured).auc > fit_answerability(alone).auc


def test_a_clear_case_is_learnt():
    found = fit_answerability(made(20, True) + made(20, False))
    assert found.auc == 1.0
    assert found.thresholds[0.05][1] == 1.0


def test_too_few_questions_are_refused():
    with pytest.raises(ConfigError, match="only 2 questions"):
        fit_answerability(made(20, True) + made(2, False))


def test_measurements_are_read_as_they_were_written(tmp_path):
    measured = made(3, True)
    write_measured(measured, tmp_path / "m.jsonl")
    assert read_measured(tmp_path / "m.jsonl") == measured


def test_a_set_that_is_not_there_is_said_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr("eval.answers_bench.index_of", lambda *_: pytest.fail("a set was begun"))
    options = argparse.Namespace(sets=["corpus", "corpsu"], all=False, shared=None, cache=None, questions=None)
    with pytest.raises(ConfigError, match="no set 'corpsu'"):
        next(_to_measure(options, load_config()))
