"""The sentences that come nearest to a question."""

from __future__ import annotations

from rag.retrieve.nearest import MOST, nearest_sentences, sentences_of
from tests.build import WordEmbedder, passage

QUESTION = "How long is tea steeped?"
NOTE = "Coffee is brewed slowly. Tea is steeped for four minutes. Milk comes last."
OTHER = "Bread rises slowly overnight. Tea is steeped in a pot."


class Likes:
    """Holds a question to be likely after a text that has some words."""

    def __init__(self, words):
        self.words, self.seen = words, 0

    def scores(self, question, texts):
        self.seen += len(texts)
        return [0.0 if self.words in text else -9.0 for text in texts]


def texts(passages, found):
    return [passages[place].text[start:end] for place, (start, end) in found]


def nearest(*notes, question=QUESTION, model=None):
    passages = [passage(text, rank=rank, path=f"{rank}.md") for rank, text in enumerate(notes, 1)]
    return texts(passages, nearest_sentences(passages, question, WordEmbedder(), model))


def test_sentences_of_all_passages_are_put_in_one_order():
    assert nearest(NOTE, OTHER) == ["Tea is steeped in a pot.", "Tea is steeped for four minutes."]


def test_what_is_far_from_the_question_is_none():
    assert "Bread rises slowly overnight." not in nearest(OTHER)
    assert nearest("Bananas are yellow and bent.") == []
    assert nearest() == nearest("Tea") == nearest("") == []


def test_the_model_of_questions_decides_among_the_nearest():
    model = Likes("four minutes")
    assert nearest(NOTE, OTHER, model=model)[0] == "Tea is steeped for four minutes."
    assert model.seen == 2


def test_the_model_is_asked_of_few_and_of_a_book_the_first_sentences_are_looked_at():
    model = Likes("nothing")
    assert len(nearest("Tea is steeped here. " * 500, model=model)) == model.seen < 10
    assert len(sentences_of([passage("Tea is steeped here. " * 500)])) == MOST


def test_the_heading_above_says_what_a_sentence_is_about():
    under = passage("It takes four minutes.", headings=("Drinks", "Tea is steeped long"))
    assert nearest_sentences([under], QUESTION, WordEmbedder())
    assert not nearest_sentences([passage("It takes four minutes.", headings=("Drinks",))], QUESTION, WordEmbedder())
