"""dlaasgen report, and its page in a real browser."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen import reports
from dlaasgen.queries import Row
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Run

HOSTILE = "<script>document.title='owned'</script><img src='http://example.invalid/x.png' onerror='alert(1)'>"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def browser() -> Iterator[Any]:
    """A real browser without a window."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        words = "no browser is installed: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=path, args=options)
        yield running
        running.close()


def test_the_samples_make_a_report(dlaasgen: Run, tmp_path: Path) -> None:
    samples = ROOT / "examples/logs/nightly"
    tree = ROOT / "rendered/nightly"
    said = dlaasgen("collect", "--from", samples, "--tree", tree, "--store", "s.db", "-o", "json", cwd=tmp_path).ok()
    assert (said.data["logs"], said.data["results"], said.data["unmatched"]) == (8, 6, [])
    found = {r["cell"]: r for r in dlaasgen("results", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data}
    rates = {cell: r["metrics"].get("images_per_second", {}).get("value") for cell, r in found.items()}
    assert rates == {
        "alexnet-bs128-w1-eigen": 28.2,
        "alexnet-bs128-w1-mkl": 20.17,
        "alexnet-bs128-w3-eigen": 15.64,
        "resnet50-bs128-w1-mkl": None,
        "resnet50-bs32-w1-eigen": 4.65,
        "resnet50-bs64-w1-eigen": 3.6,
    }
    assert found["alexnet-bs128-w3-eigen"]["mismatches"]
    out = dlaasgen("report", "1", "--store", "s.db", "--out", "out/there", cwd=tmp_path).ok().out
    assert out == "written: out/there/report.md\nwritten: out/there/report.html\n"
    assert sorted(p.name for p in (tmp_path / "out/there").iterdir()) == ["report.html", "report.md"]
    assert "4 succeeded" in (tmp_path / "out/there/report.md").read_text()


def test_a_run_that_is_not_there_is_told(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "a-worker-0.log").write_text("x\n")
    dlaasgen("collect", "--from", "a-worker-0.log", "--store", "s.db", "--run", "nightly-1", cwd=tmp_path).ok()
    said = dlaasgen("report", "nightly-2", "--store", "s.db", cwd=tmp_path).exits(2).err
    assert "there is no result of run 'nightly-2'; expected one of 'nightly-1'; did you mean nightly-1?" in said
    (tmp_path / "file").write_text("")
    assert "C124" in dlaasgen("report", "nightly-1", "--store", "s.db", "--out", "file", cwd=tmp_path).exits(7).err


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_in_a_browser(dlaasgen: Run, browser: Any, tmp_path: Path, colours: Any) -> None:
    shutil.copytree(ROOT / "examples/logs/nightly", tmp_path / "logs")
    failing = tmp_path / "logs/resnet50-bs128-w1-mkl-worker-0.log"
    failing.write_text(failing.read_text() + f"{HOSTILE}\nValueError: {HOSTILE}\n")
    tree = ROOT / "rendered/nightly"
    dlaasgen("collect", "--from", "logs", "--tree", tree, "--store", "s.db", cwd=tmp_path).ok()
    dlaasgen("report", "1", "--store", "s.db", cwd=tmp_path).ok()
    told: list[str] = []
    asked: list[str] = []
    for width in (1100, 390):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=colours)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "report/report.html").as_uri())
        assert page.title() == "nightly, run 1"
        assert HOSTILE in page.inner_text("pre >> nth=0")
        assert page.locator("script, img, iframe, a").count() == 0
        assert page.locator("svg.chart").count() == 2
        assert page.locator("tbody tr").count() == 6
        # The styles are in force, and nothing sticks out.
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("svg.chart").first.bounding_box()["height"] > 30
    assert told == []
    assert set(asked) == {(tmp_path / "report/report.html").as_uri()}


@pytest.mark.outside
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_on_a_narrow_screen_and_on_paper(browser: Any, tmp_path: Path, colours: Any) -> None:
    rows = [
        Row(
            {"job": name, "matrix": "m", "cell": name, "run": "1", "status": "failed", "reason": "x" * 400,
             "stage": None, "workers": [{}], "mismatches": [], "tail": ["y" * 400],
             "metrics": {"images_per_second": {"value": 7.0 * n, "unit": "images/s", "direction": "higher"}}},
            {"model": name},
            {},
        )
        for n, name in enumerate(("resnet50-bs32-w1-eigen", "a-name-that-is-long-" * 4), 1)
    ]  # fmt: skip
    styles = (ROOT / "generator/dlaasgen/templates/report.css").read_text(encoding="utf-8")
    file = tmp_path / "report.html"
    file.write_text(reports.html(reports.Report("1", rows), styles, "0"), encoding="utf-8")
    page = browser.new_page(viewport={"width": 400, "height": 900}, color_scheme=colours)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    # The chart is moved sideways, not shrunk until nobody can read it; a row of the table is there at once.
    assert page.locator("svg.chart text").first.bounding_box()["height"] > 9
    assert page.evaluate("document.querySelector('table').scrollWidth") <= 360
    assert page.locator("td.number").first.evaluate("e => getComputedStyle(e, '::before').content") == '"images/s "'
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("pre").first.evaluate("e => e.scrollWidth <= e.clientWidth")
