import asyncio
import logging

import pytest

from rag.ui.chat.talk import follow, new_turn
from rag.ui.engine import Engine
from tests.ui_fakes import PAYLOADS, ScriptedModel, scripted_assistant
from tests.unit.ui.inert import assert_inert


def ask(question, model=None, spoil=None):
    engine = Engine(scripted_assistant(model or ScriptedModel(pause_s=0.001)))
    if spoil:
        spoil(engine)
    engine.start()

    async def main():
        run = engine.ask(question)
        return [pair async for pair in follow(run, new_turn(question))]

    try:
        return asyncio.run(main())
    finally:
        assert engine.close(5)


@pytest.mark.slow
def test_the_states_of_an_answer():
    pairs = ask("How does lora save memory?", ScriptedModel(pause_s=0.02))
    turns = [turn for turn, _ in pairs]
    found = next(i for i, turn in enumerate(turns) if turn.evidence)
    written = next(i for i, turn in enumerate(turns) if turn.answer)
    assert found < written < len(turns) - 1, "the evidence comes first, and drafts before the answer"
    assert turns[found].status.startswith("Reading ")
    last, answer = pairs[-1]
    assert last.state == "done"
    assert answer.status == "answered"
    assert {"p1", "c1", "c2"} <= last.places.keys()
    assert "<mark>Low-rank adaptation trains a small number of new weights beside the frozen ones.</mark>" in last.places["c1"]
    assert "Source 1 of 4" in last.places["c1"]
    assert "not in the notes" in last.answer
    assert "4 of 5 sentences supported" in last.status
    assert len({turn.id for turn in turns}) == 1


def test_what_is_held_back_says_so_until_it_is_shown():
    turns = [turn for turn, _ in ask("Perhaps: how does LoRA save memory?", ScriptedModel(pause_s=0.07))]
    held = [turn for turn in turns if turn.evidence and not turn.answer]
    assert [turn.status for turn in held][-1] == "Writing and checking the first sentence…"
    assert all(turn.evidence for turn in held)
    shown = next(turn for turn in turns if turn.answer)
    assert shown.status == "Writing…"
    assert "beside the frozen ones." in shown.answer, "not before the first sentence is complete"
    assert turns[-1].state == "done"


def test_what_is_never_tied_to_the_question_is_not_shown():
    pairs = ask("Perhaps: how does lora save memory in VALL-E?", ScriptedModel(pause_s=0.01))
    assert not any(turn.answer for turn, answer in pairs if answer is None)
    last, answer = pairs[-1]
    assert answer.status == "abstained"
    assert "What comes nearest is said of something else." in assert_inert(last.answer)
    assert "Nearest sections" in assert_inert(last.answer)


def test_small_talk_is_answered():
    last, answer = ask("Hello!")[-1]
    assert answer.reason == "small talk"
    assert "I answer questions from these notes" in assert_inert(last.answer)
    assert "don't say" not in last.answer
    assert "why" not in last.places


def test_an_abstention():
    (last, answer) = ask("What about attention and keys, who won?", model=_Unsure())[-1]
    assert answer.status == "abstained"
    assert last.state == "done"
    assert "The notes don't say." in assert_inert(last.answer)
    assert last.foot == ""
    assert "p1" in last.places


class _Unsure(ScriptedModel):
    def __init__(self):
        super().__init__(0)

    def probabilities(self, messages, choices):
        return (0.0, 1.0)


@pytest.mark.slow
def test_everything_of_a_hostile_page_is_inert():
    for turn, _ in ask(f"What trick does the hostile page greets reader {PAYLOADS[0]}?", ScriptedModel(pause_s=0.005)):
        for html in (turn.question, turn.evidence, turn.answer, turn.foot, *turn.places.values()):
            assert_inert(html)
    assert "hacked" in turn.places["c1"] + turn.answer


def test_an_expected_error_is_shown_with_its_hint():
    last, answer = ask("broken attention tokens")[-1]
    assert answer is None
    assert last.state == "failed"
    assert "The engine stumbled." in assert_inert(last.foot)
    assert "Ask again." in last.foot


def test_a_defect_is_logged_and_said_without_its_details(caplog):
    def spoil(engine):
        engine.assistant.ask = None

    with caplog.at_level(logging.ERROR):
        last, _ = ask("lora", spoil=spoil)[-1]
    assert last.state == "failed"
    assert "went wrong" in last.foot
    assert "NoneType" not in last.foot
    assert "NoneType" in caplog.text
