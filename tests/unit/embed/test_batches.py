import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.embed.batches import Batch, pad, plan_batches


def test_longest_first_within_the_budget():
    assert plan_batches([3, 20, 17, 5], budget_tokens=64, step_tokens=16) == [Batch((1, 2), 32), Batch((3, 0), 16)]


def test_a_text_beyond_the_budget_is_a_batch_by_itself():
    assert plan_batches([100, 100], budget_tokens=64, step_tokens=16) == [Batch((0,), 112), Batch((1,), 112)]


def test_no_texts_no_batches():
    assert plan_batches([], budget_tokens=64, step_tokens=16) == []


@pytest.mark.slow
@given(
    lengths=st.lists(st.integers(0, 300), max_size=60),
    budget=st.integers(1, 2000),
    step=st.integers(1, 64),
)
def test_each_text_once_in_a_batch_that_holds_it(lengths, budget, step):
    batches = plan_batches(lengths, budget_tokens=budget, step_tokens=step)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[row] for row in batch.rows)
        assert batch.length % step == 0
        assert max(longest, 1) <= batch.length < longest + step + 1
        assert len(batch.rows) == 1 or len(batch.rows) * batch.length <= budget


def test_padding_is_masked():
    ids, mask = pad([[7, 8, 9], [], [5]], Batch((2, 0), 4))
    assert ids.tolist() == [[5, 0, 0, 0], [7, 8, 9, 0]]
    assert mask.tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]
    assert (ids.dtype, mask.dtype) == (np.int32, np.int32)
