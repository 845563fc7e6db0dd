"""Entropic Wasserstein barycentres of pairs of images, all pairs of a batch at once.

With K the blur by exp(-d² / reg), λ the share of the first image a_1 of a pair and λ' = 1 - λ that of the second,
each iteration is, for k = 1, 2 and pixel by pixel,

    u_k = a_k / K v_k,    b = (K u_1)^λ (K u_2)^λ',    v_k = b / K u_k.

It uses b only through r = K u_1 / K u_2: v_1 = r^(λ - 1) and v_2 = r^λ. Where a number underflows, the same iteration
runs on logarithms.

Source: Solomon et al. 2015 (convolutional Wasserstein barycentres).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from zeta_geom.checks.types import SomeArray
from zeta_geom.mixers.arrays import namespace, on_host

TOLERANCE = 1e-4  # of the sum over pixels of the two estimates' standard deviation
CHECK_EVERY = 10  # iterations; a pair that converges between two checks iterates until the second
FLOOR = 1e-300  # replaces 0 before the logarithm
SPAN = 600  # of the exponents in a block of the kernel: e^-600 is a normal number in float64
VALUES_HOST = 2**15  # in a block of pairs on the CPU: the iteration's arrays fit into a core's cache
VALUES_DEVICE = 2**24  # in a block of pairs on a device, where small blocks leave cores idle


def barycenters(first: SomeArray, second: SomeArray, shares: SomeArray, reg: float, max_iter: int) -> Any:
    """Return the barycentre of each pair of images: two (pairs, H, W) -> (pairs, H, W)."""
    xp = namespace(first)
    pairs, height, width = first.shape
    most = max(1, (VALUES_HOST if on_host(first) else VALUES_DEVICE) // (2 * height * width))
    size = math.ceil(pairs / max(1, math.ceil(pairs / most)))  # blocks of about the same size
    blocks = [slice(start, start + size) for start in range(0, pairs, max(1, size))]
    parts = [_block(xp.stack([first[at], second[at]]), shares[at], reg, max_iter) for at in blocks]
    return xp.concat(parts) if parts else first


def _block(images: SomeArray, shares: SomeArray, reg: float, max_iter: int) -> Any:
    """Return barycentres (pairs, H, W) of images (2, pairs, H, W)."""
    xp = namespace(images)
    # the axes H, 2, pairs, W let one matrix product blur all images along either side
    images = xp.asarray(xp.permute_dims(images, (2, 0, 1, 3)), copy=True)
    rows, columns = (_exponents(size, reg, images) for size in (images.shape[0], images.shape[3]))
    with np.errstate(all="ignore"):
        scaling = Scaling(xp.exp(rows), xp.exp(columns))
        start = 1 / scaling.blur(xp.ones_like(images))
        means = _iterate(scaling, images, start, shares, max_iter)
        lost = xp.nonzero(~xp.isfinite(xp.sum(means, axis=(0, 2))))[0]
        if lost.shape[0]:
            logs = xp.log(xp.take(images, lost, axis=2) + FLOOR)
            means[:, lost] = _iterate(
                LogScaling(rows, columns, reg), logs, xp.zeros_like(logs), xp.take(shares, lost, axis=0), max_iter
            )
    return xp.permute_dims(means / xp.sum(means, axis=(0, 2), keepdims=True), (1, 0, 2))


def _exponents(size: int, reg: float, like: SomeArray) -> Any:
    """Return -d² / reg between the pixels of a side, as a matrix."""
    xp = namespace(like)
    at = xp.linspace(0, 1, size, dtype=like.dtype, device=like.device)
    return -((at[:, None] - at) ** 2) / reg


def _iterate(domain: Domain, images: SomeArray, scalings: SomeArray, shares: SomeArray, max_iter: int) -> Any:
    """Return barycentres (H, pairs, W) of (H, 2, pairs, W), not finite where numbers over- or underflow."""
    xp = namespace(images)
    means = xp.empty_like(images[:, 0])
    left = xp.arange(shares.shape[0], device=images.device)
    for step in range(1, max_iter + 1):
        blurred, before = domain.blurred(images, scalings), scalings
        scalings = domain.renewed(blurred, shares[:, None])
        if step % CHECK_EVERY and step < max_iter:
            continue
        estimates = domain.estimates(before, blurred)
        gaps = xp.sum(xp.abs(estimates[:, 0] - estimates[:, 1]), axis=(0, 2)) / 2
        going = (gaps >= TOLERANCE) & (step < max_iter)  # false for NaN, which would stay
        ended, going = xp.nonzero(~going)[0], xp.nonzero(going)[0]
        if ended.shape[0]:
            result = domain.estimates(scalings, blurred)[:, 0]
            means[:, xp.take(left, ended, axis=0)] = xp.take(result, ended, axis=1)
            if not going.shape[0]:
                break
            images, scalings = (xp.take(part, going, axis=2) for part in (images, scalings))
            left, shares = (xp.take(part, going, axis=0) for part in (left, shares))
    return means


@dataclass(frozen=True)
class Scaling:
    """The iteration on plain numbers."""

    rows: Any  # K along the height: float64 (H, H)
    columns: Any  # K along the width: float64 (W, W)

    def blur(self, images: SomeArray) -> Any:
        """Return K x for images (H, 2, pairs, W)."""
        height, *_, width = images.shape
        along = self.rows @ images.reshape(height, -1)
        return (along.reshape(-1, width) @ self.columns).reshape(images.shape)

    def blurred(self, images: SomeArray, scalings: SomeArray) -> Any:
        """Return K u_k, from the images a_k and the scalings v_k."""
        return self.blur(images / self.blur(scalings))

    def estimates(self, scalings: SomeArray, blurred: SomeArray) -> Any:
        """Return v_k · K u_k as plain numbers; for k = 1, 2 both tend to b."""
        return scalings * blurred

    def renewed(self, blurred: SomeArray, shares: SomeArray) -> Any:
        """Return the next v_k from K u_k; NaN where the quotient r under- or overflows."""
        xp = namespace(blurred)
        ratio = blurred[:, 0] / blurred[:, 1]
        scalings = xp.empty_like(blurred)
        scalings[:, 1] = xp.exp(xp.log(ratio) * shares)
        scalings[:, 0] = scalings[:, 1] / ratio
        return scalings


@dataclass(frozen=True)
class LogScaling:
    """The iteration on logarithms, for kernels and images whose products underflow."""

    rows: Any  # log K along the height: float64 (H, H)
    columns: Any  # log K along the width: float64 (W, W)
    reg: float

    def blur(self, logs: SomeArray) -> Any:
        """Return log(K exp(x)) for x of shape (H, 2, pairs, W)."""
        height, *_, width = logs.shape
        along = log_product(logs.reshape(height, -1).T, self.rows, self.reg).T
        return log_product(along.reshape(-1, width), self.columns, self.reg).reshape(logs.shape)

    def blurred(self, images: SomeArray, scalings: SomeArray) -> Any:
        """Return log K u_k."""
        return self.blur(images - self.blur(scalings))

    def estimates(self, scalings: SomeArray, blurred: SomeArray) -> Any:
        """Return v_k · K u_k as plain numbers; for k = 1, 2 both tend to b."""
        return namespace(blurred).exp(scalings + blurred)

    def renewed(self, blurred: SomeArray, shares: SomeArray) -> Any:
        """Return log v_k."""
        ratio = blurred[:, 0] - blurred[:, 1]
        return namespace(blurred).stack([(shares - 1) * ratio, shares * ratio], axis=1)


Domain: TypeAlias = Scaling | LogScaling


def log_product(logs: SomeArray, exponents: SomeArray, reg: float) -> Any:
    """Return log Σ_j exp(logs[i, j] + exponents[j, k]), by products of matrices of normal numbers.

    The sum over j is cut into blocks in which the exponents of each k differ by at most `SPAN`: after the block's
    largest term of either factor is divided out, terms that underflow are below e^(SPAN - 708) of the sum.
    """
    xp = namespace(logs)
    size = logs.shape[1]
    length = 1 - math.sqrt(max(0.0, 1 - SPAN * reg))  # of a side: (1 - (1 - length)²) / reg is SPAN
    width = 1 + math.floor(length * (size - 1))
    total: Any = None
    for start in range(0, size, width):
        part, kernel = logs[:, start : start + width], exponents[start : start + width]
        top, peak = xp.max(part, axis=1, keepdims=True), xp.max(kernel, axis=0, keepdims=True)
        term = xp.log(xp.exp(part - top) @ xp.exp(kernel - peak)) + top + peak
        total = term if total is None else xp.logaddexp(total, term)
    return total
