"""Is the judge any good? Its scores of labelled answers, next to those of a judge that counts words, and what follows for a report.

Knows judges and labels; knows no engine and no layout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.agreement import Measured, Scored, accuracies, auc, auc_gain, aucs, decided, kappas, measured
from eval.judgement import Judge
from eval.labels import Labelled
from eval.protocol import METRIC_REVISIONS, PROTOCOL
from rag.errors import ConfigError
from rag.index.files import replace_file

FORMAT = 1
FILE = Path(__file__).with_name("calibration.json")
OVERLAP = "word overlap"
_CHANCE = 0.5  # area under the curve of a judge that guesses
_LEAST_QUESTIONS = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """What a judge and the word counter said of the same labelled things.

    Attributes:
        metric: its name.
        labels: where the labels come from: `notes`, or the name of another set.
        good: the labels.
        groups: what each belongs to.
        judge: the judge's values.
        expected: the judge's expected values; None where one is not known.
        overlap: the word counter's values.
        failed: how many the judge could not judge; they are in none of the lists.
        total: how many labels there are; more than were judged where a sample was. 0 where that is not known.
        revision: of the metric's judging, as `METRIC_REVISIONS` has it.
    """

    metric: str
    labels: str
    good: Sequence[bool]
    groups: Sequence[str]
    judge: Sequence[float]
    expected: Sequence[float] | None
    overlap: Sequence[float]
    failed: int = 0
    total: int = 0
    revision: int = 0

    @property
    def sampled(self) -> bool:
        """Whether only some of the labels were judged."""
        return self.total > len(self.good) + self.failed

    def scored(self, which: str = "judge") -> Scored:
        """Return one of the three lists with its labels."""
        values: Sequence[float] = getattr(self, which)
        return Scored(values, self.good, self.groups)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one list of scores agrees with the labels.

    Attributes:
        accuracy: share of verdicts that agree, by a threshold chosen on other answers.
        kappa: agreement beyond chance.
        auc: how likely a good one scores higher than a bad one.
    """

    accuracy: Measured
    kappa: Measured
    auc: Measured


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report says of the judge of one metric.

    Attributes:
        beats_overlap: whether its AUC is higher than that of word overlap by more than chance.
        gain: how much higher, with interval.
        sentence: the same in words.
    """

    beats_overlap: bool
    gain: Measured
    sentence: str


def score(metric: str, things: Sequence[Labelled], judge: Judge, overlap: Judge, *, labels: str, total: int = 0) -> Scores:
    """Have labelled things judged by one metric.

    Args:
        metric: its name.
        things: to judge.
        judge: that is calibrated.
        overlap: what it has to beat.
        labels: where the labels come from.
        total: how many labels there are, if not all of them are given.

    Returns:
        What both said of all that both could judge.
    """
    rows: list[tuple[Labelled, float, float | None, float]] = []
    failed = 0
    for thing in things:
        said, counted = judge.judge(metric, thing.sample), overlap.judge(metric, thing.sample)
        if said.value is None or counted.value is None:
            failed += 1
            continue
        rows.append((thing, said.value, said.expected, counted.value))
    known = [expected for _, _, expected, _ in rows if expected is not None]
    return Scores(
        metric,
        labels,
        [thing.good for thing, *_ in rows],
        [thing.group for thing, *_ in rows],
        [value for _, value, _, _ in rows],
        known if len(known) == len(rows) else None,
        [counted for *_, counted in rows],
        failed,
        total or len(things),
        METRIC_REVISIONS.get(metric, 0),
    )


def agreement(scored: Scored, *, seed: int = 0) -> Agreement:
    """Return how well scores agree with their labels; nothing of a few questions, of which any interval would be a pretence."""
    if len(set(scored.groups)) < _LEAST_QUESTIONS:
        return Agreement(Measured(None, None), Measured(None, None), Measured(None, None))
    verdicts = Scored(decided(scored).tolist(), scored.good, scored.groups)
    return Agreement(
        measured(verdicts, accuracies, seed=seed), measured(verdicts, kappas, seed=seed), measured(scored, aucs, seed=seed)
    )


def verdict(scores: Scores, *, seed: int = 0) -> Verdict:
    """Say whether the judge of a metric beats word overlap, and chance; by its hard values, which the headline shows.

    Where word overlap is worse than chance, beating it says nothing.

    Answers to a few questions say nothing, as no bootstrap over them shows how other questions would come out.
    """
    questions = len(set(scores.groups))
    if 0 < questions < _LEAST_QUESTIONS:
        told = (
            f"Only {len(scores.good)} labelled answers to {questions} questions were judged, too few to say how good the judge is."
        )
        return Verdict(False, Measured(None, None), told)
    gain, than = _gain(scores, "judge", seed)
    better = _is_gain(gain)
    beats = better and _beats_chance(scores, "judge", seed)
    if gain.value is None or gain.interval is None:
        return Verdict(False, gain, "The judge has no labelled answers to be compared with.")
    how = "beats counting shared words" if better else "does not beat counting shared words"
    than += "" if beats or not better else ", but is not shown to beat chance"
    sentence = f"On labelled answers the judge {how} {than}."
    if not beats and scores.expected:
        soft, than = _gain(scores, "expected", seed)
        sentence += f" Its expected values do {than}." if _is_gain(soft) and _beats_chance(scores, "expected", seed) else ""
    return Verdict(beats, gain, sentence)


def write_calibration(path: Path, judge: Mapping[str, Any], scores: Sequence[Scores]) -> None:
    """Keep the scores of a judge beside those of other judges.

    Earlier ones of the same judge, metric and labels are replaced, but not by a sample that is smaller; where nothing was judged,
    there is nothing to keep.

    Args:
        path: of the file.
        judge: its identity.
        scores: of each metric and set of labels.

    Raises:
        ConfigError: the file cannot be written, or is something else.
    """
    entries = _entries(path)
    kept = [entry for entry in entries if entry["judge"] != dict(judge)]
    found = {_key(each): each for entry in entries if entry["judge"] == dict(judge) for each in entry["scores"]}
    for each in scores:
        new = _rounded(each)
        before = found.get(_key(new))
        older = before is not None and before.get("revision", 0) != each.revision
        if each.good and (before is None or older or not each.sampled or len(each.good) >= len(before["good"])):
            found[_key(new)] = new
    entry = {"judge": dict(judge), "scores": list(found.values())}
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in [*kept, entry])
    try:
        replace_file(path, f'{{"format": {FORMAT}, "judges": [\n{lines}\n]}}\n'.encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --out.") from error


def read_calibration(judge: str, path: Path = FILE) -> list[Scores]:
    """Return the scores of a judge, the latest ones if it was calibrated in several ways; none if it never was.

    Scores of a judge that was told other things, or wrote in another order, say nothing of this one.

    Args:
        judge: its name, with the hash of its weights.
        path: of the file.

    Returns:
        One entry for each metric and set of labels.

    Raises:
        ConfigError: the file is no calibration.
    """
    ours = [entry for entry in _entries(path) if entry["judge"].get("protocol", PROTOCOL) == PROTOCOL]
    found = [entry for entry in ours if entry["judge"]["model"] == judge]
    scores = [Scores(**each) for each in found[-1]["scores"]] if found else []
    return [each for each in scores if each.revision == METRIC_REVISIONS.get(each.metric, 0)]


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is not a calibration: {error}", hint="Make it again: python -m eval calibrate judge") from error
    if not isinstance(value, dict) or not {"format", "judges"} <= value.keys():
        # It may be anything that was named by mistake, and would be written over.
        raise ConfigError(f"{path} is not a calibration", hint="Name another file with --out.")
    if value["format"] != FORMAT:
        return []
    entries: list[dict[str, Any]] = value["judges"]
    return entries


def _gain(scores: Scores, which: str, seed: int) -> tuple[Measured, str]:
    """How much higher the AUC of one list is than that of word overlap, and the same in words; no words where it is not known."""
    scored = scores.scored(which)
    gain = auc_gain(scored, scores.overlap, seed=seed)
    if gain.interval is None:
        return gain, ""
    own, other = auc(scored.scores, scores.good), auc(scores.overlap, scores.good)
    return gain, f"(AUC {own:.2f} against {other:.2f}, difference {gain.interval[0]:+.2f} to {gain.interval[1]:+.2f})"


def _beats_chance(scores: Scores, which: str, seed: int) -> bool:
    own = measured(scores.scored(which), aucs, seed=seed)
    return own.interval is not None and own.interval[0] > _CHANCE


def _is_gain(gain: Measured) -> bool:
    return gain.interval is not None and gain.interval[0] > 0


def _key(scores: Mapping[str, Any]) -> tuple[str, str]:
    return scores["metric"], scores["labels"]


def _rounded(scores: Scores) -> dict[str, Any]:
    value = asdict(scores)
    for name in ("judge", "expected", "overlap"):
        if value[name] is not None:
            value[name] = [round(number, 4) for number in value[name]]
    # One number a group is enough to draw groups; their names are questions, which stand in the file of labels.
    order = {group: number for number, group in enumerate(dict.fromkeys(scores.groups))}
    return value | {"groups": [str(order[group]) for group in scores.groups], "good": [bool(each) for each in scores.good]}
