from rag.llm.prefixes import Prefixes


def test_nothing_is_kept_of_nothing():
    assert Prefixes(1, 4).choose(range(10)) == (0, 0)


def test_only_whole_batches_are_kept():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(11))
    assert prefixes.choose([*range(11), 99]) == (0, 8)
    assert prefixes.choose([*range(7), 99]) == (0, 4)
    assert prefixes.choose([*range(3), 99]) == (0, 0)


def test_at_least_one_token_is_left_to_read():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(8))
    assert prefixes.choose(range(8)) == (0, 4)
    assert prefixes.choose(range(9)) == (0, 8)


def test_a_slot_holds_the_last_prompt_only():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(8))
    prefixes.remember(0, range(100, 108))
    assert prefixes.choose(range(9)) == (0, 0)
    assert prefixes.choose(range(100, 109)) == (0, 8)


def test_the_slot_that_shares_most_is_taken():
    prefixes = Prefixes(2, 4)
    prefixes.remember(0, range(8))
    prefixes.remember(1, [*range(4), *range(50, 58)])
    assert prefixes.choose(range(9)) == (0, 8)
    assert prefixes.choose([*range(4), *range(50, 59)]) == (1, 12)


def test_a_prompt_that_shares_little_takes_the_slot_unused_for_longest():
    prefixes = Prefixes(2, 4)
    prefixes.remember(0, range(20))
    prefixes.remember(1, range(100, 120))
    prefixes.remember(0, range(20))
    assert prefixes.choose([*range(4), *range(200, 220)]) == (1, 0)


def test_a_slot_that_would_lose_nothing_is_read_on():
    prefixes = Prefixes(2, 4)
    prefixes.remember(0, range(8))
    prefixes.remember(1, range(100, 120))
    prefixes.remember(0, range(8))
    assert prefixes.choose(range(40)) == (0, 8)
