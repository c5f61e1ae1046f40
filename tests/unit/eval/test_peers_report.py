"""Ratios, footnotes, pictures and the page: from made-up results, nothing is run."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from eval.bench.peers.catalogue import OWN, PEERS, choose
from eval.bench.peers.footnotes import Footnotes
from eval.bench.peers.limits import decode_limit, shares
from eval.bench.peers.load import Moment, now, others
from eval.bench.peers.picture import bars, lines
from eval.bench.peers.ratios import Spread, ratio, shown, spread
from eval.bench.peers.record import cells_of
from eval.bench.peers.report import report, write_report
from eval.cli import main
from rag.errors import ConfigError

MADE = {"documents": 3, "chunks": 1200, "peak_bytes": 300e6, "index_bytes": 5e6}


MEASURED = {"command": "python -m eval bench peers --rounds 3", "code": "abc123", "date": "2026-01-02 03:04 UTC"}


def times(*seconds, **more):
    return {str(number): {"s": each, "measured": MEASURED, **more} for number, each in enumerate(seconds)}


def results():
    own = {
        "install": {"bytes": 2e9, "python": "3.11.7", "versions": {"openvino": "2026.4"}},
        "full": times(10.0, 12.0, 11.0, **MADE),
        "unchanged": times(1.0, 1.0, 1.0, **MADE),
        "edited": times(2.0, 2.0, 2.0, **MADE),
        "search": times(0.02, 0.02, 0.02, cold_s=3.0),
        "deleted": {"0": {"s": 1.0, "before": True, "after": False}},
        "evidence": {
            "set": "a set",
            "questions": 9,
            "chunks": 40,
            "lost": 0.0,
            "summary": {"all@1024": {"value": 0.9, "interval": [0.8, 1.0]}},
        },
        "ask": {
            "cold_first_token_s": 8.0,
            "cold_total_s": 9.0,
            "peak_bytes": 2e9,
            "answers": [{"question": "a", "cold": True}, {"question": "b", "first_token_s": 2.0, "total_s": 4.0}],
        },
        "growth": {"1000": {"s": 9.0, "edited_s": 2.0, "search_s": 0.02}},
    }
    peer = {
        "install": {"seconds": 61.0, "bytes": 1.5e9, "python": "3.11.7", "versions": {"txtai": "9"}},
        "full": times(50.0, 48.0, 66.0, **MADE),
        "unchanged": times(50.0, 20.0, 30.0, **MADE),
        "edited": {"0": {"failed": "not finished in 5 s"}, "1": {"s": 40.0}, "2": {"failed": "not finished in 5 s"}},
        "search": times(0.1, 0.1, 0.1, cold_s=12.0),
        "deleted": {"0": {"s": 1.0, "before": True, "after": True}},
        "evidence": {"failed": "KeyError: text"},
        "ask": {
            "cold_first_token_s": 30.0,
            "cold_total_s": 31.0,
            "peak_bytes": 3e9,
            "answers": [{"question": "a", "cold": True}, {"question": "b", "failed": "the answer is empty"}],
        },
        "growth": {"1000": {"s": 90.0, "edited_s": 80.0, "search_s": 0.1}, "10000": {"failed": "not finished in 600 s"}},
    }
    return {
        "settings": {"embedder": "MiniLM", "llm": "qwen", "passages": 4, "corpora": ["corpus"], "set": "a set"},
        "about": {"pages": 3, "searched": 20, "machine": {"processor": "P", "cores": 2, "memory_bytes": 2**34}},
        "limits": {
            "machine": {"read_bytes_per_s": 2e10, "copy_bytes_per_s": 1e10, "matmul_failed": "ImportError: torch"},
            "engine": {"failed": "it said nothing", "weights_bytes": 10**9, "parameters": 10**9},
            "shares": {"decode_bound": 20.0},
        },
        "peers": {OWN: own, "txtai": peer, "haiku": {"install": {"failed": "needs Python 3.12; this machine has 3.11"}}},
    }


def stamped(data, steps=None, **changes):
    """The same with every cell measured by one command, or the cells of some steps by another."""
    for step, cell in cells_of(data):
        if steps is None or step in steps:
            cell["measured"] = {**MEASURED, **changes}
    return data


def row(page, start, nth=0):
    return [line for line in page.splitlines() if line.startswith(f"| {start} |")][nth]


def test_ratios_are_of_pairs():
    found = ratio({"0": 50.0, "1": 48.0, "2": 66.0, "3": 1.0}, {"0": 10.0, "1": 12.0, "2": 11.0})
    assert found == Spread(5.0, 4.0, 6.0, 3)
    assert ratio({"0": 1.0}, {"1": 1.0}) is None
    assert ratio({"0": 1.0}, {"0": 0.0}) is None
    assert spread([]) is None
    assert shown(Spread(1234.5, 1000.0, 2000.0, 2), 0) == "1,234 (1,000 to 2,000)"


def test_one_text_has_one_footnote():
    notes = Footnotes()
    assert [notes.mark("a|b"), notes.mark("c"), notes.mark("a|b")] == ["[^1]", "[^2]", "[^1]"]
    assert notes.page() == "[^1]: a\\|b\n[^2]: c\n"


def test_the_page_shows_medians_ratios_and_every_failure():
    page, pictures = report(stamped(results()))
    assert row(page, "this system", 1) == "| this system | 11.0 (10.0 to 12.0) | 1.0 (1.0 to 1.0) | 2.0 (2.0 to 2.0) | 3 / 1,200 |"
    assert row(page, "txtai", 1).startswith("| txtai | 50.0 (48.0 to 66.0) | 30.0 (20.0 to 50.0) | 40.0[^")
    assert row(page, "txtai", 2) == "| txtai | 5.0 (4.0 to 6.0) | 30.0 (20.0 to 50.0) | 20.0 |"
    for reason in ("not finished in 5 s", "KeyError: text", "the answer is empty", "not finished in 600 s", "needs Python 3.12"):
        [note] = [line for line in page.splitlines() if line.startswith("[^") and reason in line]
        assert f"{note.split(':')[0]}" in page.replace(note, ""), reason
    assert "ImportError: torch" in page
    assert "20.0 tokens/s" in page
    assert "| **yes** |" in page
    assert "90.0% (80.0 to 100.0)" in page
    assert set(pictures) == {"bench-ratios.svg", "bench-growth.svg"}


def test_a_machine_that_was_not_quiet_is_told():
    made = stamped(results())
    assert "not quiet" not in report(made)[0]
    made["peers"][OWN]["full"]["0"]["others"] = 0.62
    made["peers"][OWN]["full"]["1"]["others"] = 0.05
    assert "During 1 of 2 ingests other programs used more than 10% of the processors, 62% at most" in report(made)[0]


def test_what_others_used_is_what_we_did_not():
    assert others(Moment(0.0, 10.0, 1.0), Moment(10.0, 22.0, 5.0), 2) == 0.4
    assert others(Moment(0.0, 10.0, 1.0), Moment(10.0, 12.0, 5.0), 2) == 0.0
    assert others(Moment(0.0, None, 1.0), Moment(10.0, None, 5.0), 2) is None
    assert now().clock > 0


def test_a_system_that_could_not_be_installed_has_dashes_and_the_reason():
    page, _ = report(stamped(results()))
    lines = [line for line in page.splitlines() if line.startswith("| haiku.rag |")]
    assert len(lines) == 7
    for line in lines[1:]:
        assert all(cell.strip().startswith("–") for cell in line.strip("|").split("|")[1:])
    assert [line for line in page.splitlines() if "haiku.rag: needs Python 3.12; this machine has 3.11" in line]


def test_an_empty_record_makes_a_page_without_sections():
    page, pictures = report({**results(), "peers": {}, "limits": {}})
    assert page.count("\n## ") == 0
    assert "Nothing was measured." in page
    left_out = next(line for line in page.splitlines() if line.startswith("Not measured, and left out below: "))
    for part in ("ingest", "questions", "memory and disk", "what is found", "growth", "the machine's own limits"):
        assert part in left_out
    assert pictures == {}


def test_only_what_was_measured_is_shown():
    made = stamped(results())
    for steps in made["peers"].values():
        for step in ("evidence", "growth", "ask", "deleted", "install"):
            steps.pop(step, None)
    made["limits"] = {}
    page, pictures = report(made)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Ingest",
        "## Questions",
        "## Memory and disk",
        "## Remarks",
    ]
    assert "| system | search, ms | cold search, s |" in page
    assert "| system | memory to ingest, MB | index, MB |" in page
    assert "questions (first token, s, last token, s, cold first token, s, answered)" in page
    assert "what is found; growth; the machine's own limits." in page
    assert "bench-growth" not in page
    assert list(pictures) == ["bench-ratios.svg"]
    page, _ = report({**made, "peers": {OWN: {"deleted": {"0": {"s": 1.0, "before": True, "after": False}}}}})
    assert "| system | deleted page still returned |" in page
    assert "512 tokens" not in page.replace("what is found (512 tokens", "")


def test_a_gap_in_a_column_that_others_fill_is_explained():
    made = stamped(results())
    del made["peers"]["txtai"]["ask"]
    page, _ = report(made)
    [note] = [line for line in page.splitlines() if line.endswith(": Not measured in this run.")]
    assert note.partition(":")[0] in next(line for line in page.splitlines() if line.startswith("| txtai | 100.0"))


def test_the_page_names_the_command_and_the_commit_of_one_run():
    page, _ = report(stamped(results()))
    assert "Measured by `python -m eval bench peers --rounds 3` at abc123, 2026-01-02 03:04 UTC; nothing here" in page
    page, _ = report(stamped(stamped(results()), {"ask"}, date="2026-01-05 00:00 UTC"))
    assert "at abc123, 2026-01-02 03:04 UTC to 2026-01-05 00:00 UTC; nothing" in page


def test_the_page_tells_runs_apart():
    other = {"command": "python -m eval bench peers --steps ask --home …/x_y", "code": "def456", "date": "2026-01-05 00:00 UTC"}
    page, _ = report(stamped(stamped(results()), {"ask", "limits"}, **other))
    [first] = [line for line in page.splitlines() if line.startswith("**The figures come from 2 runs** at 2 commits[^1][^2];")]
    notes = [line for line in page.splitlines() if line.startswith("[^") and "measured by" in line]
    assert len(notes) == 2
    assert all(note.partition(":")[0] in first for note in notes)
    assert any(
        "limits, ask: measured by python -m eval bench peers --steps ask --home …/x\\_y at def456, 2026-01-05" in note
        for note in notes
    )
    assert any("full, unchanged" in note and "abc123" in note and "ask," not in note for note in notes)
    page, _ = report(stamped(stamped(results()), {"ask"}, command="another"))
    assert "**The figures come from 2 runs** at abc123[^" in page


def test_pictures_are_well_formed_and_say_what_is_missing():
    svg = bars({"full <b>": {"one & two": 4.2, "three": 250.0}, "none": {}}, ["one & two", "three"], unit=" times")
    assert ET.fromstring(svg).attrib["aria-label"] == "full <b>; none"
    assert "not measured" in svg
    assert "4.2 times" in svg
    drawn = lines({"a": [(1000.0, 3.0), (10000.0, 40.0)], "b": []}, x_name="x", y_name="y")
    assert len(ET.fromstring(drawn).findall(".//{*}circle")) == 2


def test_bars_go_to_the_side_of_1_that_their_value_is_on_and_labels_stay_inside():
    values = {"faster than ours": 0.2, "slower": 5.0, "far slower": 1000.0}
    drawn = ET.fromstring(bars({"g": values}, list(values), unit=" times ours"))
    [line] = drawn.findall(".//{*}line")
    one = float(line.attrib["x1"])
    edges = [(float(each.attrib["x"]), float(each.attrib["width"])) for each in drawn.findall(".//{*}rect")]
    assert [round(start, 1) for start, _ in edges][1:] == [one, one]
    assert round(sum(edges[0]), 1) == pytest.approx(one, abs=0.2)
    labels = [each for each in drawn.findall(".//{*}text") if each.text.endswith("times ours")]
    assert max(float(each.attrib["x"]) + 6 * len(each.text) for each in labels) < 720


def test_a_system_has_one_colour_in_both_pictures_whichever_failed():
    points = [(1000.0, 7.0), (10000.0, 50.0)]
    grown = ET.fromstring(lines({"ours": points, "fails to grow": [], "fails": points, "other": points}, x_name="x", y_name="y"))
    names = ["ours", "fails to grow", "fails", "other"]
    compared = ET.fromstring(bars({"g": {"fails to grow": 2.0, "other": 3.0}}, names, unit=" times ours"))
    ours, fails, other = (each.attrib["fill"] for each in grown.findall(".//{*}rect"))
    fails_to_grow, compared_other = (each.attrib["fill"] for each in compared.findall(".//{*}rect"))
    assert compared_other == other
    assert len({ours, fails_to_grow, fails, other}) == 4


def test_the_page_and_its_pictures_are_written(tmp_path):
    write_report(stamped(results()), tmp_path / "BENCHMARKS.md")
    for name in ("bench-ratios.svg", "bench-growth.svg"):
        assert f"images/{name}" in (tmp_path / "BENCHMARKS.md").read_text()
        ET.parse(tmp_path / "images" / name)
    made = stamped(results())
    for steps in made["peers"].values():
        steps.pop("growth", None)
    write_report(made, tmp_path / "BENCHMARKS.md")
    assert [file.name for file in (tmp_path / "images").iterdir()] == ["bench-ratios.svg"]


def test_shares_of_the_bounds():
    machine = {"read_bytes_per_s": 3e10, "copy_bytes_per_s": 2e10, "bf16_flops": 6e11}
    found = shares(machine, {"weights_bytes": 10**9, "parameters": 15 * 10**8, "decode_per_s": 15.0, "prefill_per_s": 50.0})
    assert found == {"decode_bound": 30.0, "prefill_bound": 200.0, "decode_share": 0.5, "prefill_share": 0.25}
    assert shares({"failed": "x"}, {"failed": "y"}) == {}


def test_peers_are_chosen_by_name_and_ours_is_always_among_them():
    assert [peer.name for peer in choose(["txtai"])] == [OWN, "txtai"]
    assert choose([]) == PEERS
    with pytest.raises(ConfigError, match="no peer 'nobody'"):
        choose(["nobody"])


def test_every_peer_has_its_files():
    for peer in PEERS:
        assert peer.driver_file.is_file()
        if peer.requirements:
            pinned = [line for line in peer.requirements_file.read_text().splitlines() if line and not line.startswith("#")]
            assert all("==" in line for line in pinned)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--steps", "dance"], "no step 'dance'"), (["--peer", "nobody"], "no peer 'nobody'")],
)
def test_what_is_not_known_is_refused_before_anything_runs(arguments, reason):
    with pytest.raises(ConfigError, match=reason):
        main(["bench", "peers", *arguments])


def test_a_model_that_peers_cannot_load_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("RAG_LLM", "openai:http://127.0.0.1:9/v1")
    with pytest.raises(ConfigError, match="GGUF"):
        main(["bench", "peers", "--out", str(tmp_path / "out.json")])


@pytest.mark.slow
def test_what_memory_allows_is_measured_in_a_process_of_its_own(tmp_path):
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(bytes(1000))
    found = decode_limit(weights, 1)
    assert found["weights_bytes"] == 1000
    assert found["bytes_per_s"] > 1e8
    assert found["tokens_per_s"] == found["bytes_per_s"] / 1000
