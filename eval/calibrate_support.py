"""The verifier's coefficients: measured features to a logistic model, and what it is worth by cross-validation.

The features are kept beside the code (`support_features.jsonl`: numbers, no text of others), so that the fit can be done again, and
tested, without the benchmarks. Knows cases and features; knows no model but the logistic one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval.agreement import Measured, Scored, auc_gain, aucs, measured
from eval.logistic import Floats, chances, fit, folds
from eval.support_cases import Case
from rag.answer.attribute import Evidence
from rag.answer.features import FEATURES, measure
from rag.answer.opinion import ask_opinion
from rag.answer.rules import check
from rag.answer.support import OpinionModel, SupportModel, yes_log_odds
from rag.errors import ConfigError
from rag.protocols import LLM

FILE = Path(__file__).with_name("support_features.jsonl")
OURS = ("pairs", "judgements")
PENALTY = 3.0
FOLDS, REPEATS = 10, 5
KEEP = 0.95  # share of our own true sentences that the threshold must leave supported
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A case, measured.

    Attributes:
        source: its set.
        id: in its set.
        group: the page or paragraph.
        kind: what was done to it.
        good: the label.
        ruled_out: whether a rule decides against it before the model is asked.
        features: by name.
        yes: the language model's probability of Yes, 0 to 1; None where it was not asked.
    """

    source: str
    id: str
    group: str
    kind: str
    good: bool
    ruled_out: bool
    features: Mapping[str, float]
    yes: float | None = None


def measure_opinions(cases: Iterable[Case], llm: LLM, done: Callable[[str], None]) -> dict[tuple[str, str], float]:
    """Ask the model of each case that is attributed to anything, as it is asked of an answer's sentences: about a second each.

    Args:
        cases: labelled sentences.
        llm: the model.
        done: told the id of each.

    Returns:
        Its probability of Yes, 0 to 1, by set and id.
    """
    found = {}
    for case in cases:
        evidence = Evidence(case.passages, case.question)
        attribution = evidence.attribute(case.claim)
        if attribution.units:
            found[case.source, case.id] = ask_opinion(llm, case.claim, attribution, evidence, case.question)
        done(case.id)
    return found


def measure_cases(cases: Iterable[Case], opinions: Mapping[tuple[str, str], float]) -> list[Row]:
    """Measure cases as the answer's sentences are.

    Args:
        cases: labelled sentences.
        opinions: the language model's probability of Yes, by set and id, where it was asked.

    Returns:
        A row for each, in their order.
    """
    rows = []
    for case in cases:
        evidence = Evidence(case.passages, case.question)
        attribution = evidence.attribute(case.claim)
        findings = check(case.claim, [unit.text for unit in attribution.units], evidence.known)
        features = measure(case.claim, attribution, evidence, findings)
        ruled_out = any(finding.contradicts or finding.kind in {"number", "date"} for finding in findings)
        kept = {name: round(features[name], _DIGITS) for name in FEATURES}
        yes = opinions.get((case.source, case.id))
        opinion = None if yes is None else round(yes, _DIGITS)
        rows.append(Row(case.source, case.id, case.group, case.kind, case.good, ruled_out, kept, opinion))
    return rows


def write_rows(rows: Sequence[Row], path: Path = FILE) -> None:
    """Keep measured cases, one a line."""
    lines = [
        json.dumps(
            {
                "source": row.source, "id": row.id, "group": row.group, "kind": row.kind, "good": row.good,
                "ruled_out": row.ruled_out, "features": list(row.features.values()), "yes": row.yes,
            },
            ensure_ascii=False,
        )
        for row in rows
    ]  # fmt: skip
    path.write_text("\n".join([json.dumps({"features": FEATURES}), *lines]) + "\n", "utf-8")


