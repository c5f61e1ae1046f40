from dataclasses import replace

import pytest

from rag.answer.compose import Composer
from tests.build import passage

TEXT = "BERT was released in 2018. It has 340 million parameters in its large form. Cats sleep."
SOURCE = {"page.md": TEXT}


def composer(*texts):
    passages = [passage(text, rank=rank) for rank, text in enumerate(texts or [TEXT], 1)]
    return Composer(passages, "What is BERT?", lambda path: TEXT)


def write(made, text, size=3):
    drafts = []
    for i in range(0, len(text), size):
        made.add(text[i : i + size])
        drafts.append(made.draft())
    return drafts, made.finish()


def test_each_sentence_is_cited_to_its_own_place():
    _, draft = write(composer(), "BERT was released in 2018. The large form has 340 million parameters.")
    assert [c.quote for c in draft.citations] == [
        "BERT was released in 2018.",
        "It has 340 million parameters in its large form.",
    ]
    assert draft.text == "BERT was released in 2018. [1] The large form has 340 million parameters. [2]"
    assert all(TEXT[c.start : c.end] == c.quote for c in draft.citations)


@pytest.mark.parametrize(
    "text", ["BERT was released in 2018 [1].", "BERT was released in 2018. [1]", "BERT was released in 2018.[1] "]
)
def test_the_markers_of_the_model_give_way_to_checked_ones(text):
    _, draft = write(composer(), text)
    assert draft.text == "BERT was released in 2018. [1]"


def test_invented_markers_are_counted_and_gone():
    made = composer()
    _, draft = write(made, "BERT was released in 2018 [7].")
    assert made.invented_markers == 1
    assert "[7]" not in draft.text


def test_a_wrong_number_is_not_supported_and_not_cited():
    _, draft = write(composer(), "BERT was released in 2019.")
    assert draft.sentences[0].support == "unsupported"
    assert draft.citations == ()


def test_drafts_grow_by_settled_text_only():
    drafts, last = write(composer(), "BERT was released in 2018. [1] The large form has 340 million parameters [1].", size=1)
    for earlier, later in zip(drafts, [*drafts[1:], last], strict=True):
        assert later.text.startswith(earlier.text[: earlier.settled])
    assert not any("[" in draft.text[draft.settled :] for draft in drafts)


def test_one_place_gets_one_number():
    _, draft = write(composer(), "BERT was released in 2018. BERT was released in 2018, that is.")
    assert [c.marker for c in draft.citations] == [1]


def test_a_code_fence_stays_whole():
    code = "```python\nbert = 340\n```"
    _, draft = write(composer(), f"Use this.\n\n{code}")
    assert code in draft.text


def test_a_loop_is_noticed():
    made = composer()
    write(made, "Cats sleep. Cats sleep. Cats sleep. Cats sleep.")
    assert made.repeats


def test_unsupported_sentences_can_be_left_out():
    made = Composer([passage(TEXT)], "What is BERT?", lambda path: TEXT, drop_unsupported=True)
    drafts, draft = write(made, "BERT was released in 2018. It won the Nobel Prize in Stockholm. Cats sleep.")
    assert draft.text.split() == "BERT was released in 2018. [1] Cats sleep. [2]".split()
    assert [sentence.support for sentence in draft.sentences] == ["supported", "supported"]
    for earlier, later in zip(drafts, [*drafts[1:], draft], strict=True):
        assert later.text.startswith(earlier.text[: earlier.settled].rstrip())


def test_a_loop_of_dropped_sentences_is_noticed_too():
    made = Composer([passage(TEXT)], "What is BERT?", lambda path: TEXT, drop_unsupported=True)
    write(made, "Dogs bark loudly. Dogs bark loudly. Dogs bark loudly. Dogs bark loudly.")
    assert made.repeats


NOTES = (
    "SageMaker is a platform for every stage of the work. One product of AWS covers machine learning in its infrastructure."
    "\n\nThe platform has three layers:\n\n- The middle layer has tools."
)


