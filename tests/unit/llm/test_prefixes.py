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


def test_all_before_a_cut_is_kept():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(9), cuts=[6])  # batches end at 4, 6, 9
    assert prefixes.choose([*range(6), 99, 98], cuts=[6]) == (0, 6)
    assert prefixes.choose([*range(8), 99, 98], cuts=[6]) == (0, 6)
    assert prefixes.choose([*range(5), 99, 98], cuts=[6]) == (0, 4)


def test_after_another_cut_nothing_is_kept_as_it_was_read_in_other_company():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(20), cuts=[6])  # 4, 6, 10, 14, 18, 20
    assert prefixes.choose([*range(18), 99], cuts=[6]) == (0, 18)
    assert prefixes.choose([*range(18), 99]) == (0, 4)
    assert prefixes.choose([*range(18), 99], cuts=[10]) == (0, 4)
    assert prefixes.choose([*range(18), 99], cuts=[2]) == (0, 0)


def test_several_cuts():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(12), cuts=[3, 9])  # 3, 7, 9, 12
    assert prefixes.choose([0, 1, 2, 50, 51, 52, 53], cuts=[3, 6]) == (0, 3)
    assert prefixes.choose([*range(9), 50, 51], cuts=[3, 9]) == (0, 9)
    assert prefixes.choose([*range(8), 50, 51], cuts=[3, 9]) == (0, 7)


def test_a_cut_that_was_not_reached_counts_for_nothing():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(4), cuts=[6])
    assert prefixes.choose([*range(6), 99], cuts=[6]) == (0, 4)


def test_a_slot_is_known_to_end_where_it_holds_another_token():
    prefixes = Prefixes(1, 4)
    prefixes.remember(0, range(9), cuts=[6])
    assert not prefixes.goes_on(0, [*range(6), 99], 6)
    assert prefixes.goes_on(0, range(9), 6)
    assert prefixes.goes_on(0, range(20), 9)  # the answer that was written there may go on in the same words
