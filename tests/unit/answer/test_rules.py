import pytest

from rag.answer.quantities import dates, quantities
from rag.answer.rules import Known, check, names

UNIT = "Hoffmann et al. trained over 400 models of up to 16 billion parameters on 1.5 GB of text, published on 28 October 2024."


def kinds(claim, *units, question=""):
    units = units or (UNIT,)
    return [(found.kind, found.contradicts) for found in check(claim, units, Known("\n".join(units), question))]


@pytest.mark.parametrize(
    "claim",
    [
        "Hoffmann et al. trained more than 400 models.",
        "The largest of the models had 16B parameters.",
        "The text took 1.5 GB.",
        "It was published in October 2024.",
        "It was published on October 28, 2024.",
    ],
)
def test_the_same_in_other_words_is_left_alone(claim):
    assert kinds(claim) == []


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("Hoffmann et al. trained over 500 models.", ("number", True)),
        ("The text took 1.5 TB.", ("unit", True)),
        ("Hoffmann et al. trained fewer than 400 models.", ("bound", True)),
        ("It was published on 24 October 2024.", ("date", True)),
        ("It took 99 hours.", ("number", False)),
        ("The models were trained by DeepMind.", ("name", False)),
    ],
)
def test_what_differs_is_found(claim, found):
    assert found in kinds(claim)


def test_a_rounded_number_is_the_same_and_a_year_is_none():
    assert kinds("Meta collected about 1.4 million comparisons.", "Meta collected 1,418,091 comparisons.") == []
    assert ("number", True) in kinds("He counted 2,000 letters.", "In 1913 he counted 20,000 letters.")


def test_numbers_and_names_of_the_question_are_not_invented():
    assert kinds("With 24 GB Kubernetes runs it.", "It runs.", question="Does Kubernetes run it with 24 GB?") == []


@pytest.mark.parametrize(
    ("claim", "unit", "found"),
    [
        ("A server sees the whole conversation.", "It sees only what it is sent, not the whole conversation.", True),
        ("A server does not see the whole conversation.", "It sees only what it is sent, not the whole conversation.", False),
        ("GRPO does without the value network.", "GRPO removes the value network.", False),
        ("Patents are not mentioned in the MIT licence.", "The MIT licence says nothing about patents.", False),
        ('It does not work to add "do not lie" to the prompt.', 'Adding "do not lie" to the prompt: does not work.', False),
        ("No. The data is not kept.", "The data is not kept.", False),
    ],
)
def test_negation_counts_where_it_reaches_the_same_words(claim, unit, found):
    assert (("negation", True) in kinds(claim, unit)) is found


@pytest.mark.parametrize(
    ("claim", "unit"),
    [
        ("Training cost went up by 42.5%.", "They report training cost down by 42.5%."),
        ("Larger reward models were stable in training.", "Larger reward models were unstable in training."),
        ("Pythia and T5 failed the validation.", "In the validation, Pythia and T5 passed."),
    ],
)
def test_opposites_contradict(claim, unit):
    assert ("opposite", True) in kinds(claim, unit)


def test_a_unit_that_holds_both_words_is_no_opposite():
    assert kinds("The local layers are faster.", "The local layers are faster, the global layers slower.") == []


def test_short_forms_and_full_names_are_one():
    assert kinds("Anthropic made MCP.", "Anthropic made the Model Context Protocol.") == []
    assert kinds("It won the Producers Guild of America award.", "It won the PGA award.") == []


def test_names_are_not_first_words_headings_or_months():
    assert names("Training began in May with Ada.") == ["Ada"]
    assert names("Parameter Efficient Fine Tuning Methods") == []


def test_versions_and_identifiers_are_no_quantities():
    assert quantities("T5 and arXiv:2203.15556 and GPT-4o") == []
    assert [q.value for q in quantities("from $16{,}384$ to 6B")] == [16384, 6e9]
    found = [(date.year, date.month, date.day) for date in dates("2024-10-28 or 28 Oct 2023 or May 2022")]
    assert sorted(found) == [(2022, 5, 0), (2023, 10, 28), (2024, 10, 28)]
