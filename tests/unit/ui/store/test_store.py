import sqlite3
import threading

import pytest

from rag.errors import ServerError
from rag.ui.store import Conversations, Database, Feedback, Preferences

ANSWER = {"status": "answered", "text": "It trains few weights. [1]"}
SILENT = {"status": "abstained", "text": "The notes don't say."}


@pytest.fixture
def database(tmp_path):
    one = Database(tmp_path / "deep" / "chats.sqlite")
    yield one
    one.close()


@pytest.fixture
def chats(database):
    return Conversations(database)


def talk(chats, visitor, *questions, answer=ANSWER):
    conversation = chats.start(visitor, questions[0])
    for question in questions:
        turn = f"{conversation}-{question}"
        assert chats.begin_turn(visitor, conversation, turn, question)
        chats.finish_turn(turn, "done", {"state": "done", "question": question}, answer)
    return conversation


def test_a_conversation_comes_back_after_a_restart(tmp_path):
    file = tmp_path / "chats.sqlite"
    first = Database(file)
    identity = talk(Conversations(first), "ann", "What is LoRA?", "And its rank? \ud800")
    first.close()
    second = Database(file)
    chats = Conversations(second)
    assert [each.title for each in chats.find("ann")] == ["What is LoRA?"]
    turns = chats.turns("ann", identity)
    assert [turn.shown["question"] for turn in turns] == ["What is LoRA?", "And its rank? \ud800"]
    assert turns[1].question == "And its rank? ?"
    assert turns[0].answer == ANSWER
    assert turns[0].status == "done"
    second.close()


def test_nobody_sees_or_changes_what_is_another_visitors(chats, database):
    mine = talk(chats, "ann", "What is LoRA?")
    turn = chats.turns("ann", mine)[0].id
    assert chats.find("bob") == []
    assert chats.get("bob", mine) is None
    assert chats.turns("bob", mine) == []
    assert chats.turn("bob", turn) is None
    assert chats.history("bob", mine, 6) == []
    assert not chats.rename("bob", mine, "x")
    assert not chats.delete("bob", mine)
    assert not chats.begin_turn("bob", mine, "t", "x")
    assert chats.cut("bob", mine, turn) == []
    assert not Feedback(database).give("bob", turn, helpful=True)
    assert chats.find("ann")[0].title == "What is LoRA?"
    assert len(chats.turns("ann", mine)) == 1


def test_the_last_one_comes_first_and_an_empty_one_not_at_all(chats):
    first, second = talk(chats, "ann", "one"), talk(chats, "ann", "two")
    chats.start("ann", "never asked")
    assert [each.id for each in chats.find("ann")] == [second, first]
    chats.begin_turn("ann", first, "t9", "again")
    assert [each.id for each in chats.find("ann")] == [first, second]


@pytest.mark.parametrize("words", ["lora", "LORA trains", "straße", "weights few", "50%"])
def test_searching_finds_titles_questions_and_answers(chats, words):
    found = talk(chats, "ann", "What is LoRA?", "Where is the STRASSE at 50%?")
    talk(chats, "ann", "Attention", answer=SILENT)
    assert [each.id for each in chats.find("ann", words)] == [found]


def test_searching_finds_nothing(chats):
    talk(chats, "ann", "What is LoRA?")
    assert chats.find("ann", "lora committee") == []
    assert chats.find("ann", "shown") == []


def test_renaming_and_deleting(chats, database):
    identity = talk(chats, "ann", "What is LoRA?")
    turn = chats.turns("ann", identity)[0].id
    Feedback(database).give("ann", turn, helpful=False, reason="wrong")
    assert chats.rename("ann", identity, "  Adapters\n and more ")
    assert chats.get("ann", identity).title == "Adapters and more"
    assert not chats.rename("ann", identity, "  ")
    assert chats.rename("ann", identity, "x" * 500)
    assert len(chats.get("ann", identity).title) == 120
    assert chats.delete("ann", identity)
    assert not chats.delete("ann", identity)
    for table in ("turns", "feedback", "conversations"):
        assert database.rows(f"SELECT * FROM {table}") == []


