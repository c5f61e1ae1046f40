"""What counts as the same, and who stands for whom."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from rag.duplicates import BANDS, THRESHOLD, alike, bands, leaders, representatives, similarity, wording, words_of
from tests.fake_index import page

PARAGRAPH = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(150))


def chunk(text, path="a.md", heading="Part"):
    _, [made] = page(path, text, title=heading)
    return made


def edited(text, changes, seed=0):
    words, chance = text.split(), random.Random(seed)
    for place in chance.sample(range(len(words)), changes):
        words[place] = f"other{place}x"
    return " ".join(word.translate(str.maketrans("0123456789", "abcdefghij")) for word in words)


def near(first, second):
    return alike(wording(chunk(first)), wording(chunk(second, "b.md")))


def test_a_few_other_words_are_a_near_duplicate_and_many_are_not():
    assert near(PARAGRAPH, PARAGRAPH)
    assert near(PARAGRAPH, edited(PARAGRAPH, 3))
    assert not near(PARAGRAPH, edited(PARAGRAPH, 30))
    assert not near(PARAGRAPH, " ".join(reversed(PARAGRAPH.split())))


def test_case_width_and_punctuation_do_not_count():
    assert near("Ｆoundation models, " + PARAGRAPH, "foundation Models: " + PARAGRAPH.upper())


def test_other_numbers_are_another_statement():
    assert near(f"{PARAGRAPH} has 7 billion parameters", f"{PARAGRAPH} has 7 billion parameters.")
    assert not near(f"{PARAGRAPH} has 7 billion parameters", f"{PARAGRAPH} has 8 billion parameters")
    assert not near(f"{PARAGRAPH} 0.5", f"{PARAGRAPH} 5.0")


def test_a_short_text_is_compared_with_its_headings_and_a_long_one_without():
    def under(text, heading, path):
        return wording(chunk(text, path, heading))

    assert not alike(under("License: MIT", "LLaMA", "a.md"), under("License: MIT", "Mistral", "b.md"))
    assert alike(under("License: MIT", "LLaMA", "a.md"), under("License: MIT", "LLaMA", "b.md"))
    assert alike(under(PARAGRAPH, "LLaMA", "a.md"), under(PARAGRAPH, "Mistral", "b.md"))


def test_operators_and_scripts_without_spaces_are_words():
    assert words_of(chunk("x = a - 3.5", heading="h"))[-5:] == ["x", "=", "a", "-", "3.5"]
    assert words_of(chunk("日本語 text", heading="h"))[-4:] == ["日", "本", "語", "text"]


def test_similarity_is_that_of_the_shingles():
    first, second = wording(chunk(PARAGRAPH)), wording(chunk(edited(PARAGRAPH, 1)))
    assert similarity(first, first) == 1
    # One word in the middle changes three of 148 shingles on either side.
    assert similarity(first, second) == pytest.approx(145 / 151, abs=0.02)
    assert similarity(first, second) == similarity(second, first)
    assert similarity(first, wording(chunk(edited(PARAGRAPH, 150)))) == 0


@pytest.mark.slow
def test_bands_meet_where_texts_are_near_duplicates():
    base = wording(chunk(PARAGRAPH))
    assert len(bands(base)) == len(set(bands(base))) == BANDS
    assert all(0 <= one < 1 << 63 for one in bands(base))
    met, pairs = 0, 0
    for seed in range(200):
        other = wording(chunk(edited(PARAGRAPH, 5, seed)))
        if similarity(base, other) >= THRESHOLD:
            pairs += 1
            met += bool(set(bands(base)) & set(bands(other)))
    assert pairs > 20
    assert met / pairs > 0.98
    unrelated = wording(chunk(edited(PARAGRAPH, 150)))
    assert not set(bands(base)) & set(bands(unrelated))


def test_any_text_has_a_wording():
    for text in ("", "a", "a b", "\ud800", "🙂", "x" * 10_000):
        said = wording(chunk(text))
        assert similarity(said, said) == 1
        assert len(bands(said)) == BANDS


def test_the_first_by_path_and_place_stands_for_the_others():
    chunks = [
        chunk(PARAGRAPH, "c.md"),
        chunk(edited(PARAGRAPH, 2), "b.md"),
        chunk("alone " + edited(PARAGRAPH, 150), "a.md"),
        *page("d.md", "one " * 30, PARAGRAPH, "one " * 30)[1],
    ]
    found = representatives(chunks)
    c, b, a, d0, d1, d2 = (each.id for each in chunks)
    assert found == {a: a, b: b, c: b, d0: d0, d1: b, d2: d0}
    assert representatives(reversed(chunks)) == found


def test_a_chain_is_cut_where_its_ends_differ():
    """Each of the chain resembles the next; who is too far from the representative gets another."""
    texts = [PARAGRAPH]
    for step in range(6):
        words = texts[-1].split()
        words[step * 20 : step * 20 + 8] = [f"new{chr(97 + step)}{chr(97 + n)}" for n in range(8)]
        texts.append(" ".join(words))
    chunks = {each.id: each for each in (chunk(text, f"{n}.md") for n, text in enumerate(texts))}
    found = representatives(chunks.values())
    assert len(set(found.values())) > 1
    for one, representative in found.items():
        assert found[representative] == representative
        assert alike(wording(chunks[one]), wording(chunks[representative]))


def test_leaders_are_chosen_in_order():
    first, second = wording(chunk(PARAGRAPH)), wording(chunk(edited(PARAGRAPH, 2)))
    assert leaders([first, second]) == {first.key: first.key, second.key: first.key}
    assert leaders([second, first]) == {first.key: second.key, second.key: second.key}


@pytest.mark.slow
def test_the_same_in_every_process():
    """Neither the hash seed nor the order of imports may move a band: they are stored."""
    code = (
        "from rag.duplicates import *; from tests.fake_index import page\n"
        "said = wording(page('a.md', 'The same words in every process, 1,024 of them.')[1][0])\n"
        "print(said.key, bands(said))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    [said] = runs
    assert said.startswith("2414707793816517399 [7477396224633724069, "), "another key or band makes stored ones worthless"


def test_nothing_is_imported_before_it_is_needed():
    code = "import sys, rag.duplicates; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
