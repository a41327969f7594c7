"""What is in a folder of recordings."""

import awkward

from kaudio.data import survey


def test_a_survey_counts_what_can_be_used_and_names_what_cannot(tmp_path):
    for name in ("ada/pcm_24.wav", "ada/float.wav", "bela/rate_96000.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(awkward.FILES[path.name][0])
    (tmp_path / "broken.wav").write_bytes(b"words")
    (tmp_path / "nan.wav").write_bytes(awkward.FILES["float_nan.wav"][0])
    rows = {line.split()[0]: line.split()[1:] for line in survey(tmp_path).splitlines()}
    assert rows["ada"] == ["2", "0.1"]
    assert rows["bela"] == ["1", "0.0"]
    assert rows["all"] == ["3", "0.1"]
    assert rows["rates:"] == ["22050", "Hz", "x", "2,", "96000", "Hz", "x", "1"]
    assert rows["2"] == ["cannot", "be", "used:"]
    assert "samples that are not finite numbers, the first at 0.05 s" in survey(tmp_path)


def test_the_whole_awkward_set_is_surveyed(tmp_path):
    awkward.make(tmp_path)
    text = survey(tmp_path)
    for name in awkward.FILES:
        if awkward.FILES[name][1] is None:
            assert name in text


def test_an_empty_folder_is_surveyed(tmp_path):
    assert "all             0      0.0" in survey(tmp_path)
