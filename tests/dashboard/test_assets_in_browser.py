"""The page in a real browser, with results that are in the data store of an AWS on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

import chromium
import command_line
import processes
from audited_project import AuditedProject, audited_project
from miztiik_events.audit import verdict
from miztiik_events.audit.verdict import Verdict
from miztiik_events.destroy import buckets
from sold_lines import BROKEN, HOSTILE, LONG, SCRIPT, sold
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

MINUTE = 60_000
NOW = round(time.time() * 1000) // MINUTE * MINUTE


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with chromium.browser() as opened:
        yield opened


@contextmanager
def served(project: AuditedProject) -> Iterator[str]:
    """The address of the page, which `miztiik-events dashboard` serves until the block ends."""
    command = [command_line.PROGRAM, "dashboard", "--port=0", "--project", project.name]
    environment = {**os.environ, **command_line.NO_SETTINGS, **project.aws.environment}
    with processes.started(command, env=environment, stdout=subprocess.PIPE) as running:
        assert running.stdout
        yield running.stdout.readline().strip()
        running.terminate()
        assert running.wait(30) == 128 + signal.SIGTERM


@pytest.fixture(scope="module")
def address(project: AuditedProject) -> Iterator[str]:
    with served(project) as address:
        yield address


@pytest.fixture(scope="module")
def page(driver: webdriver.Chrome, address: str) -> Page:
    """It stays open from test to test, since to draw it takes seconds."""
    return opened(driver, address)


@pytest.fixture
def opened_anew(page: Page, address: str) -> None:
    """For what a person does on it, whatever was done before."""
    opened(page.driver, address)


def opened(driver: webdriver.Chrome, address: str) -> Page:
    chromium.resize(driver, 1440)
    driver.get("about:blank")
    driver.get(address)
    page = Page(driver)
    page.until_state("Live")
    return page


class Page:
    """The page as a person sees it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def text(self, id: str) -> str:
        return str(self.driver.find_element("id", id).text)

    def run(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")

    def until_text(self, id: str, text: str) -> None:
        until(lambda: text in self.text(id), f"{text!r} in {id}")

    def until_state(self, text: str) -> None:
        until(lambda: self.text("state-text") == text, f"the state {text!r}")

    @property
    def bars(self) -> int:
        return int(self.run("document.querySelectorAll('#chart .bars .point').length"))


# In the order of the file, as of one day in a shop: nothing yet, then sales, then faults.


def test_before_the_first_result_it_says_what_comes_first(page: Page) -> None:
    page.until_text("empty", "miztiik-events start-analytics")
    assert not page.driver.find_element("id", "content").is_displayed()
    assert "has not run on this machine" in page.text("signs")


def test_the_first_window_appears_by_itself(page: Page, project: AuditedProject) -> None:
    project.store([sold("store_1", NOW, 1234.5)])
    page.until_text("figures", "1,224.50")
    assert page.text("stores-title") == "1 store"
    until(lambda: page.bars == 1, "the bar")


def test_hostile_names_and_broken_lines_are_shown_or_counted_and_never_run(
    page: Page, project: AuditedProject
) -> None:
    project.store([sold(name, NOW - MINUTE, 500 + len(name)) for name in HOSTILE])
    project.store(BROKEN)
    project.store([sold("huge", NOW - MINUTE, 99999999999999999999), sold("loss", NOW, -1e12)])
    page.until_text("signs", f"Unreadable lines\n{len(BROKEN)}")
    page.until_text("stores-title", f"{len(HOSTILE) + 3} stores")
    names = page.run("[...document.querySelectorAll('#ranking tbody bdi')].map(e => e.textContent)")
    assert {*names} == {*HOSTILE, "store_1", "huge", "loss"}
    assert page.text("ranking").count("99,999,999,999,999,999,989.00") == 1
    assert page.driver.title == "Sales"
    assert page.run("document.querySelectorAll('main script, main img').length") == 0
    width = page.run("document.documentElement.scrollWidth")
    assert width <= 1440


@pytest.mark.usefixtures("opened_anew")
def test_one_store_alone_and_all_again_by_the_keyboard(page: Page) -> None:
    button = page.driver.find_element("css selector", f"#ranking button[title='{LONG}']")
    button.send_keys(Keys.ENTER)
    page.until_text("chosen-name", LONG)
    page.until_text("legend", LONG)
    assert page.run("answer.chart.series.length") == 1
    page.driver.find_element("id", "all-stores").send_keys(Keys.ENTER)
    until(lambda: page.run("answer.chart.series.length") > 1, "all stores")
    hour = page.driver.find_element("css selector", "#ranges input[value=hour]")
    hour.send_keys(Keys.ARROW_RIGHT)
    until(lambda: page.run("answer.question.range") == "day", "the day")


@pytest.mark.usefixtures("opened_anew")
def test_a_bar_is_read_out_and_the_table_has_them_all(page: Page) -> None:
    chart = page.driver.find_element("id", "chart")
    last = page.text("readout")
    chart.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    until(lambda: page.text("readout") != last, "another bar")
    page.driver.find_element("css selector", "#course-details summary").send_keys(Keys.ENTER)
    rows = "document.querySelectorAll('#course-table tbody tr').length"
    until(lambda: page.run(rows) == page.run("answer.chart.starts.length"), "the table")
    assert page.text("course-table").splitlines()[0].startswith("From (UTC)")


@pytest.mark.usefixtures("opened_anew")
def test_what_a_backfill_made_up_is_hatched_and_said(page: Page, project: AuditedProject) -> None:
    assert not page.driver.find_element("id", "made-up").is_displayed()
    project.store([sold("store_1", NOW - 5 * MINUTE, backfill=True)])
    page.until_text("made-up", "1 window is made up for a demonstration")
    until(lambda: page.run("document.querySelectorAll('#chart pattern').length"), "the hatching")
    page.driver.find_element("css selector", "#course-details summary").send_keys(Keys.ENTER)
    page.until_text("course-table", "(made up)")


def test_what_verify_said_is_shown(page: Page, project: AuditedProject) -> None:
    bucket = project.outputs["FirehoseDataStore"]
    for differences, text in ((3, "3 differences"), (0, "agreed on 140 windows")):
        verdict.keep(bucket, Verdict.now(140, differences))
        project.store([sold("store_1", NOW - (2 + differences) * MINUTE)])
        page.until_text("signs", text)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 800, 1440, 2560])
