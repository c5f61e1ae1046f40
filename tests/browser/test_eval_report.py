"""The report of a run as a reader sees it: on a bright and a dark screen, on a phone and on paper.

What is looked for is what a reader would complain of, measured where the browser has put it: text that is cut or runs into other
text, plots that are empty or too small to read, dark grounds on paper. A picture to compare with would differ from one machine's
fonts to the next.
"""

from __future__ import annotations

import unicodedata

import pytest
from pypdf import PdfReader

from eval.report import write_reports
from tests.unit.eval.example import write_example_run

pytestmark = pytest.mark.browser

WIDTHS = [360, 800, 1280]
A4_PX = 718  # 190 mm between margins of 10 mm

# The boxes of the words in the cells of each row, and of the cells.
WORDS_OF_ROWS = """() => [...document.querySelectorAll('tr')].map(row => [...row.cells].flatMap(cell => {
  const around = cell.getBoundingClientRect();
  const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT, node =>
    node.parentElement.closest('svg') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const found = [];
  while (words.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(words.currentNode);
    for (const box of range.getClientRects()) found.push({
      text: words.currentNode.data, cell: cell.cellIndex, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
      inside: box.left >= around.left - 1 && box.right <= around.right + 1
    });
  }
  for (const plot of cell.querySelectorAll('svg')) {
    const box = plot.getBoundingClientRect();
    found.push({text: 'plot', cell: cell.cellIndex, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
      inside: box.left >= around.left - 1 && box.right <= around.right + 1});
  }
  return found;
}))"""

# The same for the words in each plot.
WORDS_OF_PLOTS = """() => [...document.querySelectorAll('svg.stacked, svg.curve')].map(plot =>
  [...plot.querySelectorAll('text')].map((word, number) => {
    const box = word.getBoundingClientRect();
    return {text: word.textContent, cell: number, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
      size: 12 * plot.getBoundingClientRect().width / plot.viewBox.baseVal.width};
  }))"""

# What is wider than the box that it lies in, the page included. Where the box can be scrolled, that is fine on a screen.
CUT = """() => [...document.querySelectorAll('html, .scroll, blockquote, .sides > div, p, h1, summary, figcaption')]
  .filter(box => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0)
  .map(box => [box.className || box.tagName, box.textContent.slice(0, 40), box.scrollWidth, box.clientWidth])"""

DARK = """() => [...document.querySelectorAll('body, body *:not(.mark)')].filter(each => {
  const ground = getComputedStyle(each).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (ground[3] ?? 1) > 0 && (ground[0] + ground[1] + ground[2]) / 3 < 200;
}).map(each => each.tagName + '.' + each.className)"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    calibration = write_example_run(folder)
    return write_reports(folder, calibration)[0]


@pytest.fixture
def view(browser, report):
    """Open the report; it may ask for nothing, log nothing and be no wider than the screen."""
    contexts, trouble, requests = [], [], []

    def opened(width=1280, height=900, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(report.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert set(requests) <= {report.as_uri(), "data:,"}
    assert not trouble


def overlapping(words):
    """Pairs of words of different cells whose boxes share more than a rounding of the browser's."""
    return [
        (one["text"], other["text"])
        for number, one in enumerate(words)
        for other in words[number + 1 :]
        if one["cell"] != other["cell"]
        and min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 1
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_words_run_into_others_and_none_leave_their_cell(view, width):
    page = view(width)
    rows = page.evaluate(WORDS_OF_ROWS)
    assert sum(map(len, rows)) > 150
    for words in rows:
        assert overlapping(words) == []
        assert [word["text"] for word in words if not word["inside"]] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_too_wide_can_be_moved_and_nothing_else_is(view, width):
    page = view(width)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    cut = page.evaluate(CUT)
    assert {name for name, *_ in cut} <= ({"scroll"} if width == 360 else set())
    assert bool(cut) is (width == 360)
    for box in page.locator(".scroll").all():
        assert box.evaluate("box => getComputedStyle(box).overflowX") == "auto"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_words_of_a_plot_can_be_read(view, width):
    page = view(width)
    plots = page.evaluate(WORDS_OF_PLOTS)
    assert [len(words) > 10 for words in plots] == [True] * 3
    for words in plots:
        assert overlapping(words) == []
        assert min(word["size"] for word in words) >= 9.5


def test_every_interval_is_drawn_as_wide_as_its_scale(view):
    page = view(800)
    for plot in page.locator("svg.interval").all():
        box, bar = plot.bounding_box(), plot.locator("circle").bounding_box()
        assert box["width"] >= 90
        assert box["height"] > 5
        assert box["x"] - 4 <= bar["x"] <= box["x"] + box["width"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_it_fits_the_screen_and_is_painted(view, tmp_path, width, scheme):
    page = view(width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot = page.screenshot(path=tmp_path / "report.png", full_page=True)
    assert len(shot) > 20_000
    backdrop = page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = sum(int(part) for part in backdrop[4:-1].split(",")) / 3
    assert shade < 60 if scheme == "dark" else shade > 200


def test_the_judge_comes_first_and_a_blunt_one_is_grey(view):
    page = view()
    assert page.locator("h2").first.inner_text() == "How far the judge can be trusted"
    ink = page.evaluate("getComputedStyle(document.body).color")
    for metric, grey in {"faithfulness": False, "answer_relevancy": True}.items():
        cell = page.locator("td", has_text=metric).first
        assert (cell.evaluate("cell => getComputedStyle(cell).color") != ink) is grey


def test_every_plot_has_a_size_and_lies_inside_the_page(view):
    page = view()
    plots = page.locator("svg").all()
    assert len(plots) > 10
    for box in (plot.bounding_box() for plot in plots if plot.is_visible()):
        assert box["width"] > 50
        assert box["x"] + box["width"] <= 1280


def test_words_can_be_read_on_what_is_behind_them(view):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        found = axe.run(view(scheme=scheme), options={"runOnly": ["wcag2a", "wcag2aa"]})
        serious = [(each["id"], node["html"][:120]) for each in found.response["violations"] for node in each["nodes"]]
        assert serious == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_nothing_is_cut_and_no_ground_is_dark(view, scheme):
    page = view(A4_PX, scheme=scheme)
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate(CUT) == []
    assert page.evaluate(DARK) == []
    for words in page.evaluate(WORDS_OF_ROWS):
        assert overlapping(words) == []
    inks = page.locator("td, p, h1, h2, summary").evaluate_all("all => all.map(each => getComputedStyle(each).color)")
    assert {ink for ink in inks if sum(map(int, ink[4:-1].split(","))) / 3 > 130} == set()


def test_the_printed_pages_hold_every_figure_to_its_last_word(view, tmp_path):
    page = view()
    told = page.locator("h2:has-text('Figures') ~ .scroll").first.locator("td:last-child").all_inner_texts()
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    sheets = PdfReader(tmp_path / "report.pdf").pages
    assert len(sheets) > 2
    # Some fonts have one sign for "fi", which stands as such in the file.
    printed = "".join("".join(unicodedata.normalize("NFKC", sheet.extract_text()).split()) for sheet in sheets)
    assert len(told) > 15
    assert [words for words in told if "".join(words.split()) not in printed] == []
    # The paper is as wide as it was asked to be: nothing has made the browser shrink or stretch a page.
    assert {round(float(sheet.mediabox.width)) for sheet in sheets} <= {595, 596}


def test_it_prints_with_what_went_wrong_unfolded(view, tmp_path):
    page = view()
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pdf = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert pdf.startswith(b"%PDF")
    assert page.locator("details.question[open]").count() == page.locator(".question .mark:not(.right)").count() > 0
