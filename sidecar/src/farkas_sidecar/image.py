"""A problem's image, mapped and used in place: every array is a read-only view over the mapping, without a copy."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct

import numpy as np

MAGIC = b"\x89FARKAS\n"
VERSION = 1
ORDER_MARK = 0x0102_0304
HEADER = struct.Struct("<8sIIQQQQdII")
ENTRY = struct.Struct("<IIQQ")
F_GET_SEALS, SEAL_SHRINK, SEAL_WRITE = 1034, 2, 8

CONTINUOUS, INTEGER, SEMICONTINUOUS, SEMI_INTEGER = range(4)


class BadImage(Exception):
    """These bytes are no image of a problem."""


class Problem:
    """minimise or maximise cost·x + offset + products, subject to row_lower <= A x (+ products) <= row_upper and
    lower <= x <= upper. A stands by columns: column j has the entries starts[j] to starts[j + 1] of `indices` (rows)
    and `values`. Infinite bounds and sides are infinite."""

    def __init__(self, buffer):
        view = memoryview(buffer)
        if len(view) < HEADER.size:
            raise BadImage(f"{len(view)} bytes, and a header has {HEADER.size}")
        magic, version, order, total, n, m, nonzeros, offset, maximize, sections = HEADER.unpack_from(view)
        if magic != MAGIC or version != VERSION or order != ORDER_MARK:
            raise BadImage(f"begins with {magic!r}, version {version}; version {VERSION} is read here")
        if total != len(view) or HEADER.size + sections * ENTRY.size > total:
            raise BadImage(f"says {total} bytes and {sections} sections, has {len(view)} bytes")
        self.n, self.m, self.offset, self.maximize = n, m, offset, maximize == 1
        places = {}
        for k in range(sections):
            number, _, at, length = ENTRY.unpack_from(view, HEADER.size + k * ENTRY.size)
            if at + length > total:
                raise BadImage(f"section {number} ends at {at + length} of {total}")
            places[number] = (at, length)

        def part(number: int, kind: str, count: int | None = None) -> np.ndarray:
            at, length = places.get(number, (0, 0))
            size = np.dtype(kind).itemsize
            if length % size or (count is not None and length != count * size):
                raise BadImage(f"section {number} has {length} bytes")
            array = np.frombuffer(view[at : at + length], dtype=kind)
            array.flags.writeable = False
            return array

        self.cost, self.lower, self.upper = (part(k, "<f8", n) for k in (1, 2, 3))
        self.kinds = part(4, "u1", n)
        self.row_lower, self.row_upper = part(5, "<f8", m), part(6, "<f8", m)
        self.starts, self.indices, self.values = part(7, "<u4", n + 1), part(8, "<u4", nonzeros), part(9, "<f8", nonzeros)
        if n and (self.starts[0] != 0 or self.starts[-1] != nonzeros or np.any(np.diff(self.starts.astype(np.int64)) < 0)):
            raise BadImage("the columns' places do not rise from 0 to the number of nonzeros")
        if nonzeros and int(self.indices.max()) >= m:
            raise BadImage("an entry in a row that there is not")
        self._sets = part(16, "<u4").reshape(-1, 3)
        self._member_columns, self._member_weights = part(18, "<u4"), part(19, "<f8")
        self.indicators = part(20, "<u4").reshape(-1, 3)
        self.objective_pairs, self.objective_products = part(21, "<u4").reshape(-1, 2), part(22, "<f8")
        self.row_pairs, self.row_products = part(23, "<u4").reshape(-1, 3), part(24, "<f8")

    @classmethod
    def of_descriptor(cls, descriptor: int) -> "Problem":
        """Maps a sealed memory file, and closes the descriptor."""
        try:
            if fcntl.fcntl(descriptor, F_GET_SEALS) & (SEAL_SHRINK | SEAL_WRITE) != SEAL_SHRINK | SEAL_WRITE:
                raise BadImage("a problem image that is not sealed")
            return cls(mmap.mmap(descriptor, 0, mmap.MAP_SHARED, mmap.PROT_READ))
        finally:
            os.close(descriptor)

    @property
    def sets(self):
        """(order, columns, weights) of each special ordered set."""
        begin = 0
        for order, _, end in self._sets:
            yield int(order), self._member_columns[begin:end], self._member_weights[begin:end]
            begin = end

    @property
    def is_integer(self) -> np.ndarray:
        """Which columns are integer (a semi-integer one too)."""
        return (self.kinds == INTEGER) | (self.kinds == SEMI_INTEGER)

    @property
    def is_semi(self) -> np.ndarray:
        return self.kinds >= SEMICONTINUOUS

    @property
    def is_linear(self) -> bool:
        return not (len(self.objective_products) or len(self.row_products))

    @property
    def is_lp(self) -> bool:
        """Linear, continuous, and without sets and indicators."""
        return self.is_linear and not self.kinds.any() and not len(self._sets) and not len(self.indicators)

    def column(self, j: int):
        """Rows and coefficients of a column."""
        begin, end = self.starts[j], self.starts[j + 1]
        return self.indices[begin:end], self.values[begin:end]

    def columns_of_entries(self) -> np.ndarray:
        """The column of each entry."""
        return np.repeat(np.arange(self.n, dtype=np.int64), np.diff(self.starts.astype(np.int64)))

    def by_rows(self):
        """starts, columns and values of A by rows (a copy)."""
        order = np.argsort(self.indices, kind="stable")
        starts = np.zeros(self.m + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.indices, minlength=self.m)[: self.m], out=starts[1:])
        return starts, self.columns_of_entries()[order], self.values[order]

    def activities(self, x) -> np.ndarray:
        """A x, without products."""
        return np.bincount(self.indices, self.values * x[self.columns_of_entries()], minlength=self.m)[: self.m]

    def objective_of(self, x) -> float:
        first, second = self.objective_pairs[:, 0], self.objective_pairs[:, 1]
        return float(self.cost @ x + self.offset + self.objective_products @ (x[first] * x[second]))

    def reduced_costs(self, y, x=None) -> np.ndarray:
        """cost − Aᵀ y, with the slope of the products at x."""
        entries = np.bincount(self.columns_of_entries(), self.values * y[self.indices], minlength=self.n)[: self.n]
        slope = self.cost - entries
        if x is not None and len(self.objective_products):
            first, second = self.objective_pairs[:, 0], self.objective_pairs[:, 1]
            np.add.at(slope, first, self.objective_products * x[second])
            np.add.at(slope, second, self.objective_products * x[first])
        return slope
