"""Sources whose entropy is known, and what counting them scores."""

import numpy as np
import pytest

from kaudio.evaluation.counts import Counts


def entropy(probabilities):
    return -np.sum(probabilities * np.log2(probabilities), axis=-1)


def pairs(codes):
    return codes[:-1], codes[1:]


def counted(levels, codes):
    counts = Counts(levels)
    counts.add(*pairs(codes))
    return counts


def chain(transition, length, seed=0):
    """A Markov chain with the given matrix, drawn by inversion."""
    cumulative = transition.cumsum(axis=1)
    codes = np.zeros(length, dtype=int)
    for i, draw in enumerate(np.random.default_rng(seed).random(length - 1)):
        codes[i + 1] = min(np.searchsorted(cumulative[codes[i]], draw), len(transition) - 1)
    return codes


def steps(length, levels, scale, seed=0):
    """A walk of rounded Gaussian steps, turned back at the borders: steps of constant entropy."""
    rng = np.random.default_rng(seed)
    walk = levels // 2 + np.cumsum(np.round(scale * rng.standard_normal(length))).astype(int)
    return np.abs((walk + levels) % (2 * levels) - levels).clip(0, levels - 1)


@pytest.fixture(scope="module")
def transition():
    return np.random.default_rng(7).dirichlet(np.full(12, 0.3), size=12)


@pytest.fixture(scope="module")
def entropy_rate(transition):
    stationary = np.linalg.matrix_power(transition, 1_000)[0]
    return stationary @ entropy(np.maximum(transition, 1e-300))


@pytest.mark.parametrize("levels", [2, 256, 1024, 1025, 2**16])
def test_uniform_is_the_logarithm_of_the_levels(levels):
    codes = np.random.default_rng(0).integers(0, levels, 1_000)
    assert counted(levels, codes).score([pairs(codes)])["uniform"] == np.log2(levels)


@pytest.mark.parametrize("levels", [4, 256, 5_000])
def test_codes_that_are_all_alike_cost_what_uniform_costs(levels):
    codes = np.random.default_rng(0).integers(0, levels, 400_000)
    bits = counted(levels, codes).score([pairs(np.random.default_rng(1).permutation(codes))])
    assert bits["unigram"] == pytest.approx(np.log2(levels), rel=0.005)
    # Where steps are counted, neighbours that have nothing to do with each other are a cost.
    assert bits["markov"] == pytest.approx(np.log2(levels), rel=0.005 if levels < 1_000 else 0.02)


def test_independent_codes_cost_their_entropy():
    probabilities = np.random.default_rng(3).dirichlet(np.ones(50))
    train, other = np.random.default_rng(0).choice(50, (2, 200_000), p=probabilities)
    bits = counted(50, train).score([pairs(other)])
    assert bits["unigram"] == pytest.approx(entropy(probabilities), rel=0.005)
    assert bits["markov"] == pytest.approx(entropy(probabilities), rel=0.01)


def test_a_markov_chain_costs_its_entropy_rate(transition, entropy_rate):
    bits = counted(12, chain(transition, 100_000)).score([pairs(chain(transition, 100_000, 1))])
    assert bits["markov"] == pytest.approx(entropy_rate, rel=0.01)
    assert bits["unigram"] > 1.2 * entropy_rate


def test_no_baseline_beats_the_truth(transition):
    codes = chain(transition, 100_000, seed=1)
    x, y = pairs(codes)
    truth = -np.log2(transition[x, y]).mean()
    for length in (10, 1_000, 100_000):
        assert counted(12, chain(transition, length)).score([(x, y)])["markov"] > truth


def test_a_walk_on_many_levels_costs_the_entropy_of_its_steps():
    train, other = steps(400_000, 2**16, 50.0), steps(400_000, 2**16, 50.0, seed=1)
    truth = np.log2(50.0 * np.sqrt(2 * np.pi * np.e))
    bits = counted(2**16, train).score([pairs(other)])
    assert bits["markov"] == pytest.approx(truth, rel=0.01)
    assert bits["markov"] > truth - 0.01
    assert bits["unigram"] > bits["markov"] + 4