def test_it_fits_every_width(page: Page, width: int, dark: bool) -> None:
    chromium.resize(page.driver, width, dark=dark)
    until(lambda: page.run("innerWidth") == width, "the width")
    assert page.run("document.documentElement.scrollWidth") <= width
    light = page.run("getComputedStyle(document.body).backgroundColor") == "rgb(245, 246, 248)"
    assert light is not dark


def test_it_asks_no_other_host_and_breaks_no_rule(page: Page, address: str) -> None:
    asked = page.run("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert {urlsplit(url).netloc for url in asked if url != "data:,"} == {urlsplit(address).netloc}
    faults = [entry["message"] for entry in page.driver.get_log("browser")]
    # Plotly brings the style of its maps, of which the page has none.
    assert [text for text in faults if "Applying inline style violates" not in text] == []
    assert page.run("localStorage.length + document.cookie.length") == 0


def test_when_aws_goes_away_it_says_so_and_goes_on_when_it_is_back(
    page: Page, project: AuditedProject
) -> None:
    s3, bucket = project.aws.client("s3"), project.outputs["FirehoseDataStore"]
    buckets.empty(s3, bucket)
    s3.delete_bucket(Bucket=bucket)
    page.until_state("AWS does not answer")
    assert "NoSuchBucket" in page.text("banner")
    assert "store_1" in page.text("ranking")
    s3.create_bucket(Bucket=bucket)
    project.store([sold("back", NOW, 70)])
    page.until_state("Live")
    page.until_text("ranking", "back")
    assert not page.driver.find_element("id", "banner").is_displayed()


def test_the_exported_page_needs_nothing_else(
    driver: webdriver.Chrome, project: AuditedProject, tmp_path: Path
) -> None:
    project.store([sold(SCRIPT, NOW - MINUTE, 5000)])
    target = tmp_path / "sales.html"
    done = project.run("dashboard", "--export", str(target))
    assert (done.returncode, done.stdout) == (0, "")
    driver.get(target.as_uri())
    page = Page(driver)
    page.until_text("ranking", SCRIPT)
    until(lambda: page.bars > 0, "the bars")
    page.driver.find_element("css selector", "#ranges input[value=week]").send_keys(Keys.SPACE)
    until(lambda: page.run("answer.question.range") == "week", "the week")
    assert page.run("performance.getEntriesByType('resource').length") == 0
    assert page.driver.title == "Sales"


@pytest.mark.parametrize("name", ["t", "t" * 120], ids=["", "too long for a socket"])
def test_a_picture_of_it_is_a_png_and_the_browser_leaves_nothing(
    project: AuditedProject, tmp_path: Path, name: str
) -> None:
    target, temporary = tmp_path / "sales.png", tmp_path / name
    temporary.mkdir()
    done = project.run("dashboard", "--export", str(target), TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert not list(temporary.iterdir())
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.stat().st_size > 20_000


def test_when_the_program_ends_the_page_says_so(
    driver: webdriver.Chrome, project: AuditedProject
) -> None:
    with served(project) as address:
        driver.get(address)
        page = Page(driver)
        page.until_state("Live")
    page.until_text("banner", "miztiik-events dashboard")
    assert project.name in page.text("where")
