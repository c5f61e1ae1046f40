from rag.words import content_words, numbers, words


def test_words_are_folded_and_stemmed():
    assert words("Embeddings EMBEDDING") == ["embed", "embed"]


def test_numbers_keep_their_value():
    assert words("1,024 and 0.5") == ["1024", "and", "0.5"]
    assert numbers("from 680,000 to 1.5B, 2024") == {"680000", "1.5", "2024"}


def test_names_with_digits_fall_apart_the_same_way_everywhere():
    assert words("GPT-4V") == words("gpt 4v")


def test_scripts_without_spaces_are_cut_into_pairs():
    assert words("注意機構") == ["注意", "意機", "機構"]


def test_content_words_leave_out_articles_only():
    assert content_words("What is the softmax of a vector?") == ["softmax", "vector"]


def test_full_width_forms_match_plain_ones():
    assert words("ＧＰＴ") == ["gpt"]
