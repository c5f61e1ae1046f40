"""A comparison as Markdown and as JSON. Knows the shape of a comparison; compares nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from eval.baseline import Side, differing
from eval.compare import ALPHA, Change, Comparison, Line
from eval.markdown import cells, number, table

_SHOWN = 40
_MOVED = 4


def comparison_markdown(before: Side, after: Side, comparison: Comparison) -> str:
    """Return the comparison as Markdown: what differs in the making, the figures, and the questions that changed."""
    parts = [
        f"# {before.name} → {after.name}\n\n{_verdict(comparison)}{_cut(before, after)}\n",
        _made_with(before, after),
        "## Figures\n\n" + _figures(comparison),
        "## Questions that changed\n\n" + _questions(comparison),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def comparison_json(before: Side, after: Side, comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    return {
        "before": before.name,
        "after": after.name,
        "differs": {name: list(values) for name, values in differing(before, after).items()},
        "questions": comparison.questions,
        "only_one": comparison.only_one,
        "right": {"lost": comparison.lost, "won": comparison.won, "p": comparison.mcnemar_p},
        "figures": [asdict(line) for line in comparison.lines],
        "changes": [asdict(change) for change in comparison.changes],
        "worse": comparison.worse,
    }


def _verdict(comparison: Comparison) -> str:
    minded = [line for line in comparison.lines if line.gated]
    better = [line.name for line in minded if line.verdict == "better"]
    word = "noise: no figure differs by more than chance"
    if comparison.worse or better:
        told = [f"{what}: {', '.join(names)}" for what, names in (("worse", comparison.worse), ("better", better)) if names]
        word = "; ".join(told)
    return (
        f"**{word[0].upper()}{word[1:]}.** {comparison.questions} questions in both, {len(comparison.changes)} changed; "
        f"right before and not now {comparison.lost}, right now and not before {comparison.won} "
        f"(McNemar p = {comparison.mcnemar_p:.3f})."
        + (f" {comparison.only_one} were asked in one of them only and do not count." if comparison.only_one else "")
    )


def _cut(*sides: Side) -> str:
    return "".join(f" **{side.name} was not finished.**" for side in sides if side.cut)


def _made_with(before: Side, after: Side) -> str:
    found = differing(before, after)
    if not found:
        return "Both were made with the same notes, settings, models and code.\n"
    rows = ([name, _short(one), _short(other)] for name, (one, other) in found.items())
    return "## Made with\n\n" + table(["what", before.name, after.name], rows)


def _figures(comparison: Comparison) -> str:
    header = ["figure", "before", "after", "difference", "95% interval", "p", "verdict", "changed"]
    note = (
        "\nMeans over the questions that have the figure in both runs; paired bootstrap, p corrected by Holm for the figures that "
        f"a gate minds; below {ALPHA} it is no noise. Times and expected values are shown, and no gate minds them.\n"
    )
    return table(header, (_row(line) for line in comparison.lines)) + note


def _row(line: Line) -> list[str]:
    low, high = line.difference.interval
    word = line.verdict if line.gated else f"({line.verdict})"
    return [
        line.name,
        number(line.before),
        number(line.after),
        f"{line.difference.value:+.3f}",
        f"{low:+.3f} to {high:+.3f}",
        f"{line.p:.3f}",
        f"**{word}**" if line.gated and word != "noise" else word,
        f"{line.changed} of {line.count}",
    ]


def _questions(comparison: Comparison) -> str:
    if not comparison.changes:
        return "None.\n"
    rows = (_change(change) for change in comparison.changes[:_SHOWN])
    rest = len(comparison.changes) - _SHOWN
    return table(["question", "verdict", "what moved most"], rows) + (f"\nAnd {rest} more.\n" if rest > 0 else "")


def _change(change: Change) -> list[str]:
    moved = sorted(change.moved.items(), key=lambda item: -abs(item[1]))[:_MOVED]
    verdict = change.before if change.before == change.after else f"{change.before} → {change.after}"
    return [change.id, verdict, ", ".join(f"{name} {gain:+.2f}" for name, gain in moved)]


def _short(value: object) -> str:
    return cells([str(value)[:60]])[2:-2]
