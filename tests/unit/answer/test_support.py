import pytest

from rag.answer.attribute import Evidence
from rag.answer.features import FEATURES, measure
from rag.answer.support import OpinionModel, SupportModel, load_model, verdict
from tests.build import passage

TABLE = "Size | Parameters | Layers\nSmall | 60M | 6\nLarge | 770M | 24"
TEXT = (
    "BLOOM covers 46 natural languages and 13 programming languages. It was trained on 384 GPUs from March to July 2022. "
    "GPT-3 was trained by OpenAI on 300 billion tokens."
)


def judged(claim, *texts, question="What is BLOOM?"):
    evidence = Evidence([passage(text, rank=rank) for rank, text in enumerate(texts or [TEXT], 1)], question)
    return verdict(claim, evidence.attribute(claim), evidence)


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("BLOOM covers 46 natural languages.", "What is BLOOM?"),
        ("46 languages.", "How many natural languages does BLOOM cover?"),
        ("**46** natural languages", "How many languages does BLOOM cover?"),
        ("- 13 programming languages", "What does BLOOM cover?"),
        ("“It was trained on 384 GPUs from March to July 2022.”", "How was BLOOM trained?"),
    ],
)
def test_short_answers_items_and_quotations_are_supported(claim, question):
    found = judged(claim, question=question)
    assert found.support == "supported", found
    assert found.score >= load_model().threshold


def test_a_table_row_and_a_cell_are_supported():
    assert judged("| Large | 770M | 24 |", TABLE, question="How many parameters has Large?").support == "supported"
    assert judged("Large has 770M parameters.", TABLE, question="How many parameters has Large?").support == "supported"


@pytest.mark.parametrize(
    ("claim", "support"),
    [
        ("BLOOM covers 64 natural languages.", "contradicted"),
        ("BLOOM was trained on 384 GPUs from March to July 2021.", "contradicted"),
        ("BLOOM is a registered trademark of Microsoft in Redmond.", "unsupported"),
        ("Cats sleep.", "unsupported"),
    ],
)
def test_what_the_notes_do_not_say_is_not_supported(claim, support):
    found = judged(claim)
    assert found.support == support
    assert found.reason
    assert found.score < load_model().threshold


def test_code_counts_by_its_words():
    assert judged("```python\nbloom.train(gpus=384)\n```", "Run `bloom.train(gpus=384)` to train.").support == "supported"
    assert judged("```python\nbloom.serve(port=99)\n```", "Run `bloom.train(gpus=384)` to train.").support == "unsupported"


def test_features_are_shares():
    evidence = Evidence([passage(TEXT)], "What is BLOOM?")
    for claim in ("BLOOM covers 46 languages, and 7 more.", "Not.", "OpenAI", "384", "Ça va?"):
        found = measure(claim, evidence.attribute(claim), evidence, ())
        assert tuple(found) == FEATURES
        assert all(0 <= value <= 1 for value in found.values()), found


def test_the_model_is_a_logistic_one():
    model = SupportModel(-1.0, {"pairs": 1.0}, 0.5, OpinionModel(0.0, 0.5, 2.0, 0.4))
    assert model.judge({"pairs": 1.0}) == (pytest.approx(0.5), 0.5)
    assert model.judge({"pairs": 0.0})[0] < 0.5
    assert model.judge({"pairs": 1.0}, 0.5) == (pytest.approx(0.5), 0.4)
    assert model.judge({"pairs": 1.0}, 0.1)[0] < model.judge({"pairs": 1.0}, 1.0)[0] < 1


def test_a_model_file_names_features_that_there_are(tmp_path):
    file = tmp_path / "support.toml"
    opinion = "[opinion]\nbias = 0\nfeatures = 1\nyes = 1\nthreshold = 0.5\n"
    file.write_text(f"bias = 0\nthreshold = 0.5\n[weights]\nluck = 1.0\n{opinion}")
    with pytest.raises(ValueError, match="luck"):
        load_model(file)


def test_more_of_the_evidence_never_weighs_against_a_sentence():
    assert all(weight >= 0 for weight in load_model().weights.values())


FRUIT = ("apples", "bananas", "cherries", "dates", "elderberries", "figs", "grapes", "lemons", "mangoes", "oranges")
KITCHEN = passage(
    "What is kept where:\n\n- Cups – the upper shelf\n- Kettle – beside the stove\n- Tea tins – the dry cupboard\n"
    "- Spoons – the drawer\n\nThe cellar is damp."
)


@pytest.mark.parametrize(
    ("claim", "cited", "support"),
    [
        ("The four things kept are cups, the kettle, tea tins, and spoons.", 4, "supported"),
        ("The four things kept are plates, the mixer, wine bottles, and candles.", 0, "unsupported"),
    ],
)
def test_a_sentence_that_names_the_items_of_a_list_cites_each(claim, cited, support):
    evidence = Evidence([KITCHEN], "Which four things are kept here?")
    found = evidence.attribute(claim)
    assert verdict(claim, found, evidence).support == support
    assert sum(unit.text.startswith("-") for unit in found.units) == cited


@pytest.mark.parametrize(
    ("note", "claim", "question", "number"),
    [
        (
            "Orla learned from 12,000 books.\n\nOther sources:\n\n- news\n- forums\n- laws",
            "Orla learned from 12,000 books, news, forums and laws.",
            "What did Orla learn from?",
            "12000",
        ),
        (
            "Orla holds 65,536 tokens, 1,811 languages and 70,000 hours.\n\nSteps:\n\n1. Wait 65 seconds for tokens\n"
            "2. Pick 1 of the languages\n3. Train for 70 hours\n\nx",
            "It holds 65,536 tokens, 1,811 languages and 70,000 hours.",
            "What does Orla hold?",
            "65536",
        ),
    ],
)
def test_the_items_of_a_list_do_not_take_the_place_of_what_has_the_number(note, claim, question, number):
    evidence = Evidence([passage(note)], question)
    found = evidence.attribute(claim)
    assert number not in found.missing_numbers
    assert verdict(claim, found, evidence).support == "supported"


def test_items_of_two_sentences_and_of_long_lists_are_cited_too():
    note = "\n".join(f"- {fruit.title()}. It is kept on shelf {place}." for place, fruit in enumerate(FRUIT, 1))
    evidence = Evidence([passage(f"Kept here:\n\n{note}")], "What is kept here?")
    assert len(evidence.attribute(f"{', '.join(FRUIT[:4])} and {FRUIT[4]}.").units) == 5
    assert len(evidence.attribute(f"{', '.join(FRUIT[:9])} and {FRUIT[9]}.").units) == 8
