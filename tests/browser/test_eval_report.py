"""The report of a run as a reader sees it: on a bright and a dark screen, on a phone and on paper."""

from __future__ import annotations

import pytest

from eval.report import write_reports
from tests.unit.eval.example import write_example_run

pytestmark = pytest.mark.browser


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


def test_it_prints_with_what_went_wrong_unfolded(view, tmp_path):
    page = view()
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pdf = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert pdf.startswith(b"%PDF")
    assert page.locator("details.question[open]").count() == page.locator(".question .mark:not(.right)").count() > 0
