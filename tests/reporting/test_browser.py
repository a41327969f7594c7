"""The page of a run and its TensorBoard, in a real Chromium."""

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request

import keras
import numpy as np
import pytest
import soundfile
from browser import chromium

import kaudio

RATE = 8_000
HOSTILE = "<script>alert(1)<\u2215script>.wav"
# Contrast of all text with what is behind it, as WCAG 2.2 has it.
CONTRAST = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    const color = getComputedStyle(e).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" && e.parentElement ? behind(e.parentElement) : color;
  };
  const texts = [...document.querySelectorAll("body *:not(script)")].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return Math.min(...texts.map((e) => {
    const style = getComputedStyle(e);
    const ink = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => x - y);
    return (b + 0.05) / (a + 0.05);
  }));
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of two epochs, and beside it a clip with a hostile name and one without a sound."""
    folder = tmp_path_factory.mktemp("all")
    rng = np.random.default_rng(0)
    for number in range(4):
        (folder / "music").mkdir(exist_ok=True)
        notes = np.sin(np.cumsum(np.repeat(rng.uniform(0.1, 0.6, 10), RATE // 5)))
        soundfile.write(folder / "music" / f"{number}.wav", 0.3 * notes, RATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(folder / ".cache"))
        keras.utils.set_random_seed(0)
        corpus = kaudio.Corpus.from_folder(folder / "music", RATE)
        codec = kaudio.codecs.FFTFrames(RATE, 64, overlap=2)
        parts = corpus.split(validation=0.25, seed=0)
        train, held = (kaudio.data.next_step(part, codec, 20, 4, seed=0) for part in parts)
        model = kaudio.models.FrameLSTM(codec, 4)
        model.adapt(train)
        model.compile("adam", loss="mse")
        options = {"units": 4, "seed": 0, "audio": None}
        kaudio.fit(
            kaudio.Recipe(
                model=model, train=train, validation=held, epochs=2, clip_seconds=2.5,
                run_dir=folder / "shown" / "run", options=options,
            )
        )  # fmt: skip
    soundfile.write(folder / "shown" / HOSTILE, 0.1 * rng.normal(size=RATE), RATE)
    soundfile.write(folder / "shown" / "silent.wav", np.zeros(RATE), RATE)
    kaudio.report(folder / "shown", folder / "report.html")
    return folder


@contextlib.contextmanager
def opened(browser, path, **options):
    """A page from a file, which must neither complain nor ask for anything."""
    context = browser.new_context(**options)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url.split(",")[0][:40]))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert said == []
    assert [address for address in asked if not address.startswith("data:")] == [path.as_uri()[:40]]


def names(page):
    return page.locator("tbody th[data-title=Name]").all_inner_texts()


def test_the_page_plays_and_its_table_is_read_and_sorted_by_keyboard(browser, folder):
    with opened(browser, folder / "report.html") as page:
        assert sorted(names(page)) == sorted([f"shown/{HOSTILE}", "shown/run", "shown/silent.wav"])
        run = page.locator("tbody").filter(has_text="shown/run")
        assert run.locator("td[data-title=Model]").inner_text() == "FrameLSTM"
        held_out = run.locator("td[data-title='Held out']").inner_text()
        assert re.match(r"\d\.\d{4}\s+nmse, epoch \d; beside predict-mean 1, predict", held_out)
        silent = page.locator("tbody").filter(has_text="silent.wav")
        assert "nothing but zeros" in silent.locator("td[data-title=Level]").inner_text()
        assert silent.locator("td[data-title=Verdict] .bad").inner_text() == "✗ faulty"

        player = run.locator("audio")
        player.evaluate("(audio) => audio.play()")
        page.wait_for_function("(a) => a.currentTime > 0.3", arg=player.element_handle())
        run.locator(".seek").click(position={"x": 5, "y": 5})
        player.evaluate("(audio) => audio.pause()")
        assert player.evaluate("(audio) => audio.currentTime") < 1.5
        assert player.evaluate("(audio) => audio.duration") == pytest.approx(2.5, abs=0.1)

        title = page.get_by_role("columnheader", name="Level")
        title.get_by_role("button").focus()
        orders = []
        for key in ("Enter", "Space"):
            page.keyboard.press(key)
            orders.append((title.get_attribute("aria-sort"), names(page)))
        assert [order[0] for order in orders] == ["ascending", "descending"]
        assert orders[0][1][:2] == orders[1][1][1::-1]
        assert orders[0][1][2] == orders[1][1][2] == "shown/silent.wav"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_page_fits_a_phone_and_is_read_in_either_theme(browser, folder):
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    for theme in ("light", "dark"):
        with opened(browser, folder / "report.html", color_scheme=theme, **phone) as page:
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            assert page.evaluate(CONTRAST) >= 4.5
            before = page.evaluate("getComputedStyle(document.body).backgroundColor")
            page.get_by_role("button", name="Light or dark").click()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
            assert page.evaluate(CONTRAST) >= 4.5


def test_fit_leaves_a_page_of_its_run(browser, folder):
    with opened(browser, folder / "shown" / "run" / "report.html") as page:
        assert names(page) == ["run"]
        assert page.locator("audio").count() == 1
        page.get_by_text("Options of the recipe").press("Enter")
        assert "units" in page.locator("dl").inner_text()


@pytest.fixture(scope="module")
def tensorboard(folder):
    """A running TensorBoard over the run: its address."""
    options = ["--logdir", str(folder / "shown"), "--host", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "tensorboard.main", *options, "--load_fast=false"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        lines = iter(server.stderr.readline, "")
        yield next(m[0] for line in lines if (m := re.search(r"http://127\S+/", line)))
    finally:
        server.terminate()
        server.communicate(timeout=30)


def fetch(url, address, content=None):
    data = None if content is None else json.dumps(content).encode()
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}data/plugin/{address}", data, kind)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def test_tensorboard_shows_all_of_a_run(browser, tensorboard):
    url, deadline = tensorboard, time.monotonic() + 30
    while not fetch(url, "histograms/tags") and time.monotonic() < deadline:
        time.sleep(0.2)
    clips = "run/logs/clips"
    tags = fetch(url, "scalars/tags")
    assert {"nmse", "loss", "learning_rate"} <= set(tags["run/logs/train"])
    assert "nmse" in tags["run/logs/predict-last"]
    assert set(fetch(url, "audio/tags")[clips]) == {"generated", "reference"}
    (_, clip) = fetch(url, f"audio/audio?run={clips}&sample=0&tag=generated")
    assert clip["contentType"] == "audio/wav"
    assert list(fetch(url, "images/tags")[clips]) == ["spectrograms"]
    assert set(fetch(url, "histograms/tags")[clips]) == {"steps/generated", "steps/reference"}
    shown = fetch(url, f"histograms/histograms?run={clips}&tag=steps/generated")
    assert [step for _, step, _ in shown] == [1, 2]
    experiment = fetch(url, "hparams/experiment", {"includeMetrics": True})
    assert {info["name"] for info in experiment["hparamInfos"]} == {"units", "seed", "audio"}
    assert {"tag": "nmse", "group": ""} in [info["name"] for info in experiment["metricInfos"]]
    page = browser.new_page()
    page.goto(f"{url}#hparams")
    page.get_by_text("Hyperparameters").first.wait_for(timeout=30_000)
    page.get_by_text("units").first.wait_for(timeout=30_000)
    page.close()
