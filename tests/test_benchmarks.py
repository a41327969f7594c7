import json

import pytest

from benchmarks import wavenet
from benchmarks.__main__ import ALL, main
from benchmarks.children import Child, take_turns
from benchmarks.report import Benchmark, Measured, Settings
from benchmarks.soak import flat


def fake(name, values, peer_values=()):
    peer = "abacus" if peer_values else None
    return Benchmark(name, "beads/s", lambda settings: Measured(values, peer, peer_values))


FAKES = [fake("count/fast", [3.0, 1.0, 2.0], [4.0, 9.0, 4.0]), fake("count/slow", [0.5])]


def test_a_row_holds_median_extremes_and_the_ratio_to_the_peer(tmp_path, capsys):
    file = tmp_path / "rows.json"
    main(["--json", str(file)], FAKES)
    fast, slow = json.loads(file.read_text())
    assert fast == {
        "name": "count/fast",
        "value": 2.0,
        "unit": "beads/s",
        "low": 1.0,
        "high": 3.0,
        "peer": "abacus",
        "peer_value": 4.0,
        "ratio": 0.5,
    }
    assert slow["value"] == 0.5
    assert (slow["peer"], slow["peer_value"], slow["ratio"]) == (None, None, None)
    head, first, second, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", *list(fast)[1:]]
    assert first.split() == ["count/fast", "2", "beads/s", "1", "3", "abacus", "4", "0.5"]
    assert second.split() == ["count/slow", "0.5", "beads/s", "0.5", "0.5"]


def test_a_name_stands_for_all_that_start_with_it(capsys):
    main(["count/s", "--list"], FAKES)
    assert capsys.readouterr().out == "count/slow\n"


def test_a_part_of_a_name_after_a_slash_stands_for_it(capsys):
    main(["slow", "--list"], FAKES)
    assert capsys.readouterr().out == "count/slow\n"
    with pytest.raises(SystemExit, match="'low'"):
        main(["low"], FAKES)


def test_names_are_listed_once_each(capsys):
    main(["--list"])
    names = capsys.readouterr().out.split()
    assert len(set(names)) == len(names) == len(ALL)
    assert {"start/help-seconds", "corpus/memory-10h-mb", "train/gruv_2015/jax"} <= set(names)
    assert {"train/w-small/jax/batch=4", "generate/w-deepsound/jax/streams=8/threads=all"} <= set(
        names
    )


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(SystemExit, match=r"starts with 'abacus'\. There are: count/fast, count/s"):
        main(["abacus"], FAKES)


def test_without_pytorch_the_table_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.__main__.torch_version", lambda python: None)
    main([], FAKES)
    assert 'pip install -e ".[bench]"' in capsys.readouterr().out


def test_an_interpreter_that_is_not_there_is_an_error():
    with pytest.raises(SystemExit, match="no Python interpreter 'no-such-python'"):
        main(["--torch-python", "no-such-python"], FAKES)


class Clockwork(Child):
    """A child that takes a second for each step, and remembers what it was asked."""

    def __init__(self, name, asked):
        self.name, self.asked = name, asked

    def seconds(self, steps):
        self.asked.append((self.name, steps))
        return float(steps)


def test_children_take_turns():
    asked = []
    assert take_turns([Clockwork("a", asked), Clockwork("b", asked)], 2) == [[1.0, 1.0]] * 2
    assert asked == [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 2), ("b", 2)]


class Ready(Clockwork):
    """A child that makes a number of samples with each step, none if it was not compiled."""

    def __init__(self, samples):
        super().__init__(samples, [])
        self.samples = samples

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def read(self):
        return self.samples


def test_a_wavenet_is_compared_with_the_fastest_twin_and_one_that_gave_up_is_left_out(monkeypatch):
    twins = {"slow": 10.0, "fast": 30.0, "late": 0}
    started = []

    def twin(settings, task, way, *rest):
        started.append(way)
        return Ready(twins[way])

    monkeypatch.setattr(wavenet, "_twin", twin)
    monkeypatch.setattr(wavenet, "GIVEN_UP", set())
    settings, task = Settings(2, "python", "2.13", 1.0), ("train", "w-small", 1)
    for _ in range(2):
        measured = wavenet._race(settings, Ready(60.0), task, [(w, "1") for w in twins], "1")
        assert measured == Measured([60.0, 60.0], "torch 2.13 fast", [30.0, 30.0])
    assert started == ["slow", "fast", "late", "slow", "fast"]


def test_a_child_that_dies_is_an_error_that_says_why():
    with (
        Child("benchmarks.no_such_module") as child,
        pytest.raises(RuntimeError, match="No module"),
    ):
        child.seconds(1)


def test_a_long_run_is_judged_by_ten_points():
    points = [(100.0, 4, 3)] * 10
    assert flat(points)[0]
    assert not flat([*points[1:], (106.0, 4, 3)])[0]
    assert not flat([*points[1:], (100.0, 5, 3)])[0]
    assert flat([*points[1:], (100.0, 5, 4)], readers=1, workers=1)[0]
    for some in (points[1:], points * 2, []):
        with pytest.raises(ValueError, match=rf"10 points\. Received: {len(some)}\."):
            flat(some)
