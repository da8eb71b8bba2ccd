"""k-means by hand on the petals of scikit-learn's irises: this file knows nothing of graftline."""

import numpy as np
from sklearn.datasets import load_iris


def load() -> np.ndarray:
    """Return length and width of 150 petals in cm (150 × 2)."""
    return load_iris().data[:, 2:]


def start(points: np.ndarray, k: int = 3, seed: int = 2) -> np.ndarray:
    """Return k of the points as first centers."""
    return np.random.default_rng(seed).choice(points, k, replace=False)


def move(points: np.ndarray, centers: np.ndarray, turn: int) -> tuple[np.ndarray, float]:
    """Return the means of the points that are nearest to each center, and how far the centers went (cm)."""
    nearest = np.linalg.norm(points[:, None] - centers, axis=2).argmin(axis=1)
    moved = np.array([points[nearest == n].mean(axis=0) for n in range(len(centers))])
    shift = float(np.abs(moved - centers).max())
    print(f"turn {turn}: moved by {shift:.4f}")
    return moved, shift


def has_settled(shift: float, tolerance: float = 0.001) -> bool:
    """Tell whether another turn would change nothing that counts."""
    return shift < tolerance


def measure(points: np.ndarray, centers: np.ndarray) -> float:
    """Return the sum of squared distances to the nearest center (cm²)."""
    return float((np.linalg.norm(points[:, None] - centers, axis=2).min(axis=1) ** 2).sum())
