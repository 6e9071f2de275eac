"""The report in a browser: what a person sees of a recorded run, without a network."""

import dataclasses
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from migrations_tools.demo.facts import Run
from migrations_tools.demo.report import page as made
from migrations_tools.demo.timeline import scheduled
from tests.e2e import recorded

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """`opened(run, failing=0, scheme="light", width=1200)`: the page of that run."""
    contexts = []

    def open_page(run: Run, *, failing: int = 0, scheme: str = "light", width: int = 1200) -> Page:
        report = tmp_path / "report.html"
        report.write_text(made(run, recorded.journal(failing)), encoding="utf-8")
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(report.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_the_proof_is_what_one_sees_first(opened: Opened) -> None:
    """The verdict and the five counts stand above the charts, in the first screen."""
    page = opened(recorded.run())
    assert "5,650 acknowledged writes" in page.locator("#verdict.good").inner_text()
    assert page.locator("#proof li.good").count() == 5
    box = page.locator("#counts").bounding_box()
    assert box
    assert box["y"] + box["height"] < 900


def test_every_phase_is_a_band_with_its_name(opened: Opened) -> None:
    """Each stage of the road is drawn behind the charts and named above them, and no two names touch."""
    page = opened(recorded.run())
    assert page.locator("#timeline rect.band").count() == len(recorded.STAGES)
    words = page.locator("#timeline text.phase").all_text_contents()
    assert words == ["monolith", "dual_write", "shadow", "canary", "service", "rollback", "service"]
    boxes = sorted(
        (box["x"], box["x"] + box["width"]) for text in page.locator("#timeline text.phase").all() if (box := text.bounding_box())
    )
    assert all(end <= begin for (_, end), (begin, _) in pairwise(boxes))


def test_the_curves_cover_the_run(opened: Opened) -> None:
    """Latency, throughput and lag are drawn from the run's begin to its end."""
    page = opened(recorded.run())
    chart = page.locator("#timeline").bounding_box()
    assert chart
    for name in ("p50", "p99", "max", "throughput", "lag"):
        box = page.locator(f"#timeline path.line.{name}").bounding_box()
        assert box
        assert box["width"] > 0.9 * chart["width"]
        assert box["height"] > 0


def test_each_hand_over_is_enlarged(opened: Opened) -> None:
    """One chart each, with the pause, the writes around it, and those that waited marked."""
    run = recorded.run()
    page = opened(run)
    charts = page.locator("#cutovers .switch-chart")
    assert charts.count() == 3
    for chart, cutover in zip(charts.all(), run.cutovers, strict=True):
        near = [one for one in scheduled(recorded.journal()) if one.write and abs(one.at - cutover.switched_at) <= 0.75]
        assert chart.locator("circle.dot").count() == len(near)
        assert chart.locator("circle.dot.held").count() > 0
        assert chart.locator("rect.pause").count() == 1


def test_a_failed_proof_is_not_to_be_overlooked(opened: Opened) -> None:
    """The verdict is red and names what was found, the counts too, failures are marked in the timeline, and a count that was not
    measured is no zero."""
    run = recorded.run(
        proof={"lost": 2, "doubled": 0, "failed": 3, "stale": 0, "divergent": None},
        samples={"lost": ["<b>a@x</b>: nickname: expected 'r1-1', saw None"]},
    )
    page = opened(run, failing=3)
    verdict = page.locator("#verdict.bad").inner_text()
    assert "lost writes: 2" in verdict
    assert "divergent customers: not measured" in verdict
    assert page.locator("#proof li.bad b").all_inner_texts() == ["2", "3", "–"]
    assert page.locator("#timeline rect.failure").count() >= 1
    assert page.locator("ul.samples li").inner_text().startswith("<b>a@x</b>")


def test_the_mix_adds_up(opened: Opened) -> None:
    """The table of operations accounts for every request of the schedule."""
    page = opened(recorded.run())
    shown = sum(int(text.replace(",", "")) for text in page.locator("#mix tbody td:nth-child(3)").all_inner_texts())
    assert shown == len(scheduled(recorded.journal()))


def test_it_needs_no_network_and_no_script(opened: Opened) -> None:
    """Nothing is requested but the file itself, and there is no script in it."""
    page = opened(recorded.run())
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    assert page.locator("script, link, img, iframe").count() == 0


@pytest.mark.parametrize("width", [500, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_light_and_dark_and_on_a_phone(opened: Opened, scheme: str, width: int) -> None:
    """Text stands out from its ground (4.5 to 1 at least), and the page never scrolls sideways."""
    page = opened(recorded.run(), scheme=scheme, width=width)
    for where in ("body", "#verdict", ".soft", "#timeline text.label", "#mix th"):
        assert page.locator(where).first.evaluate(CONTRAST) >= 4.5, where
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_run_without_requests_has_a_page() -> None:
    """A run that broke off still has its report, which says that nothing was proven."""
    run = dataclasses.replace(recorded.run(acknowledged_writes=0), stages=[], cutovers=[], lag=[], backfill=None, verify=None)
    text = made(run, [])
    assert "nothing was written" in text
    assert "not measured" in text


CONTRAST = """
element => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let ground = element;
  while (rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const style = getComputedStyle(element);
  const ink = rgb(element instanceof SVGElement ? style.fill : style.color);
  const [a, b] = [light(ink), light(rgb(getComputedStyle(ground).backgroundColor))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}
"""