def read_rows(path: Path = FILE) -> list[Row]:
    """Read measured cases.

    Args:
        path: as `write_rows` leaves it.

    Returns:
        The cases, in the order of the file.

    Raises:
        ConfigError: the file cannot be read, or was measured with other features.
    """
    try:
        first, *lines = (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Run: python -m eval calibrate support") from error
    if tuple(first["features"]) != FEATURES:
        raise ConfigError(f"{path} was measured with other features", hint="Run: python -m eval calibrate support")
    return [Row(**{**line, "features": dict(zip(FEATURES, line["features"], strict=True))}) for line in lines]


def fit_rows(rows: Sequence[Row]) -> SupportModel:
    """Fit on all sets, each weighing the same.

    The thresholds are chosen on our own sentences, each judged by a fit without its page.
    """
    bias, weights = fit(_matrix(rows, FEATURES), _labels(rows), _balanced(rows), penalty=PENALTY)
    asked, inputs = _asked(rows)
    opinion, (features, yes) = fit(inputs, _labels(asked), _balanced(asked), penalty=PENALTY)
    return SupportModel(
        bias,
        dict(zip(FEATURES, weights.tolist(), strict=True)),
        _threshold(rows, mean_held_out(rows, FEATURES)),
        OpinionModel(opinion, float(features), float(yes), _threshold(asked, with_opinions(rows)[1])),
    )


def with_opinions(rows: Sequence[Row]) -> tuple[list[Row], Floats]:
    """Return the rows with an opinion, and the log-odds of each with it, by fits without its page."""
    asked, inputs = _asked(rows)
    scores = [_log_odds(_chances_held_out(asked, inputs, seed)) for seed in range(REPEATS)]
    result: Floats = np.asarray(np.mean(scores, axis=0), dtype=np.float64)
    return asked, result


def _asked(rows: Sequence[Row]) -> tuple[list[Row], Floats]:
    """The rows with an opinion, and for each the log-odds of its features by fits without its page, and of the model's Yes."""
    scores = mean_held_out(rows, FEATURES)
    asked = [(row, score, yes_log_odds(row.yes)) for row, score in zip(rows, scores, strict=True) if row.yes is not None]
    return [row for row, *_ in asked], np.array([each for _, *each in asked], dtype=np.float64)


def held_out(rows: Sequence[Row], names: Sequence[str], seed: int = 0) -> Floats:
    """Return the probability of each row by a fit that has not seen its group."""
    return _chances_held_out(rows, _matrix(rows, names), seed)


def _chances_held_out(rows: Sequence[Row], matrix: Floats, seed: int) -> Floats:
    labels, place = _labels(rows), folds([row.group for row in rows], FOLDS, seed)
    found = np.zeros(len(rows))
    for fold in range(FOLDS):
        here = place == fold
        others = [row for row, out in zip(rows, here, strict=True) if not out]
        bias, weights = fit(matrix[~here], labels[~here], _balanced(others), penalty=PENALTY)
        found[here] = chances(matrix[here], bias, weights)
    return found


def mean_held_out(rows: Sequence[Row], names: Sequence[str]) -> Floats:
    """Return the log-odds of each row, the mean over several ways to cut the folds."""
    found = np.mean([_log_odds(held_out(rows, names, seed)) for seed in range(REPEATS)], axis=0)
    result: Floats = np.asarray(found, dtype=np.float64)
    return result


def area(rows: Sequence[Row], scores: Floats, source: str) -> Measured:
    """Return the AUC of scores within one set, with its interval."""
    return measured(_scored(rows, scores, source), aucs)


def gain(rows: Sequence[Row], scores: Floats, others: Floats, source: str) -> Measured:
    """Return how much higher the AUC of scores is than that of others within one set, with its interval."""
    inside = np.array([row.source == source for row in rows])
    return auc_gain(_scored(rows, scores, source), others[inside].tolist())


def write_model(model: SupportModel, rows: Sequence[Row], path: Path) -> None:
    """Write a model's file, with how it was fitted."""
    counts = ", ".join(f"{sum(row.source == name for row in rows)} of {name}" for name in dict.fromkeys(row.source for row in rows))
    lines = [
        "# Is a sentence supported by what it is attributed to? Log-odds = bias + the sum of weight times feature, each 0 to 1;",
        "# rag/answer/features.py says what they are. Fitted by `python -m eval calibrate support`: logistic regression with a",
        f"# penalty of {PENALTY:g} on standardised weights, on {len(rows)} labelled sentences, each set weighing the same:",
        f"# {counts}.",
        f"# The threshold leaves {KEEP:.0%} of our own true sentences supported, each judged by a fit without its page.",
        "",
        f"bias = {model.bias:.4f}",
        f"threshold = {model.threshold:.4f}",
        "",
        "[weights]",
        *(f"{name} = {weight:.4f}" for name, weight in model.weights.items()),
        "",
        f"# With the language model's opinion, which {sum(row.yes is not None for row in rows)} of them have: "
        "log-odds = bias + features times the log-odds",
        "# above + yes times the log-odds of its Yes.",
        "[opinion]",
        *(f"{name} = {value:.4f}" for name, value in asdict(model.opinion).items()),
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def report_markdown(rows: Sequence[Row], model: SupportModel) -> str:
    """Return what the model is worth by cross-validation over pages, and what each feature adds, as Markdown."""
    sources = list(dict.fromkeys(row.source for row in rows))
    full = mean_held_out(rows, FEATURES)
    asked, opinions = with_opinions(rows)
    lines = [
        f"Threshold {model.threshold:.3f}, with the language model's opinion {model.opinion.threshold:.3f}. "
        f"AUC by {FOLDS}-fold cross-validation over pages, {REPEATS} times, 95% intervals.",
        "",
    ]
    lines += [f"| | {' | '.join(sources)} |", f"|---|{'---|' * len(sources)}"]
    for name, scores in (("word coverage alone", mean_held_out(rows, ("new_words",))), ("all features", full)):
        lines.append(f"| {name} | {' | '.join(_shown(area(rows, scores, source)) for source in sources)} |")
    yes = np.array([row.yes or 0.0 for row in asked])
    for name, scores in (("the language model's Yes alone", yes), ("features and Yes", opinions)):
        lines.append(f"| {name} ({len(asked)}) | {' | '.join(_shown(area(asked, scores, source)) for source in sources)} |")
    for name in FEATURES:
        scores = mean_held_out(rows, [each for each in FEATURES if each != name])
        lines.append(f"| {name} adds | {' | '.join(_shown(gain(rows, full, scores, source)) for source in sources)} |")
    for name, judged, scores, least in (
        ("", rows, full, model.threshold),
        (", with Yes", asked, opinions, model.opinion.threshold),
    ):
        for what, good in (("true ones supported", True), ("others supported", False)):
            shares = [_passed(judged, scores, least, source, good=good) for source in sources]
            lines.append(f"| {what}{name} | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


def _passed(rows: Sequence[Row], scores: Floats, least: float, source: str, *, good: bool) -> str:
    """How many of a set's sentences with this label are called supported."""
    inside = [(row, score) for row, score in zip(rows, _chance(scores), strict=True) if row.source == source and row.good == good]
    return f"{sum(score >= least and not row.ruled_out for row, score in inside)} of {len(inside)}"


def _shown(value: Measured) -> str:
    if value.value is None or value.interval is None:
        return "–"
    return f"{value.value:.3f} [{value.interval[0]:.3f}, {value.interval[1]:.3f}]"


def _threshold(rows: Sequence[Row], scores: Floats) -> float:
    """The probability that all but a few of our own true sentences reach."""
    ours = [
        score for row, score in zip(rows, _chance(scores), strict=True) if row.source in OURS and row.good and not row.ruled_out
    ]
    return round(float(np.quantile(ours, 1 - KEEP)), _DIGITS) if ours else 0.5


def _chance(log_odds: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-log_odds))
    return result


def _scored(rows: Sequence[Row], scores: Floats, source: str) -> Scored:
    inside = [(float(score), row) for row, score in zip(rows, scores, strict=True) if row.source == source]
    return Scored([score for score, _ in inside], [row.good for _, row in inside], [row.group for _, row in inside])


def _matrix(rows: Sequence[Row], names: Sequence[str]) -> Floats:
    return np.array([[row.features[name] for name in names] for row in rows], dtype=np.float64)


def _labels(rows: Sequence[Row]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([row.good for row in rows], dtype=bool)


def _balanced(rows: Sequence[Row]) -> Floats:
    """Weights such that each set counts the same, and a row 1 on average."""
    counts = {name: sum(row.source == name for row in rows) for name in dict.fromkeys(row.source for row in rows)}
    return np.array([len(rows) / len(counts) / counts[row.source] for row in rows], dtype=np.float64)


def _log_odds(chance: Floats) -> Floats:
    kept = np.clip(chance, 1e-9, 1 - 1e-9)
    result: Floats = np.log(kept / (1 - kept))
    return result
