"""Which language a text is in."""

from __future__ import annotations

import pytest

from rag.answer.language import language


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How many programming languages does it know?", "English"),
        ("May I simply believe whatever it tells me?", "English"),
        ("What is LoRA?", "English"),
        ("In welchem Jahr entstand das Modell?", "German"),
        ("Was lernt ein Sprachmodell vorherzusagen?", "German"),
        ("Combien de trames par seconde le codec utilise-t-il ?", "French"),
        ("¿Qué sistemas hacen vídeos?", "Spanish"),
        ("Quando il servizio è tornato?", "Italian"),
        ("Quantas línguas o modelo cobre?", "Portuguese"),
        ("Hoeveel talen kent het model?", "Dutch"),
        ("Hur många språk kan modellen?", "Swedish"),
        ("Quants idiomes coneix el model i quin és el més gran?", "Catalan"),
        ("Ile języków zna model i kto go zrobił?", "Polish"),
        ("Скільки мов знає ця модель?", "Ukrainian"),
        ("Сколько языков знает модель?", "Russian"),
        ("既定値はいくつですか", "Japanese"),
        ("一共有多少个任务？", "Chinese"),
    ],
)
def test_a_sentence_tells_its_language(text, name):
    assert language(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BLOOM 176B",
        "numpy.linalg.norm",
        "oldest suported verison",
        "42?",
        "AI war games",
        "hat notation",
        "Vincent van Gogh style",
    ],
)
def test_without_small_words_nothing_is_claimed(text):
    assert language(text) == ""


def test_a_quoted_name_in_another_script_changes_nothing():
    assert language("What is the meaning of the sign 水 that stands in the second line of the notes?") == "English"


def test_english_with_names_of_another_language_stays_english():
    assert language("When did the newspaper El País and the magazine Der Spiegel report that the model was released?") == "English"
