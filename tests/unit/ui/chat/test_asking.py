import asyncio

import pytest

from rag.answer.single import AskSettings
from rag.ui.chat.asking import Asking, Chosen, Wish
from rag.ui.engine import Engine
from rag.ui.store import Conversations, Database
from tests.ui_fakes import ScriptedModel, scripted_assistant

SLOW = "How slow is attention over each token?"


class House:
    """An engine, a store and what asks, for the length of a test."""

    def __init__(self, pause_s=0.001, chosen=lambda _: Chosen()):
        self.model = ScriptedModel(pause_s)
        self.engine = Engine(scripted_assistant(self.model), most_waiting=2)
        self.chats = Conversations(Database(None))
        self.asking = Asking(self.engine, self.chats, chosen, lambda: {"Language model": "scripted"})

    def __enter__(self):
        self.engine.start()
        return self

    def __exit__(self, *_):
        assert self.engine.close(5)

    async def ask(self, question, conversation="", replaces="", visitor="ann", session="s"):
        return [shown async for shown in self.asking.ask(visitor, session, Wish(question, conversation, replaces))]


def test_a_turn_is_shown_and_kept():
    with House() as house:
        shown = asyncio.run(house.ask("How does lora save memory?"))
        conversation = shown[-1]["conversation"]
        [turn] = house.chats.turns("ann", conversation)
    assert shown[0]["state"] == "running"
    assert shown[-1]["state"] == "done"
    assert {one["conversation"] for one in shown} == {conversation}
    assert turn.status == "done"
    assert turn.answer["status"] == "answered"
    assert turn.shown["answer"] == shown[-1]["answer"]
    assert "scripted" in turn.shown["places"]["why"]
    assert not house.asking.busy("s")


@pytest.mark.slow
def test_a_second_question_goes_into_the_same_conversation_with_its_history():
    async def main():
        first = await house.ask("How does lora save memory?")
        await house.ask("And lora?", first[-1]["conversation"])
        return first[-1]["conversation"]

    with House() as house:
        conversation = asyncio.run(main())
        turns = house.chats.turns("ann", conversation)
    assert [turn.question for turn in turns] == ["How does lora save memory?", "And lora?"]
    assert "Searched for" in turns[1].shown["places"]["why"]


@pytest.mark.slow
def test_another_visitors_conversation_is_not_continued():
    async def main():
        mine = (await house.ask("What is lora?"))[-1]["conversation"]
        theirs = (await house.ask("What is lora?", mine, visitor="bob"))[-1]["conversation"]
        return mine, theirs

    with House() as house:
        mine, theirs = asyncio.run(main())
        assert mine != theirs
        assert len(house.chats.turns("ann", mine)) == 1


@pytest.mark.slow
def test_asking_again_replaces_a_turn_and_what_came_after_it():
    async def main():
        first = (await house.ask("What is lora?"))[-1]
        second = (await house.ask("And attention per token?", first["conversation"]))[-1]
        again = await house.ask("How does lora save memory?", first["conversation"], first["id"])
        return first, second, again

    with House() as house:
        first, second, again = asyncio.run(main())
        assert again[0]["cut"] == [first["id"], first["id"], second["id"]]
        assert [turn.question for turn in house.chats.turns("ann", first["conversation"])] == ["How does lora save memory?"]


def test_stopping_keeps_what_was_written():
    async def main():
        shown = []
        async for one in house.asking.ask("ann", "s", Wish(SLOW)):
            shown.append(one)
            if one["answer"] and one["state"] == "running":
                house.asking.stop("s")
        return shown

    with House(0.005) as house:
        shown = asyncio.run(main())
        [turn] = house.chats.turns("ann", shown[-1]["conversation"])
    assert shown[-1]["state"] == "stopped"
    assert turn.status == "stopped"
    assert turn.answer is None
    assert turn.shown["answer"]


def test_leaving_keeps_what_was_written():
    async def main():
        steps = house.asking.ask("ann", "s", Wish(SLOW))
        async for one in steps:
            if one["answer"]:
                break
        await steps.aclose()
        return one["conversation"]

    with House(0.005) as house:
        [turn] = house.chats.turns("ann", asyncio.run(main()))
        assert not house.asking.busy("s")
    assert turn.status == "stopped"
    assert turn.shown["answer"]


@pytest.mark.slow
def test_too_many_waiting_is_said_and_nothing_is_lost():
    async def main():
        kept = (await house.ask("What is lora?"))[-1]
        house.engine._most_waiting = 0
        refused = await house.ask("What is lora?", kept["conversation"], kept["id"])
        return kept, refused

    with House(0.005) as house:
        kept, refused = asyncio.run(main())
        assert refused[-1]["state"] == "failed"
        assert "are waiting already" in refused[-1]["foot"]
        assert [turn.id for turn in house.chats.turns("ann", kept["conversation"])] == [kept["id"]]


def test_a_failure_is_kept_too():
    with House() as house:
        shown = asyncio.run(house.ask("broken attention tokens"))
        [turn] = house.chats.turns("ann", shown[-1]["conversation"])
    assert turn.status == "failed"
    assert "stumbled" in turn.shown["foot"]


@pytest.mark.slow
def test_what_a_visitor_chose_is_used():
    chosen = Chosen(AskSettings(1, 600, 300, 0.5), {"path": "guide"})
    with House(chosen=lambda visitor: chosen if visitor == "ann" else Chosen()) as house:
        mine = asyncio.run(house.ask("How does lora save memory?"))[-1]
        theirs = asyncio.run(house.ask("How does lora save memory?", visitor="bob"))[-1]
    assert mine["evidence"].startswith('<h3 class="label">1 passage ')
    assert not theirs["evidence"].startswith('<h3 class="label">1 passage ')
