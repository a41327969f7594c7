"""One page of HTML about runs and clips: players, spectrograms, curves, baselines."""
