"""An answer said in another language: sentence by sentence, with citations, verdicts and numbers kept."""

from __future__ import annotations

import pytest

from rag.answer.translate import write_in
from rag.answer.write import Writing
from rag.types import Citation, Draft, Sentence
from tests.fakes import ScriptedLLM

CITED = (Citation(1, "a.md", 0, 4, 1, ("A",), "text"),)


def said(*texts: str, text: str) -> Writing:
    return Writing(Draft(text, len(text), tuple(Sentence(one, "supported", 0.9, (1,)) for one in texts), CITED), tie=0.7)


def last(llm: ScriptedLLM, writing: Writing) -> Writing:
    *drafts, end = write_in(llm, [Draft("shown in English", 5, (), ()), writing], "German")
    assert all(isinstance(draft, Draft) and "English" not in draft.text for draft in drafts)
    assert isinstance(end, Writing)
    return end


def test_each_sentence_is_translated_and_markers_stay():
    llm = ScriptedLLM("BLOOM kennt 46 Sprachen.", "Es ist groß.")
    end = last(llm, said("BLOOM knows 46 languages.", "It is large.", text="BLOOM knows 46 languages. [1] It is large. [1]"))
    assert end.draft.text == "BLOOM kennt 46 Sprachen. [1] Es ist groß. [1]"
    assert [(one.text, one.support, one.citations) for one in end.draft.sentences] == [
        ("BLOOM kennt 46 Sprachen.", "supported", (1,)),
        ("Es ist groß.", "supported", (1,)),
    ]
    assert (end.draft.citations, end.tie) == (CITED, 0.7)


def test_a_translation_with_another_number_is_not_shown():
    end = last(ScriptedLLM("BLOOM kennt 64 Sprachen."), said("BLOOM knows 46 languages.", text="BLOOM knows 46 languages. [1]"))
    assert end.draft.text == "BLOOM knows 46 languages. [1]"


def test_a_quotation_stays_in_the_words_of_the_notes():
    llm = ScriptedLLM("Übersetzt.")
    end = last(llm, said("BLOOM knows 46 languages.", text="The notes say:\n\n> BLOOM knows 46 languages. [1]"))
    assert "> BLOOM knows 46 languages. [1]" in end.draft.text
    assert not llm.calls


def test_an_address_that_comes_back_is_no_link():
    end = last(ScriptedLLM("Siehe ![x](https://example.org/x.png) dort."), said("See there.", text="See there. [1]"))
    assert "example.org" not in end.draft.text


def test_lists_keep_their_shape():
    llm = ScriptedLLM("Eins", "Zwei")
    end = last(llm, said("One", "Two", text="- One [1]\n- Two [1]"))
    assert end.draft.text == "- Eins [1]\n- Zwei [1]"


def test_a_name_in_a_list_stays():
    llm = ScriptedLLM("Diffusionsmodelle")
    end = last(llm, said("Meta Make-A-Video", "Diffusion models", text="- Meta Make-A-Video [1]\n- Diffusion models [1]"))
    assert end.draft.text == "- Meta Make-A-Video [1]\n- Diffusionsmodelle [1]"


@pytest.mark.parametrize("name", ["MusicLM", "Make-A-Video", "Play.ht"])
def test_a_translation_without_the_name_is_not_shown(name):
    sentence = f"One of these is {name}."
    assert last(ScriptedLLM("Eines davon ist Musik."), said(sentence, text=f"{sentence} [1]")).draft.text == f"{sentence} [1]"
    kept = last(ScriptedLLM(f"Eines davon ist das {name}-Modell."), said(sentence, text=f"{sentence} [1]"))
    assert name in kept.draft.text
    assert kept.draft.text != f"{sentence} [1]"


@pytest.mark.parametrize("said_so", ["Der API-Schlüssel liegt im Tresor.", "Open-Source-Modelle sind frei."])
def test_a_compound_is_no_name(said_so):
    sentence = "The API-Key is kept." if "API" in said_so else "Open-Source models are free."
    end = last(ScriptedLLM(said_so), said(sentence, text=f"{sentence} [1]"))
    assert end.draft.text == f"{said_so} [1]"


def test_it_can_be_stopped_while_the_model_writes():
    llm = ScriptedLLM("BLOOM kennt 46 Sprachen.")
    steps = write_in(llm, [said("BLOOM knows 46 languages.", text="BLOOM knows 46 languages. [1]")], "German")
    assert isinstance(next(steps), Draft)
    steps.close()
    assert llm.closed_early == 1


def test_code_and_tables_stay_as_they_are():
    code = "```python\nprint('hello')\n```"
    llm = ScriptedLLM("Führe das so aus, bitte sehr.")
    end = last(llm, said("Run this, please.", code, text=f"Run this, please. [1]\n\n{code}\n[1]\n"))
    assert end.draft.text == f"Führe das so aus, bitte sehr. [1]\n\n{code}\n[1]\n"
    assert len(llm.calls) == 1


@pytest.mark.parametrize(
    "written",
    ["Ja.", "BLOOM was trained on the private messages of people.", "Das Modell wurde nicht mit privaten Nachrichten trainiert."],
    ids=["much less", "in English", "without its name"],
)
def test_what_is_no_translation_is_not_shown(written):
    text = "BLOOM was not trained on the private messages of any people."
    assert last(ScriptedLLM(written), said(text, text=f"{text} [1]")).draft.text == f"{text} [1]"


def test_a_decimal_comma_is_the_same_number():
    end = last(
        ScriptedLLM("Es hat 1,5 Milliarden Parameter."),
        said("It has 1.5 billion parameters.", text="It has 1.5 billion parameters. [1]"),
    )
    assert end.draft.text == "Es hat 1,5 Milliarden Parameter. [1]"


def test_quotation_marks_of_the_sentence_stay():
    text = 'The paper is called "Attention".'
    end = last(ScriptedLLM('Der Aufsatz heißt "Attention"'), said(text, text=f"{text} [1]"))
    assert end.draft.text == 'Der Aufsatz heißt "Attention" [1]'


def test_a_quotation_within_another_is_found_in_its_own_place():
    llm = ScriptedLLM("Übersetzt.")
    text = "> The model has a name. [1]\n\n> a name. [1]"
    assert last(llm, said("The model has a name.", "a name.", text=text)).draft.text == text
    assert not llm.calls