def of_notes(text, question):
    made = Composer([passage(NOTES)], question, lambda path: NOTES)
    made.add(text)
    return made.finish()


def test_what_answers_is_looked_for_before_what_repeats_the_question():
    said = "The AWS product that covers machine learning is SageMaker."
    draft = of_notes(said, "Which AWS product covers machine learning?")
    assert draft.citations[0].quote == "SageMaker is a platform for every stage of the work."


@pytest.mark.parametrize("said", ["These are tools of the platform:", "The platform has three layers:"])
def test_what_leads_in_a_list_cites_what_it_leads_to(said):
    draft = of_notes(f"{said}\n\n- The middle layer has tools.", "What is there?")
    assert [citation.quote for citation in draft.citations] == ["- The middle layer has tools."]
    assert [sentence.citations for sentence in draft.sentences] == [(1,), (1,)]
    assert draft.text == f"{said}\n\n- The middle layer has tools. [1]"


def test_what_leads_in_nothing_that_the_notes_say_cites_nothing():
    draft = of_notes("The platform has three layers:\n\n- Dogs bark loudly at the moon.", "What is there?")
    assert draft.citations == ()
    assert draft.sentences[0].citations == ()


@pytest.mark.parametrize("frame", ["According to the notes, ", "The notes state that ", "Based on the provided notes, "])
def test_a_frame_is_left_out_and_what_it_frames_is_supported(frame):
    text = "GPT-3 read Wikipedia 3.4 times over."
    made = Composer([passage(text)], "How many times did GPT-3 read Wikipedia?", lambda path: text)
    drafts, draft = write(made, f"{frame}it read Wikipedia 3.4 times over. [1] ")
    assert draft.text == "It read Wikipedia 3.4 times over. [1]"
    assert [sentence.support for sentence in draft.sentences] == ["supported"]
    for earlier, later in zip(drafts, [*drafts[1:], draft], strict=True):
        assert later.text.startswith(earlier.text[: earlier.settled].rstrip())


@pytest.mark.parametrize(
    "text",
    [
        "ELMo gives words different vectors according to context.",
        "It is laid out according to the notes.toml in the root.",
        "The notes state that there is no information about the cost.",
        "```\nAccording to the notes, answer the question.\n```",
        "1. Say:\n\n   ```\n   According to the notes, tea = items[0]\n   ```",
    ],
)
def test_what_is_no_frame_stays(text):
    made = Composer([passage(text)], "What is said?", lambda path: text)
    _, draft = write(made, f"{text}\n\nTea. ")
    assert text.rstrip(".") in draft.text


def test_a_name_keeps_its_letters_behind_a_frame():
    text = "vLLM serves models. The pot is red."
    made = Composer([passage(text)], "What serves models?", lambda path: text)
    _, draft = write(made, "According to the notes, vLLM serves models. ")
    assert draft.text == "vLLM serves models. [1]"


def test_a_refusal_is_known_as_one_in_its_frame():
    text = "Information about the cost of training is found on the vendor's page."
    made = Composer([passage(text)], "What did the training cost?", lambda path: text)
    write(made, "The notes state that there is no information about the cost of training. ")
    assert made.declines


def test_a_lead_in_cites_its_list_and_nothing_behind_it():
    text = "Tea was sold in 1610.\n\nCats sleep all day.\n\nThese are its kinds:\n\n- green tea"
    question = "What kinds of tea are there?"
    made = Composer([passage(text)], question, lambda path: text)
    _, draft = write(made, "Its kinds are these:\n- purple glimmer\n\nCats sleep all day. ")
    assert [one.citations for one in draft.sentences] == [(), (), (1,)]
    made = Composer([passage(text)], question, lambda path: text)
    _, draft = write(made, "Tea was sold in 1610, these are its kinds:\n- green tea\n\nCats sleep. ")
    assert draft.citations[0].quote == "Tea was sold in 1610."


