"""What a recording is known by: the peaks of its spectrogram, in pairs, and its bands over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

FRAME_SECONDS = 0.1
# From the start of a frame to the next. Landmarks are sought in every second frame, bands are kept
# of every fourth; what is searched for is analysed at every frame, as it may begin anywhere.
HOP_SECONDS = 0.01
LANDMARK_HOPS = 2
BAND_HOPS = 4
LOWEST, HIGHEST = 80.0, 4_000.0  # Hz, of the bands
NUM_BANDS = 32
SILENCE_POWER = 1e-10  # -100 dBFS: less than 16 bits hold
# A peak is the loudest point within 70 Hz and 0.14 s, and at most 35 dB below the loudest second.
PEAK_REACH = 7
PEAK_DB = 35.0
PEAK_SECOND = 50  # landmark frames to each side
# Each peak is paired with the next 3 that are at most 1.26 s later and 0.63 kHz away.
PAIRS, NEIGHBOURS, MOST_FRAMES, MOST_BINS = 3, 15, 64, 64
SECTION, MARGIN = 3_000, 120  # frames: an hour is analysed in as much memory as a minute


@dataclass(frozen=True, eq=False)
class Prints:
    """What is known of a recording. Times are in hops of the layout.

    Args:
        hashes: Landmarks, `(landmarks,)` uint32: two peaks' frequencies and how far apart they are.
        times: When the first peak of each is, `(landmarks,)`.
        bands: The spectrum of frames, `(frames, bands)` uint8: the fourth root of power, the
            loudest band being 255; zeros where it is silent.
    """

    hashes: np.ndarray
    times: np.ndarray
    bands: np.ndarray


class Layout:
    """How recordings of a sample rate are analysed.

    Args:
        sample_rate: In Hz.

    References:
        Wang, "An industrial-strength audio search algorithm", ISMIR 2003 (landmarks).
    """

    def __init__(self, sample_rate: int) -> None:
        self.hop = max(1, round(HOP_SECONDS * sample_rate))
        self.length = round(FRAME_SECONDS * sample_rate)
        self.hop_seconds = self.hop / sample_rate
        self.size = fft.next_fast_len(self.length, real=True)
        frequencies = fft.rfftfreq(self.size, 1 / sample_rate)
        highest = min(HIGHEST, 0.48 * sample_rate)
        self.num_bins = int(np.searchsorted(frequencies, highest, side="right"))
        window = np.hanning(self.length + 2)[1:-1]
        self.window = (2 * window / window.sum()).astype("float32")  # a sine has its peak squared
        edges = np.geomspace(LOWEST, highest, NUM_BANDS + 2)
        self.bank = _triangles(edges, frequencies[: self.num_bins])

    def prints(self, blocks: Iterable[np.ndarray], every_frame: bool = False) -> Prints:
        """Analyses a recording that is given in arrays of any length.

        Args:
            blocks: Samples of one channel.
            every_frame: Whether to take landmarks and bands at every frame, not at some.

        Raises:
            ValueError: If samples are not finite, or not of one channel.
        """
        step = 1 if every_frame else LANDMARK_HOPS
        hashes, times, bands = [], [], []
        peaks: list[list[np.ndarray]] = [[] for _ in range(LANDMARK_HOPS // step)]
        for begin, own, stop, samples in self._sections(blocks):
            power = self._power(samples, step)
            kept = power[(own - begin) // step : (stop - begin) // step]
            bands.append(self._bands(kept[:: 1 if every_frame else BAND_HOPS // step]))
            for phase, found in enumerate(peaks):
                # Of both grids, one is at most a quarter of their hop off that of the index.
                grid = _peaks(power[phase :: len(peaks)])
                grid[0] = LANDMARK_HOPS * grid[0] + phase + begin
                found.append(grid[:, (grid[0] >= own) & (grid[0] < stop)])
        for found in peaks:
            pairs = _pairs(*np.concatenate([np.zeros((2, 0), int), *found], axis=1))
            hashes.append(pairs[0])
            times.append(pairs[1])
        empty = np.zeros((0, NUM_BANDS), "uint8")
        return Prints(
            np.concatenate(hashes).astype("uint32"),
            np.concatenate(times),
            np.concatenate([empty, *bands]),
        )

    def _sections(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[int, int, int, np.ndarray]]:
        """Stretches that overlap: first frame, those that are its own, and the samples."""
        buffer, begin, own = np.zeros(0, "float32"), 0, 0
        for block in blocks:
            buffer = np.concatenate([buffer, _checked(block)])
            while begin + self._count(buffer) >= own + SECTION + MARGIN:
                count = own + SECTION + MARGIN - begin
                samples = buffer[: (count - 1) * self.hop + self.length]
                yield begin, own, own + SECTION, samples
                own += SECTION
                buffer = buffer[(own - MARGIN - begin) * self.hop :]
                begin = own - MARGIN
        last = begin + self._count(buffer)
        if last > own:
            yield begin, own, last + LANDMARK_HOPS, buffer

    def _count(self, samples: np.ndarray) -> int:
        return max(0, (len(samples) - self.length) // self.hop + 1)

    def _power(self, samples: np.ndarray, step: int) -> np.ndarray:
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.length)
        frames = frames[:: self.hop * step]
        power = np.empty((len(frames), self.num_bins), "float32")
        for i in range(0, len(frames), 256):
            spectrum = fft.rfft(frames[i : i + 256] * self.window, self.size)[:, : self.num_bins]
            power[i : i + 256] = spectrum.real**2 + spectrum.imag**2
        return power

    def _bands(self, power: np.ndarray) -> np.ndarray:
        bands = power @ self.bank
        loudest = bands.max(axis=1, keepdims=True)
        share = bands / np.maximum(loudest, SILENCE_POWER)
        return np.where(loudest > SILENCE_POWER, np.round(255 * share**0.25), 0).astype("uint8")


def _peaks(power: np.ndarray) -> np.ndarray:
    """Times and bins of the peaks, `(2, peaks)`, by time."""
    if not len(power):
        return np.zeros((2, 0), int)
    width = 2 * PEAK_REACH + 1
    around = ndimage.maximum_filter1d(ndimage.maximum_filter1d(power, width, axis=1), width, axis=0)
    loudest = ndimage.maximum_filter1d(power.max(axis=1), 2 * PEAK_SECOND + 1)
    floor = np.maximum(loudest * 10 ** (-PEAK_DB / 10), SILENCE_POWER)
    return np.stack(np.nonzero((power == around) & (power > floor[:, None])))


def _pairs(times: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks of peaks that are given by time: hashes, and the times of their first peaks."""
    used = np.zeros(len(times), int)
    hashes, firsts = [np.zeros(0, int)], [np.zeros(0, int)]
    for ahead in range(1, min(NEIGHBOURS + 1, len(times))):
        later = (times[ahead:] - times[:-ahead]) // LANDMARK_HOPS
        higher = bins[ahead:] - bins[:-ahead]
        free = used[:-ahead] < PAIRS
        good = np.flatnonzero(
            free & (later > 0) & (later < MOST_FRAMES) & (np.abs(higher) < MOST_BINS)
        )
        used[good] += 1
        hashes.append(
            (bins[good] * 2 * MOST_BINS + higher[good] + MOST_BINS) * MOST_FRAMES + later[good]
        )
        firsts.append(times[good])
    return np.concatenate(hashes), np.concatenate(firsts)


def _triangles(edges: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Overlapping bands `(bins, bands)`, each at least as wide as the bins between it lies."""
    spacing = frequencies[1]
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    distance = frequencies[:, None] - center
    rise = 1 + distance / np.maximum(center - low, spacing)
    fall = 1 - distance / np.maximum(high - center, spacing)
    return np.clip(np.minimum(rise, fall), 0, None).astype("float32")


def _checked(block: np.ndarray) -> np.ndarray:
    block = np.asarray(block)
    if block.ndim != 1 or not np.isfinite(block).all():
        raise ValueError(
            "Expected finite samples of shape (num_samples,). Received: shape "
            f"{block.shape}, {np.count_nonzero(~np.isfinite(block))} of them not finite. Pass one "
            "channel of audio that did not diverge."
        )
    return block.astype("float32", copy=False)
