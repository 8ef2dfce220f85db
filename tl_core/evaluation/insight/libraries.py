"""What answers are computed with, loaded ahead: it takes a second, for which nobody shall wait who asks first."""

from importlib import import_module

LOADED_LATE = (
    "scipy.cluster.hierarchy",
    "scipy.optimize",
    "sklearn.calibration",
    "sklearn.metrics",
    "statsmodels.stats.contingency_tables",
    "statsmodels.stats.proportion",
)


def load() -> None:
    """Loads all libraries that modules of this package import inside functions.

    Thread: any; whoever needs one meanwhile waits for it and no longer.
    """
    for name in LOADED_LATE:
        import_module(name)