def test_a_block_of_code_is_cited_as_a_whole():
    text = "Set the address:\n\nsite_url: https://example.com\nname: Tea\n\nThen the address: it is needed."
    start = text.index("site_url")
    code = (start, text.index("\n\nThen"))
    made = Composer([replace(passage(text), code=(code,))], "What is set?", lambda path: text)
    _, draft = write(made, "Set this:\n\n```yaml\nsite_url: https://example.com\nname: Tea\n```\n")
    assert [citation.quote for citation in draft.citations][-1] == text[slice(*code)]
    assert draft.sentences[-1].support == "supported"


@pytest.mark.parametrize(
    "code", ["```python\nfirst = items[0]\n```", "Take `items[0]` of the items.", "Then `found?.[1]` is read."]
)
def test_an_index_in_code_is_no_marker(code):
    text = f"To read the first item:\n\n{code}"
    made = Composer([passage(text)], "How is the first item read?", lambda path: text)
    drafts, draft = write(made, f"{code}\n")
    assert made.invented_markers == 0
    assert draft.text.startswith(code)
    assert code in drafts[-1].text


def test_of_two_blocks_that_hold_it_the_tighter_one_is_cited():
    text = "$ bash\npip install foo\n\nor\n\npip install foo"
    first, last = (0, len("$ bash\npip install foo")), (text.rindex("pip"), len(text))
    made = Composer([replace(passage(text), code=(first, last))], "How is it installed?", lambda path: text)
    _, draft = write(made, "```python3\npip install foo\n```\n")
    assert [(citation.start, citation.end) for citation in draft.citations] == [last]


def test_a_sentence_is_not_shown_twice():
    made = composer()
    said = "BERT was released in the year 2018."
    drafts, draft = write(made, f"{said} {said}\n\n{said} Third, {said} It is large.", size=1)
    assert draft.text == f"{said} [1]\n\nIt is large. [2]"
    assert len(draft.sentences) == 2
    for earlier in drafts:
        assert draft.text.startswith(earlier.text[: earlier.settled])


def test_a_loop_is_noticed_though_it_is_not_shown():
    made = composer()
    drafts, _ = write(made, "BERT was released in the year 2018. " * 4)
    assert made.repeats
    assert all(draft.text.count("2018") <= 2 for draft in drafts)  # settled once, and once while it is written


def test_items_that_were_said_leave_no_mark():
    item = "BERT was released in the year 2018."
    drafts, draft = write(composer(), f"- {item}\n- {item}\n- Cats sleep.\n", size=1)
    assert draft.text == f"- {item} [1]\n- Cats sleep. [2]"
    assert any("\n- Cats" in each.text for each in drafts)  # an item has its mark while it is written
    for earlier in drafts:
        assert draft.text.startswith(earlier.text[: earlier.settled])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Steps to run:\n\n1.\n```\ncode\n```\n", "Steps to run:\n\n1.\n```\ncode\n```"),
        ("42.", "42."),
        ("The number is:\n\n42.\n\nIt is large.", "The number is:\n\n42.\n\nIt is large. [1]"),
        ("\tBERT was released in 2018.", "BERT was released in 2018. [1]"),
    ],
)
def test_marks_and_gaps_stay(said, shown):
    drafts, draft = write(composer(), said, size=1)
    assert draft.text == shown
    for earlier in drafts:
        assert draft.text.startswith(earlier.text[: earlier.settled])


def test_code_that_differs_in_case_is_not_the_same():
    block = "```\npip install one two three -{}\n```\n"
    _, draft = write(composer(), block.format("v") + "\n" + block.format("V"))
    assert "-v" in draft.text
    assert "-V" in draft.text


def test_what_is_cut_ends_with_a_whole_sentence():
    made = composer()
    made.add("BERT was released in 2018. BERT was")
    made.draft()
    made.cut()
    assert made.finish().text == "BERT was released in 2018. [1]"


def test_short_rows_may_be_the_same():
    _, draft = write(composer(), "- in 2018\n- BERT\n- in 2018\n")
    assert draft.text.count("in 2018") == 2