def test_loud_music_may_move_faster_than_soft_music():
    rng = np.random.default_rng(0)
    soft, loud = (np.round(size * rng.standard_normal(200_000)) for size in (10, 5_000))
    codes = (2**15 + np.concatenate([soft, loud])).clip(0, 2**16 - 1).astype(int)
    truth = np.mean([np.log2(size * np.sqrt(2 * np.pi * np.e)) for size in (10, 5_000)])
    bits = counted(2**16, codes).score([pairs(codes)])["markov"]
    assert bits == pytest.approx(truth, abs=0.7)


@pytest.mark.parametrize("levels", [16, 1_030])
def test_the_probabilities_of_all_codes_add_up_to_one(levels):
    counts = counted(levels, steps(3_000, levels, levels / 20))
    for x in (0, 2 * levels // 3):
        bits = [counts.score([(np.array([x]), np.array([y]))]) for y in range(levels)]
        for name in ("uniform", "unigram", "markov"):
            assert sum(2.0 ** -each[name] for each in bits) == pytest.approx(1)


@pytest.mark.parametrize("levels", [256, 2**16])
def test_codes_never_seen_cost_something_finite(levels):
    counts = counted(levels, np.full(1_000, levels // 2))
    bits = counts.score([(np.array([0, levels - 1]), np.array([levels - 1, 0]))])
    assert np.isfinite(list(bits.values())).all()
    assert bits["unigram"] > np.log2(levels)


@pytest.mark.parametrize("levels", [256, 2**16])
def test_before_any_data_all_is_finite(levels):
    bits = Counts(levels).score([(np.array([1, 2]), np.array([3, 4]))])
    assert np.isfinite(list(bits.values())).all()


def test_little_data_does_not_make_markov_worse_than_unigram():
    train, other = np.random.default_rng(0).binomial(255, 0.5, (2, 3_000))
    bits = counted(256, train).score([pairs(other)])
    assert bits["markov"] < bits["unigram"] + 0.02


@pytest.mark.parametrize("levels", [256, 2**16])
def test_batches_count_as_one_whole(levels):
    codes = steps(1_001, levels, levels / 50)
    x, y = pairs(codes)
    whole, parts = counted(levels, codes), Counts(levels)
    for start in range(0, 1_000, 300):
        parts.add(x[start : start + 300], y[start : start + 300])
    expected = whole.score([(x, y)])
    batches = [(x[:300], y[:300]), (x[300:].reshape(7, 100), y[300:].reshape(7, 100))]
    assert parts.score(iter(batches)) == pytest.approx(expected)


@pytest.mark.parametrize(("levels", "dtype"), [(256, "uint8"), (2**16, "uint16"), (256, "int16")])
def test_any_integers_will_do(levels, dtype):
    codes = steps(1_000, levels, levels / 50)
    expected = counted(levels, codes).score([pairs(codes)])
    small = codes.astype(dtype)
    assert counted(levels, small).score([pairs(small)]) == pytest.approx(expected)


def test_what_is_no_code_is_an_error():
    counts = Counts(4)
    with pytest.raises(ValueError, match=r"from 0 to 3, received 0 to 4"):
        counts.add(np.array([0, 1]), np.array([4, 0]))
    with pytest.raises(ValueError, match="received dtype float64"):
        counts.score([(np.array([0]), np.array([0.5]))])
    with pytest.raises(ValueError, match=r"received shapes \(2,\) and \(1,\)"):
        counts.add(np.array([0, 1]), np.array([1]))
    with pytest.raises(ValueError, match="received none"):
        counts.score([])
    with pytest.raises(ValueError, match="levels=1"):
        Counts(1)
