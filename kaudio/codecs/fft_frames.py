"""FFT frames: a waveform as a sequence of short spectra (GRUV)."""

from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np

from kaudio.codecs.frames import Frames


@keras.saving.register_keras_serializable("kaudio")
@dataclass(frozen=True)
class FFTFrames(Frames):
    """Cuts a waveform into frames and writes each as the real numbers that make up its spectrum.

    The transform is orthonormal: a squared error in a frame of features is the same squared error
    in its samples. The spectrum of `n` real samples is `n` real numbers, since that of a real
    signal is Hermitian; `full` keeps the mirrored half as well, as GRUV did.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz.
        frame_length: Samples in a frame, a multiple of `overlap`.
        overlap: Frames that cover each sample. 1 lays them end to end, with no window, as GRUV
            did: every join may click. 2 or more multiply each frame by a sine window before the
            transform and after it and add them up, and joins vanish.
        full: Whether to keep all real and then all imaginary parts, `2 * frame_length` features,
            where `frame_length` would do.

    Example:
    >>> codec = FFTFrames(sample_rate=44_100, frame_length=11_025)
    >>> codec.encode(np.zeros(44_100, "float32")).shape
    (4, 11025)

    References:
        Nayebi and Vitelli, "GRUV: Algorithmic Music Generation using Recurrent Neural Networks",
        2015. Princen and Bradley, "Analysis/synthesis filter bank design based on time domain
        aliasing cancellation", 1986, for windows that add up.
    """

    overlap: int = 1
    full: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.overlap < 1 or self.frame_length % self.overlap:
            raise ValueError(
                "`overlap` must be at least 1 and divide `frame_length`, so that frames start at "
                f"whole samples. Received: overlap={self.overlap}, "
                f"frame_length={self.frame_length}."
            )

    @classmethod
    def from_seconds(
        cls, sample_rate: int, frame_seconds: float, overlap: int = 1, **options: Any
    ) -> Self:
        """Makes a codec whose frames last `frame_seconds`, rounded to whole hops."""
        hop_length = round(sample_rate * frame_seconds / overlap)
        return cls(sample_rate, overlap * hop_length, overlap, **options)

    @property
    def hop_length(self) -> int:
        return self.frame_length // self.overlap

    @property
    def step_shape(self) -> tuple[int, ...]:
        return (2 * self.frame_length if self.full else self.frame_length,)

    @property
    def window(self) -> np.ndarray:
        """The window on each side of the transform. Its square adds up to 1 over the overlap."""
        if self.overlap == 1:
            return np.ones(self.frame_length, "float32")
        phase = np.pi * (np.arange(self.frame_length) + 0.5) / self.frame_length
        return (np.sin(phase) * np.sqrt(2 / self.overlap)).astype("float32")

    def encode(self, samples: np.ndarray) -> np.ndarray:
        num_steps = self.num_steps(len(samples))
        starts = self.hop_length * np.arange(num_steps)[:, None]
        frames = samples.astype("float32")[starts + np.arange(self.frame_length)]
        return self.transform(frames * self.window)

    def transform(self, frames: np.ndarray) -> np.ndarray:
        if self.full:
            spectra = np.fft.fft(frames, norm="ortho")
            return np.concatenate([spectra.real, spectra.imag], axis=-1).astype("float32")
        spectra = np.fft.rfft(frames, norm="ortho")
        mirrored = slice(1, (self.frame_length + 1) // 2)  # the bins that stand for two
        spectra[..., mirrored] *= np.sqrt(2, dtype="float32")
        parts = [spectra.real, spectra.imag[..., mirrored]]
        return np.concatenate(parts, axis=-1).astype("float32")

    def decode_block(self, steps: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        frames = self.inverse(np.asarray(steps, "float32")) * self.window
        num_steps, hop = frames.shape[-2], self.hop_length
        samples = np.zeros((*frames.shape[:-2], num_steps * hop + tail.shape[-1]), "float32")
        samples[..., : tail.shape[-1]] = tail
        # Frames that are a whole frame apart do not touch: `overlap` additions add them all.
        for first in range(min(self.overlap, num_steps)):
            apart = frames[..., first :: self.overlap, :]
            flat = apart.reshape(*apart.shape[:-2], -1)
            start = first * hop
            samples[..., start : start + flat.shape[-1]] += flat
        return samples[..., : num_steps * hop], samples[..., num_steps * hop :]

    def inverse(self, steps: np.ndarray) -> np.ndarray:
        if self.full:
            real, imag = np.split(steps, 2, axis=-1)
            return np.fft.ifft(real + 1j * imag, norm="ortho").real.astype("float32")
        num_bins = self.frame_length // 2 + 1
        mirrored = slice(1, (self.frame_length + 1) // 2)
        spectra = steps[..., :num_bins].astype("complex64")
        spectra[..., mirrored] += 1j * steps[..., num_bins:]
        spectra[..., mirrored] /= np.sqrt(2, dtype="float32")
        return np.fft.irfft(spectra, n=self.frame_length, norm="ortho").astype("float32")
