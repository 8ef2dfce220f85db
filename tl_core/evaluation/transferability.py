"""How well features tell classes apart, by scores that train no network: nearest neighbours, a linear SVM, LogME."""

import numpy as np

NEIGHBOURS = 5
SVM_C = 1e-3  # as `RunSpec.svm_c`, on standardised features
MOST_ROUNDS = 200
SETTLED = 1e-6  # a relative change of the ratio of noise to signal


def neighbours_accuracy(
    known: np.ndarray, known_labels: np.ndarray, asked: np.ndarray, asked_labels: np.ndarray, k: int = NEIGHBOURS
) -> float:
    """Returns how many pictures the k nearest known ones classify rightly, by cosine distance.

    Args:
        known: float (n, d), features of training pictures.
        known_labels: int (n,).
        asked: float (m, d), features of the pictures that are classified.
        asked_labels: int (m,).
        k: How many neighbours vote; at most n.
    """
    from sklearn.neighbors import KNeighborsClassifier

    nearest = KNeighborsClassifier(min(k, len(known)), metric="cosine", algorithm="brute")
    return float(nearest.fit(known, known_labels).score(asked, asked_labels))


def svm_accuracy(
    known: np.ndarray, known_labels: np.ndarray, asked: np.ndarray, asked_labels: np.ndarray, seed: int
) -> float:
    """Returns how many pictures linear machines, one a class, classify rightly on standardised features.

    Args:
        known: As for `neighbours_accuracy`; so are the next three.
        known_labels: int (n,).
        asked: float (m, d).
        asked_labels: int (m,).
        seed: Of the order in which pictures are looked at.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    machines = make_pipeline(StandardScaler(), LinearSVC(C=SVM_C, random_state=seed))
    return float(machines.fit(known, known_labels).score(asked, asked_labels))


def log_me(features: np.ndarray, labels: np.ndarray) -> float:
    """Returns LogME: how likely the labels are, per picture, if they follow linearly from the features.

    For each class, membership is a linear function of the features with a normal prior α of its weights and normal
    noise β; what is returned is the logarithm of the evidence at the best α and β, a mean over classes and pictures.
    Higher is better; it has no scale of its own, and compares features of the same pictures.

    Args:
        features: float (n, d), of training pictures, as they are.
        labels: int (n,).

    References: You et al. 2021, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", algorithm 1;
    MacKay 1992, "Bayesian Interpolation" (the fixed-point iteration).
    """
    left, singular, _ = np.linalg.svd(np.asarray(features, np.float64), full_matrices=False)
    is_class = (labels[:, None] == np.unique(labels)).astype(np.float64)
    along = (left.T @ is_class) ** 2  # of each direction of the features, the square of what it has of each class
    beside = np.maximum((is_class**2).sum(axis=0) - along.sum(axis=0), 0.0)
    evidences = [_evidence(singular**2, one, rest, len(labels)) for one, rest in zip(along.T, beside, strict=True)]
    return float(np.mean(evidences))


def _evidence(squares: np.ndarray, along: np.ndarray, beside: float, n: int) -> float:
    """Returns the largest logarithm of the evidence of one class, per picture.

    Args:
        squares: float (r,), squared singular values of the features.
        along: float (r,), squares of the labels' coordinates along the left singular vectors.
        beside: The square of what no direction of the features reaches.
        n: Pictures.
    """
    ratio, alpha, beta = 1.0, 1.0, 1.0  # ratio: α / β
    for _ in range(MOST_ROUNDS):
        shrunk = squares / (squares + ratio)
        n_used = shrunk.sum()
        weights = (squares * along / (squares + ratio) ** 2).sum()  # ‖m‖² of the posterior mean
        error = ((1 - shrunk) ** 2 * along).sum() + beside
        alpha, beta = n_used / max(weights, 1e-12), max(n - n_used, 1e-12) / max(error, 1e-12)
        before, ratio = ratio, alpha / beta
        if abs(ratio - before) <= SETTLED * before:
            break
    shrunk = squares / (squares + ratio)
    weights = (squares * along / (squares + ratio) ** 2).sum()
    error = ((1 - shrunk) ** 2 * along).sum() + beside
    log_det = np.log(alpha + beta * squares).sum() - len(squares) * np.log(alpha)
    fit = n * np.log(beta) - beta * error - alpha * weights - log_det
    return float((fit - n * np.log(2 * np.pi)) / (2 * n))
