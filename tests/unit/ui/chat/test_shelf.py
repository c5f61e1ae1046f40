import asyncio
import json

import pytest

from rag.ui.actions import Actions
from rag.ui.chat.shelf import Shelf
from rag.ui.store import Conversations, Database, Feedback
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert

ANSWER = {"status": "answered", "text": "It is so."}


@pytest.fixture
def house():
    database = Database(None)
    chats, feedback = Conversations(database), Feedback(database)
    actions = Actions()
    shelf = Shelf(chats, feedback)
    shelf.offer(actions)

    class House:
        pass

    one = House()
    one.chats, one.feedback, one.shelf = chats, feedback, shelf

    def act(name, visitor="ann", **arguments):
        status, reply = asyncio.run(actions.perform(name, visitor, json.dumps(arguments).encode()))
        assert status == 200
        return reply

    def talk(question, visitor="ann"):
        identity = chats.start(visitor, question)
        chats.begin_turn(visitor, identity, f"t{identity}", question)
        chats.finish_turn(f"t{identity}", "done", {"kind": "turn", "id": f"t{identity}", "state": "done", "answer": "x"}, ANSWER)
        return identity, f"t{identity}"

    one.act, one.talk = act, talk
    return one


def listed(reply):
    return assert_inert(reply["parts"]["chats"])


def test_the_list_and_its_search(house):
    assert "No conversations yet." in listed(house.act("chats"))
    house.talk("What is LoRA?")
    house.talk("What is attention?")
    house.talk("Not yours", visitor="bob")
    text = listed(house.act("chats"))
    assert text.index("What is attention?") < text.index("What is LoRA?")
    assert "Not yours" not in text
    assert "attention" not in listed(house.act("chats", words="lora"))
    assert "No conversation holds these words." in listed(house.act("chats", words="zebra"))


@pytest.mark.parametrize("text", HOSTILE)
def test_titles_are_inert(house, text):
    house.talk(text)
    listed(house.act("chats"))


def test_renaming_and_deleting(house):
    identity, _ = house.talk("What is LoRA?")
    assert "Adapters" in listed(house.act("chat-rename", id=identity, title="Adapters"))
    assert "needs a title" in house.act("chat-rename", id=identity, title=" ")["problem"]
    assert "problem" in house.act("chat-rename", "bob", id=identity, title="Mine")
    reply = house.act("chat-delete", id=identity)
    assert reply["gone"] == identity
    assert "No conversations yet." in listed(reply)


def test_a_conversation_is_opened_by_its_owner_alone(house):
    identity, turn = house.talk("What is LoRA?")
    opened = house.shelf.opened("ann", identity)
    assert opened["id"] == identity
    assert [one["id"] for one in opened["turns"]] == [turn]
    assert house.shelf.opened("bob", identity)["turns"] == []
    assert house.shelf.opened("ann", "")["id"] == ""


def test_a_turn_that_a_crash_cut_off_can_be_asked_again(house):
    identity, _ = house.talk("What is LoRA?")
    house.chats.begin_turn("ann", identity, "t9", "<b>And then?")
    cut = house.shelf.opened("ann", identity)["turns"][1]
    assert cut["state"] == "stopped"
    assert cut["question"] == "&lt;b&gt;And then?"
    assert "Ask again" in cut["tools"]


def test_a_verdict_is_given_explained_and_withdrawn(house):
    identity, turn = house.talk("What is LoRA?")
    reply = house.act("verdict", turn=turn, helpful=False)
    assert reply["turn"] == turn
    assert "What is wrong?" in assert_inert(reply["tools"])
    reply = house.act("verdict", turn=turn, helpful=False, reason="wrong", remark="It was 8.", thanks=True)
    assert "Thank you" in assert_inert(reply["tools"])
    [verdict] = house.feedback.given("ann")
    assert (verdict.helpful, verdict.reason, verdict.remark) == (False, "wrong", "It was 8.")
    assert 'aria-pressed="true"' in house.shelf.opened("ann", identity)["turns"][0]["tools"]
    assert "What is wrong?" not in assert_inert(house.act("verdict", turn=turn, helpful=True)["tools"])
    house.act("verdict", turn=turn, helpful=None)
    assert house.feedback.given("ann") == []


def test_a_verdict_on_what_is_not_yours_is_refused(house):
    _, turn = house.talk("What is LoRA?")
    assert "problem" in house.act("verdict", "bob", turn=turn, helpful=True)