def test_cutting_removes_a_turn_and_all_after_it(chats):
    identity = talk(chats, "ann", "a", "b", "c")
    ids = [turn.id for turn in chats.turns("ann", identity)]
    assert chats.cut("ann", identity, "unknown") == []
    assert chats.cut("ann", identity, ids[1]) == ids[1:]
    assert [turn.question for turn in chats.turns("ann", identity)] == ["a"]
    chats.begin_turn("ann", identity, "t", "d")
    assert [turn.question for turn in chats.turns("ann", identity)] == ["a", "d"]


def test_the_history_holds_the_last_finished_exchanges(chats):
    identity = talk(chats, "ann", "a", "b", "c", "d")
    chats.begin_turn("ann", identity, "t", "unfinished")
    messages = chats.history("ann", identity, 6)
    assert [message["content"] for message in messages if message["role"] == "user"] == ["b", "c", "d"]
    assert messages[-1] == {"role": "assistant", "content": ANSWER["text"]}
    assert chats.history("ann", identity, 0) == []


def test_a_turn_that_was_deleted_meanwhile_stays_deleted(chats, database):
    identity = chats.start("ann", "a")
    chats.begin_turn("ann", identity, "t", "a")
    chats.delete("ann", identity)
    chats.finish_turn("t", "done", {}, ANSWER)
    assert database.rows("SELECT * FROM turns") == []


def test_questions_without_an_answer(chats):
    talk(chats, "ann", "Who won?", "who WON?", answer=SILENT)
    talk(chats, "ann", "What is LoRA?")
    talk(chats, "bob", "Private?", answer=SILENT)
    for reason in ("small talk", "no question"):
        talk(chats, "ann", "Hello!", answer={**SILENT, "reason": reason})
    assert [question for _, question in chats.unanswered("ann")] == ["who WON?"]


def test_feedback_is_given_changed_and_withdrawn(chats, database):
    feedback = Feedback(database)
    identity = talk(chats, "ann", "a", "b")
    first, second = (turn.id for turn in chats.turns("ann", identity))
    assert feedback.give("ann", first, helpful=True)
    assert feedback.give("ann", first, helpful=False, reason="wrong", remark="  It was 8. ")
    assert feedback.give("ann", second, helpful=True, reason="nonsense")
    assert [turn.helpful for turn in chats.turns("ann", identity)] == [False, True]
    [bad] = feedback.given("ann", helpful=False)
    assert (bad.question, bad.reason, bad.remark, bad.answer) == ("a", "wrong", "It was 8.", ANSWER)
    assert feedback.given("ann", helpful=True)[0].reason == ""
    assert feedback.given("bob") == []
    assert not feedback.withdraw("bob", first)
    assert feedback.withdraw("ann", first)
    assert len(feedback.given("ann")) == 1


def test_preferences_and_facts(database):
    preferences = Preferences(database)
    assert preferences.chosen("ann") == {}
    preferences.choose("ann", {"top_k": 4})
    preferences.choose("ann", {"top_k": 5})
    assert preferences.chosen("ann") == {"top_k": 5}
    assert preferences.chosen("bob") == {}
    assert preferences.fact("load_s") is None
    preferences.learn("load_s", 3.5)
    assert preferences.fact("load_s") == 3.5


def test_several_threads_write_at_once(chats):
    identity = chats.start("ann", "a")

    def ask(number):
        for i in range(10):
            chats.begin_turn("ann", identity, f"{number}-{i}", "a")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(chats.turns("ann", identity)) == 40


def test_two_processes_may_use_it(tmp_path):
    file = tmp_path / "chats.sqlite"
    one, two = Database(file), Database(file)
    identity = talk(Conversations(one), "ann", "a")
    assert Conversations(two).get("ann", identity) is not None
    one.close()
    two.close()


def test_the_file_is_its_owners_alone(tmp_path):
    Database(tmp_path / "chats.sqlite").close()
    assert (tmp_path / "chats.sqlite").stat().st_mode & 0o077 == 0


def test_a_change_that_fails_changes_nothing(database):
    preferences = Preferences(database)
    with pytest.raises(RuntimeError), database.together():
        preferences.learn("a", 1)
        raise RuntimeError
    assert preferences.fact("a") is None


@pytest.mark.parametrize("what", ["damaged", "newer", "folder"])
def test_a_file_that_cannot_be_used_is_said(tmp_path, what):
    file = tmp_path / "chats.sqlite"
    if what == "damaged":
        file.write_bytes(b"no database at all" * 100)
    elif what == "newer":
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        file.mkdir()
    with pytest.raises(ServerError, match="memory"):
        Database(file)
