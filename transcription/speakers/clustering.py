"""Speaker clustering: groups voice embeddings without a given number of speakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.60  # cosine distance from which two groups are two people (average linkage)
SMALLEST_MS, SMALLEST_SHARE = 4000, 0.012  # a voice heard less than this is folded into the nearest
SHORT_SHARE = 0.08  # but in a short recording a voice heard for this share of it is kept
MOST_LINKED = 2500  # pieces that are linked exactly; further ones join the nearest group


def cluster_voices(
    embeddings: NDArray[np.float32], lengths_ms: Sequence[int], speakers: int | None = None
) -> NDArray[np.intp]:
    """Return a group number for each row of `embeddings` [pieces, numbers], each of length 1.

    `speakers` fixes the number of groups. Longer pieces decide; groups that are hardly heard are dissolved.
    """
    count = len(embeddings)
    if count <= 1 or speakers == 1:
        return np.zeros(count, np.intp)
    lengths = np.asarray(lengths_ms)
    decisive = np.sort(np.argsort(-lengths, kind="stable")[:MOST_LINKED])
    groups = _link(embeddings[decisive], speakers)
    if speakers is None:
        groups = _dissolve_small(embeddings[decisive], lengths[decisive], groups)
    labels, centres = _centres(embeddings[decisive], lengths[decisive], groups)
    return np.asarray(labels[np.argmax(embeddings @ centres.T, axis=1)], np.intp)


def _link(embeddings: NDArray[np.float32], speakers: int | None) -> NDArray[np.intp]:
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(embeddings) == 1:
        return np.zeros(1, np.intp)
    tree = linkage(embeddings, method="average", metric="cosine")
    if speakers is None:
        return np.asarray(fcluster(tree, THRESHOLD, "distance"), np.intp)
    return np.asarray(fcluster(tree, speakers, "maxclust"), np.intp)


def _dissolve_small(
    embeddings: NDArray[np.float32], lengths: NDArray[np.int_], groups: NDArray[np.intp]
) -> NDArray[np.intp]:
    total = float(lengths.sum())
    smallest = max(min(SMALLEST_MS, SHORT_SHARE * total), SMALLEST_SHARE * total)
    heard = {label: int(lengths[groups == label].sum()) for label in np.unique(groups)}
    large = [label for label, length in heard.items() if length >= smallest] or [max(heard, key=lambda k: heard[k])]
    keep = np.isin(groups, large)
    labels, centres = _centres(embeddings[keep], lengths[keep], groups[keep])
    nearest = labels[np.argmax(embeddings @ centres.T, axis=1)]
    return np.where(keep, groups, nearest)


def _centres(
    embeddings: NDArray[np.float32], lengths: NDArray[np.int_], groups: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the labels and their mean voices (weighted by length, of length 1)."""
    labels = np.unique(groups)
    means = [np.average(embeddings[groups == label], axis=0, weights=lengths[groups == label]) for label in labels]
    centres = np.asarray(means, np.float32)
    return labels, centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
