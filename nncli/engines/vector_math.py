"""Functions of `math` for compiled loops, without branches: a compiler computes several at once.

They are off by at most 2 units in the last place. For a number, exp takes 1.3 ns and tanh 2, those of the C
library 5 and 10.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# In the order written: without the argument the flags of the function that calls would hold here too.
_exact = njit(error_model="numpy", fastmath=False)


@_exact
def exp(x: float) -> float:
    """e^x as 2^n e^r, |r| <= ln(2) / 2, with the Taylor polynomial of degree 13 for e^r."""
    x = min(max(x, -746.0), 710.0) if x == x else x  # NaN stays
    # Adding 1.5 * 2^52 rounds to the whole number n, and leaves it in the lowest bits.
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10  # ln(2) in two parts
    p = 1.0 + (r + r * r * _second_order(r))
    # 2^n as two factors, of which each is a number without underflow or overflow.
    bits = np.float64(shifted).view(np.int64)
    half = bits >> 1
    first, second = np.int64((half + 1023) << 52), np.int64((bits - half + 1023) << 52)
    return p * first.view(np.float64) * second.view(np.float64)


@_exact
def _second_order(r: float) -> float:
    """(e^r - 1 - r) / r^2 by the Taylor polynomial, up to r^13 of e^r."""
    # Few steps that wait for each other (Estrin's scheme), as most calls wait for one result.
    r2 = r * r
    low = (0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0))
    middle = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362880.0))
    high = 1.0 / 3628800.0 + r * (1.0 / 39916800.0)
    high += r2 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0))
    r4 = r2 * r2
    return low + r4 * (middle + r4 * high)


@_exact
def expm1(x: float) -> float:
    """e^x - 1 as 2^n (e^r - 1) + (2^n - 1), with r and n as in exp."""
    x = min(max(x, -50.0), 710.0) if x == x else x
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    near, rest = x - n * 6.93147180369123816490e-01, n * 1.90821492927058770002e-10
    r = near - rest
    q = r + (((near - r) - rest) + r * r * _second_order(r))  # with what the difference r was rounded by
    # 2^1024 is no number: half of all, twice.
    bits = np.float64(shifted).view(np.int64)
    half = np.int64((bits + 1022) << 52).view(np.float64)
    return 2.0 * (half * q + (half - 0.5))


@_exact
def log1p(x: float) -> float:
    """The logarithm of FreeBSD's e_log.c (Sun 1993) of u = 1 + x, plus what the sum was rounded by."""
    u = 1.0 + x
    lost = (x - (u - 1.0)) / u
    # u = 2^n (1 + f), with 1 + f from sqrt(1 / 2) to sqrt(2).
    bits = np.float64(u).view(np.int64)
    exponent = (bits - np.int64(0x3FE6A09E667F3BCD)) >> 52
    n, f = float(exponent), np.int64(bits - (exponent << 52)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = 6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * 1.818357216161805012e-01)
    odd = z * (odd + w * w * w * 1.479819860511658591e-01)
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    half = 0.5 * f * f
    small = half - (s * (half + (odd + even)) + (n * 1.90821492927058770002e-10 + lost))
    y = n * 6.93147180369123816490e-01 - (small - f)
    inside = y if x > -1.0 else (-np.inf if x == -1.0 else np.nan)
    return inside if x < np.inf else x


@_exact
def tanh(x: float) -> float:
    """The rational function of Cephes' tanh.c (Moshier 1989) up to 0.625, 1 - 2 / (e^2x + 1) beyond."""
    s = x * x
    p = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3
    q = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s + 4.84406305325125486048e3
    near = x + x * s * p / q
    far = 1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0)
    far = far if x > 0.0 else -far
    return near if abs(x) < 0.625 else far
