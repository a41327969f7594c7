"""How far a set of clips is from real music, between what is as good as real and what is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Distances:
    """A Fréchet distance beside those that tell what it is worth. In the rows' unit, squared.

    Args:
        value: Of the clips, from real music: the mean over its two halves.
        floor: Of one half of the real music from the other. Clips that were real, of other works,
            would have about this, if there are many recordings: of ten or fewer it depends on
            which fall into which half, by several times.
        ceilings: Of what is no music, such as noise and silence, by name: the mean over the halves.
    """

    value: float
    floor: float
    ceilings: dict[str, float]


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The squared Fréchet distance of two Gaussians, each fitted to rows.

    `|mean(a) - mean(b)|^2 + trace(A + B - 2 (A B)^(1/2))`, where A and B are the covariances. As
    few rows make covariances that are too far from round, correlations are shrunk towards 0, by as
    much as makes their expected error least; of many rows nothing is left of that.

    Args:
        a: `(rows, features)`, two or more rows.
        b: The same, with as many features.

    Returns:
        0 or more, in the unit of the features squared. 0 if both have one mean and covariance.

    Raises:
        ValueError: If there are fewer rows, other features, or some that are not finite.

    Example:
    >>> frechet(np.array([[0.0], [2.0]]), np.array([[3.0], [5.0]]))
    9.0

    References:
        Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982;
        Heusel et al., "GANs trained by a two time-scale update rule", 2017; Kilgour et al.,
        "Fréchet audio distance", 2019. Shrinkage: Schäfer and Strimmer, 2005.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    for rows in (a, b):
        if rows.ndim != 2 or len(rows) < 2 or not np.isfinite(rows).all():
            raise ValueError(
                "A Gaussian is fitted to two rows or more, finite and of shape (rows, features). "
                f"Received: shape {rows.shape}, {np.count_nonzero(~np.isfinite(rows))} values not "
                "finite. Take longer audio, or shorter windows."
            )
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "Both sets must have the same features. Received: "
            f"{a.shape[1]} and {b.shape[1]} of them."
        )
    covariances = _covariance(a), _covariance(b)
    # The trace of (A B)^(1/2) is that of (A^(1/2) B A^(1/2))^(1/2), which is symmetric: real
    # eigenvalues, none below 0 but by rounding.
    root = _root(covariances[0])
    inner = root @ covariances[1] @ root
    eigenvalues = np.linalg.eigvalsh((inner + inner.T) / 2)
    overlap = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    means = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    return float(max(0.0, means + sum(np.trace(c) for c in covariances) - 2 * overlap))


def distances(
    generated: np.ndarray, real: Sequence[np.ndarray], ceilings: Mapping[str, np.ndarray]
) -> Distances:
    """Sets the distance of clips from real music between its floor and its ceilings.

    The real music is split by recording (by work, if those of a work are given as one) into halves
    with about as many rows. All distances are from a half, so that one number can be
    compared with another.

    Args:
        generated: Rows of the clips, `(rows, features)`, such as of `log_mel_rows`.
        real: Those of each recording. Two or more.
        ceilings: Those of what is no music, by name, as `no_music` makes it.

    Raises:
        ValueError: If there are fewer than two recordings, or too few rows.

    Example:
    >>> rows = [log_mel_rows(r.read(0, r.num_samples), 6_300) for r in bach.recordings]
    >>> nothing = {name: log_mel_rows(x, 6_300) for name, x in no_music(3_780_000).items()}
    >>> distances(log_mel_rows(schubert, 6_300), rows, nothing)
    Distances(value=304.0, floor=49.0, ceilings={'white noise': 5933.5, 'silence': 55550.4})
    """
    if len(real) < 2:
        raise ValueError(
            "The floor is the distance between two halves of the real music, split by recording: "
            f"two recordings or more are needed. Received: {len(real)}."
        )
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    # The longest first, each to the half that is behind.
    for rows in sorted(real, key=len, reverse=True):
        min(halves, key=lambda half: sum(map(len, half))).append(rows)
    one, other = (np.concatenate(half) for half in halves)

    def both(rows: np.ndarray) -> float:
        return (frechet(rows, one) + frechet(rows, other)) / 2

    return Distances(
        both(generated), frechet(one, other), {name: both(rows) for name, rows in ceilings.items()}
    )


def no_music(num_samples: int, level: float = 0.1, seed: int = 0) -> dict[str, np.ndarray]:
    """What is no music, for ceilings: white noise and silence.

    Args:
        num_samples: Length of each.
        level: Root mean square of the noise. That of the real music is fairest.
        seed: Of the noise.

    Returns:
        "white noise" and "silence", each `(num_samples,)` float32.
    """
    noise = np.random.default_rng(seed).normal(0, level, num_samples)
    return {
        "white noise": noise.astype("float32"),
        "silence": np.zeros(num_samples, "float32"),
    }


def _covariance(rows: np.ndarray) -> np.ndarray:
    """The covariance of rows, its correlations shrunk."""
    count = len(rows)
    centered = rows - rows.mean(axis=0)
    deviation = np.sqrt((centered**2).sum(axis=0) / (count - 1))
    # What does not vary but by rounding does not correlate.
    deviation[deviation <= 1e-12 * np.abs(rows).max(axis=0)] = 0
    standard = centered / np.where(deviation > 0, deviation, np.inf)
    correlation = standard.T @ standard / (count - 1)
    # Of each correlation, the variance of the mean of products that it is.
    products = (standard**2).T @ standard**2 - count * (standard.T @ standard / count) ** 2
    variance = products * count / (count - 1) ** 3
    off = ~np.eye(rows.shape[1], dtype=bool)
    total = np.sum(correlation[off] ** 2)
    shrunk = min(1.0, float(np.sum(variance[off]) / total)) if total > 0 else 1.0
    correlation[off] *= 1 - shrunk
    return deviation[:, None] * correlation * deviation


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
