from __future__ import annotations

from dataclasses import replace

import pytest

from eval.answers import KeptAnswers, answer_of
from eval.cache import Cache
from eval.measure import measure, sample
from rag.as_json import answer_json
from rag.errors import LLMError
from tests.unit.eval.parts import PAGE, System, abstained, answered, question

ASKED = question().question
IDENTITY = {"llm": "small", "settings": {"top_k": 8}}


@pytest.mark.parametrize("answer", [answered("On 3.3 billion words.", "It is BERT."), abstained()])
def test_an_answer_that_was_kept_is_measured_and_judged_like_the_first_one(answer):
    again = answer_of(answer_json(answer))
    assert answer_json(again) == answer_json(answer)
    assert measure(question(), again, {"bert.md": PAGE}.__getitem__) == measure(question(), answer, {"bert.md": PAGE}.__getitem__)
    assert sample(ASKED, "r", again) == sample(ASKED, "r", answer)


def kept(tmp_path, system, **identity):
    return KeptAnswers(system, IDENTITY | identity, Cache(tmp_path), generation=1)


def test_the_same_is_asked_once_and_anything_else_again(tmp_path):
    system = System({ASKED: answered("On 3.3 billion words.")})
    first = kept(tmp_path, system).answer(ASKED)
    assert answer_json(kept(tmp_path, system).answer(ASKED)) == answer_json(first)
    assert system.asked == [ASKED]
    kept(tmp_path, system).answer(ASKED, history=[{"role": "user", "content": "Hello"}])
    kept(tmp_path, system, settings={"top_k": 4}).answer(ASKED)
    assert len(system.asked) == 3


def test_the_number_of_the_generation_is_the_one_of_now(tmp_path):
    system = System({ASKED: answered("On 3.3 billion words.")})
    kept(tmp_path, system).answer(ASKED)
    later = KeptAnswers(system, IDENTITY, Cache(tmp_path), generation=7)
    assert later.answer(ASKED).generation == 7


def test_an_error_is_not_kept(tmp_path):
    system = System({ASKED: LLMError("the engine failed")})
    with pytest.raises(LLMError):
        kept(tmp_path, system).answer(ASKED)
    system.answers[ASKED] = replace(answered("On 3.3 billion words."), generation=1)
    assert kept(tmp_path, system).answer(ASKED).status == "answered"
