"""Words that two countries spell otherwise are one, and others stay apart."""

from __future__ import annotations

import pytest

from rag.variants import american
from rag.words import words

PAIRS = """
licence license, licences licenses, licenced licensed, licencing licensing, colour color, coloured colored, quantise quantize,
quantised quantized, quantising quantizing, quantisation quantization, behaviours behaviors, labelled labeled, modelling modeling,
centre center, centred centered, metres meters, kilometre kilometer, analyse analyze, analysing analyzing, analyser analyzer,
catalogue catalog, dialogue dialog, grey gray, artefacts artifacts, practise practice, practising practicing, judgement judgment,
acknowledgement acknowledgment, defence defense, neighbourhood neighborhood, favourite favorite, programme program,
optimiser optimizer, tokeniser tokenizer, summarise summarize, travelling traveling, cancelled canceled, fibre fiber,
sceptical skeptical, serialisers serializers, initialise initialize, initialisation initialization, learnt learned,
organisational organizational, centring centering, catalogued cataloged, cataloguing cataloging, catalogue cataloging
"""
ALIKE = """
supervised supervision, revise revision, precise precisely, promise promises, advise advised, exercise exercises,
surprise surprised, spell spelling, tell telling, compel compels, expertise expertise, otherwise otherwise,
raised raise, noise noises
"""
STAY = (
    "four hour tour source course prise noise raise precise expertise league queue value unique genre acre where sequence telling"
)


@pytest.mark.parametrize("pair", [pair.strip() for pair in f"{PAIRS},{ALIKE}".split(",")])
def test_one_word(pair):
    one, other = words(pair)
    assert one == other


@pytest.mark.parametrize("word", STAY.split())
def test_what_is_spelt_alike_everywhere_stays(word):
    assert american(word) == word


def test_no_rule_applies_to_what_another_made():
    for word in PAIRS.replace(",", " ").split():
        assert american(american(word)) == american(word)
