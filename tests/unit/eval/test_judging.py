from __future__ import annotations

from dataclasses import replace

from eval.cache import Cache
from eval.judgement import Call, Judgement, Sample, Verdict
from eval.judging import KeptJudgements

SAMPLE = Sample("q", "a", ["context"], "reference", False)


class Counting:
    name = "counting"

    def __init__(self):
        self.seen = []

    def judge(self, metric, sample):
        self.seen.append((metric, sample))
        if metric == "failing":
            return Judgement("failed", None, "cut", 0.5)
        calls = (Call("Verdicts", "p", "{}", 0.5, "", (Verdict("verdict", 1, 0.75),)),)
        return Judgement("judged", 0.5, "", 0.5, calls, 0.75)


def judge_of(tmp_path, counting, **identity):
    built = []

    def build():
        built.append(1)
        return counting

    return KeptJudgements("counting", {"model": "m", **identity}, build, Cache(tmp_path)), built


def test_a_second_run_loads_nothing_and_judges_only_what_changed(tmp_path):
    counting = Counting()
    first = judge_of(tmp_path, counting)[0].judge("faithfulness", SAMPLE)
    again, built = judge_of(tmp_path, counting)
    assert again.judge("faithfulness", SAMPLE) == first
    assert built == []
    for change in ({"response": "b"}, {"user_input": "r"}, {"retrieved_contexts": ["c"]}, {"reference": "s"}):
        again.judge("faithfulness", replace(SAMPLE, **change))
    again.judge("context_recall", SAMPLE)
    judge_of(tmp_path, counting, model="other")[0].judge("faithfulness", SAMPLE)
    assert (len(counting.seen), built) == (7, [1])


def test_a_failure_is_kept_with_its_reason(tmp_path):
    counting = Counting()
    for _ in range(2):
        judgement = judge_of(tmp_path, counting)[0].judge("failing", SAMPLE)
        assert (judgement.status, judgement.value, judgement.reason) == ("failed", None, "cut")
    assert len(counting.seen) == 1
