import pytest

from rag.errors import LLMError
from rag.llm.json_output import check_schema, checked

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}, "why": {"type": "string", "maxLength": 10}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def test_pieces_are_handed_on_as_they_come():
    seen = []

    def pieces():
        for piece in ('{"verdict"', "", ': "yes"}'):
            seen.append(piece)
            yield piece

    output = checked(pieces(), SCHEMA)
    assert next(output) == '{"verdict"'
    assert seen == ['{"verdict"']
    assert list(output) == ["", ': "yes"}']


def test_without_a_schema_anything_goes():
    assert list(checked(iter(["not ", "json"]), None)) == ["not ", "json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"verdict": "y', "character 12 of 14"),
        ("", "character 0 of 0"),
        ('```json\n{"verdict": "yes"}\n```', "character 0"),
        ('{"verdict": "maybe"}', "at verdict"),
        ('{"verdict": "yes", "why": "much too long"}', "at why"),
        ('{"why": "x"}', "at the top"),
        ('{"verdict": "yes"} {"verdict": "yes"}', "character 19"),
    ],
)
def test_output_that_does_not_fit_is_an_error_after_the_last_piece(text, says):
    output = checked(iter([text]), SCHEMA)
    assert next(output) == text
    with pytest.raises(LLMError, match=says) as caught:
        next(output)
    assert caught.value.hint


def test_closing_closes_what_it_reads_from_and_checks_nothing():
    closed = []

    def pieces():
        try:
            yield "{"
            yield "}"
        finally:
            closed.append(True)

    output = checked(pieces(), SCHEMA)
    next(output)
    output.close()
    assert closed == [True]


def test_a_schema_that_is_none_is_refused():
    check_schema(None)
    check_schema(SCHEMA)
    with pytest.raises(LLMError, match="schema"):
        check_schema({"type": "strin"})


def test_a_reference_to_nothing_is_an_error():
    with pytest.raises(LLMError, match="schema"):
        list(checked(iter(["{}"]), {"$ref": "#/$defs/none"}))
