"""What must hold of files after whoever wrote them was killed."""

import json
import zipfile

import h5py
import numpy as np
import soundfile
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader


def step_of(folder):
    """The step of a run's state; 0 where there is none. It must be whole."""
    state = folder / "state.npz"
    if not state.exists():
        return 0
    with np.load(state) as arrays:
        content = {name: arrays[name] for name in arrays.files}
    assert all(np.isfinite(v).all() for k, v in content.items() if k != "progress")
    return json.loads(str(content["progress"]))["step"]


def whole_files(folder):
    """All that a run has under its final name must be whole. Returns how many files were seen."""
    seen = 0
    for path in folder.rglob("*"):
        if path.is_dir() or path.name.startswith("."):
            continue
        seen += 1
        match path.suffix:
            case ".json":
                json.loads(path.read_text())
            case ".keras" | ".npz":
                assert zipfile.ZipFile(path).testzip() is None, path
            case ".png":
                assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), path
            case ".wav":
                # As long as its header says, and not empty: players believe the header.
                data = path.read_bytes()
                assert len(data) == 8 + int.from_bytes(data[4:8], "little") > 44, path
                assert len(soundfile.read(path)[0]), path
            case ".html":
                assert path.read_text().rstrip().endswith("</html>"), path
            case _:
                assert ".tfevents." in path.name, path
                # Its last record may be cut, which ends it for whoever reads it.
                list(RawEventFileLoader(str(path)).Load())
    return seen


def whole_cache(folder, reference):
    """Waveforms in a cache must be those of an undisturbed one, byte by byte."""
    files = list(folder.rglob("*.npy"))
    for path in files:
        whole = reference / path.relative_to(folder)
        assert path.read_bytes() == whole.read_bytes(), path
    return len(files)


def same_run(folder, reference):
    """A run must have ended with the state and the model of another, bit by bit."""
    for name in ("state.npz",):
        with np.load(folder / name) as ours, np.load(reference / name) as theirs:
            assert ours.files == theirs.files
            for key in ours.files:
                if key != "progress":
                    np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)
    ours, theirs = _weights(folder), _weights(reference)
    assert ours.keys() == theirs.keys()
    for key in ours:
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)
    losses = [
        [epoch["val_loss"] for epoch in json.loads((run / "metrics.json").read_text())["epochs"]]
        for run in (folder, reference)
    ]
    assert losses[0] == losses[1], losses


def _weights(folder):
    found = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with (
        zipfile.ZipFile(folder / "model.keras") as file,
        file.open("model.weights.h5") as raw,
        h5py.File(raw) as weights,
    ):
        weights.visititems(keep)
    return found


def whole_export(folder, reference):
    """An exported folder must not be there, or have all that an undisturbed one has."""
    if not folder.exists():
        return False
    ours, theirs = ({p.relative_to(f) for p in f.rglob("*")} for f in (folder, reference))
    assert ours == theirs, ours ^ theirs
    for name in ("model.keras", "saved_model/saved_model.pb", "model.tflite"):
        sizes = [(f / name).stat().st_size for f in (folder, reference)]
        assert abs(sizes[0] - sizes[1]) <= 0.01 * sizes[1], (name, sizes)
    assert (folder / "card.md").read_text().startswith("# ")
    return True


def readable_clip(path):
    """Seconds of a clip; None where there is none. What there is must be readable."""
    if not path.exists():
        return None
    samples, rate = soundfile.read(path)
    assert len(samples)
    assert np.isfinite(samples).all()
    return len(samples) / rate
