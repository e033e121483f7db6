"""What an adapter says and hears: availability, options, claims, events, a stop. The meaning is that of Farkas' contract:
values and bounds in the problem's own sense, offset included; a multiplier is d objective / d right-hand side."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np

from .protocol import vector

BASIC, AT_LOWER, AT_UPPER, FREE = range(4)


class Unavailable(Exception):
    """The solver is not here, or has no licence."""


class Unsupported(Exception):
    """The solver does not take this problem: what it cannot, or what is too large for its licence."""


class Refused(Exception):
    """The request cannot be met; the session is as it was."""


@dataclass
class Options:
    """Options of a solve; `None` is no limit."""

    time_limit: float | None = None
    threads: int = 1
    seed: int | None = None
    node_limit: int | None = None
    solution_limit: int | None = None
    memory_limit_bytes: int | None = None
    objective_target: float | None = None
    deterministic: bool = False
    cutoff: float | None = None
    emphasis: str = "balanced"
    lp_method: str = "auto"
    presolve: str = "auto"
    native: dict = field(default_factory=dict)
    tolerances: dict = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    @classmethod
    def of_message(cls, message: dict) -> "Options":
        known = {name: message[name] for name in cls.__dataclass_fields__ if message.get(name) is not None}
        known.pop("begun", None)
        return cls(**known)

    def tolerance(self, name: str) -> float:
        defaults = {"feasibility": 1e-6, "bound": 1e-6, "integrality": 1e-6, "dual": 1e-7, "relative_gap": 1e-4, "absolute_gap": 1e-9}
        return float(self.tolerances.get(name, defaults[name]))

    def seconds_left(self) -> float | None:
        """What is left of the time limit, which counts from the request on."""
        return None if self.time_limit is None else max(0.0, self.time_limit - (time.monotonic() - self.begun))

    def check(self, name: str, capabilities: dict) -> None:
        """Refuses what the solver has no meaning for, with what there is."""
        methods = {"simplex": "simplex", "barrier": "barrier", "firstorder": "first_order"}
        can = ["auto"] + [method for method, flag in methods.items() if capabilities.get(flag)]
        if self.lp_method not in can:
            raise Refused(f"{name} has no such LP method; it has: {', '.join(can)}")
        if self.node_limit is not None and not capabilities.get("node_limit"):
            raise Refused(f"{name} has no node limit; it has: time_limit, solution_limit, objective_target, cutoff")
        if self.emphasis != "balanced" and not capabilities.get("emphasis"):
            raise Refused(f"{name} has no emphasis; it has: balanced")

    def cutoff_slack(self) -> float:
        return max(self.tolerance("absolute_gap"), self.tolerance("feasibility") * max(1.0, abs(self.cutoff or 0.0)))


@dataclass
class Claim:
    """What a solver says at the end. `reason` and `limit` in Farkas' words: OPTIMAL, TIME, …"""

    reason: str
    limit: str | None = None
    detail: str = ""
    point: np.ndarray | None = None
    objective: float | None = None
    bound: float | None = None
    multipliers: np.ndarray | None = None
    reduced_costs: np.ndarray | None = None
    primal_ray: np.ndarray | None = None
    farkas_ray: np.ndarray | None = None
    basis: tuple[np.ndarray, np.ndarray] | None = None
    nodes: int = 0
    simplex_iterations: int = 0
    barrier_iterations: int = 0
    first_order_iterations: int = 0

    @classmethod
    def at_limit(cls, limit: str, detail: str = "", **rest) -> "Claim":
        return cls("NO_SOLUTION_FOUND" if rest.get("point") is None else "FEASIBLE", limit, detail, **rest)

    def within_cutoff(self, options: Options, maximize: bool) -> "Claim":
        """As the cutoff wants it: a worse point is left out, and a search that left out the rest found none as good."""
        if options.cutoff is None:
            return self
        sign = -1.0 if maximize else 1.0
        worse = lambda value: sign * (value - options.cutoff) > options.cutoff_slack()
        none_as_good = self.reason == "INFEASIBLE" and self.farkas_ray is None
        if self.point is not None and worse(self.objective):
            none_as_good = self.reason == "OPTIMAL"
            self.point = self.objective = self.multipliers = self.reduced_costs = self.basis = None
            if not none_as_good and self.reason == "FEASIBLE":
                self.reason = "NO_SOLUTION_FOUND"
        if none_as_good or self.limit == "CUTOFF":
            self.reason, self.limit, self.detail = "NO_SOLUTION_FOUND", "CUTOFF", "no point is as good as the cutoff"
            if self.bound is None or not worse(self.bound):
                self.bound = options.cutoff
        return self

    def message(self) -> dict:
        wire = lambda values: None if values is None else vector(values)
        number = lambda value: None if value is None or not np.isfinite(value) else float(value)
        basis = None
        if self.basis is not None:
            columns, rows = (np.ascontiguousarray(part, dtype=np.uint8).tobytes() for part in self.basis)
            basis = {"columns": columns, "rows": rows}
        counters = ("nodes", "simplex_iterations", "barrier_iterations", "first_order_iterations")
        return {
            "termination": {"reason": self.reason, "limit": self.limit, "detail": self.detail},
            "point": wire(self.point),
            "objective": number(self.objective),
            "bound": number(self.bound),
            "multipliers": wire(self.multipliers),
            "reduced_costs": wire(self.reduced_costs),
            "primal_ray": wire(self.primal_ray),
            "farkas_ray": wire(self.farkas_ray),
            "basis": basis,
            "counters": {name: max(0, int(getattr(self, name))) for name in counters},
        }


@dataclass
class Conflict:
    """Sides and bounds that cannot hold together: which of the m rows and n columns take part, by their lower and upper ends.
    None at all where none was found."""

    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def none(cls, p) -> "Conflict":
        return cls(np.zeros(p.m, bool), np.zeros(p.m, bool), np.zeros(p.n, bool), np.zeros(p.n, bool))

    @classmethod
    def plain(cls, p) -> "Conflict | None":
        """What is seen at once: crossed bounds or sides, or a row without entries that 0 does not satisfy."""
        found, special = cls.none(p), np.zeros(p.m, bool)
        special[p.indicators[:, 0]] = special[p.row_pairs[:, 0]] = True
        empty = ~special & (np.bincount(p.indices[p.values != 0], minlength=p.m)[: p.m] == 0)
        columns = np.flatnonzero((p.lower > p.upper) & ~cls.given(p))
        rows = np.flatnonzero((p.row_lower > p.row_upper) & ~special)
        above, below = np.flatnonzero(empty & (p.row_lower > 0)), np.flatnonzero(empty & (p.row_upper < 0))
        if len(columns):
            found.lower[columns[0]] = found.upper[columns[0]] = True
        elif len(rows):
            found.row_lower[rows[0]] = found.row_upper[rows[0]] = True
        elif len(above):
            found.row_lower[above[0]] = True
        elif len(below):
            found.row_upper[below[0]] = True
        else:
            return None
        return found

    @staticmethod
    def given(p) -> np.ndarray:
        """Columns whose bounds are taken as given: semicontinuous ones, and those that switch a row."""
        given = p.is_semi.copy()
        given[p.indicators[:, 1]] = True
        return given

    def message(self, p) -> dict:
        """As it travels: of ends that there are, and without those that are given."""
        free = ~self.given(p)
        ends = lambda low, high: (low.astype(np.uint8) + 2 * high.astype(np.uint8)).tobytes()
        return {
            "rows": ends(self.row_lower & np.isfinite(p.row_lower), self.row_upper & np.isfinite(p.row_upper)),
            "columns": ends(self.lower & free & np.isfinite(p.lower), self.upper & free & np.isfinite(p.upper)),
        }


class Stop:
    """Set by the reader's thread; a waker interrupts a solver that does not look."""

    def __init__(self):
        self._set = threading.Event()
        self._lock = threading.Lock()
        self._waker = None

    def is_set(self) -> bool:
        return self._set.is_set()

    def set(self) -> None:
        with self._lock:
            self._set.set()
            if self._waker is not None:
                self._waker()

    def wake(self, waker) -> None:
        """Calls this when the stop comes, now if it has come; `None` calls nobody any more."""
        with self._lock:
            self._waker = waker
            if waker is not None and self._set.is_set():
                waker()


def fits(name: str, can: dict, p) -> None:
    """Raises `Unsupported` for what the capabilities do not have."""
    beside = bool(p.kinds.any())
    ranges = (p.row_lower != p.row_upper) & np.isfinite(p.row_lower) & np.isfinite(p.row_upper)
    missing = [
        (p.is_integer.any() and not can.get("integers"), "integer variables"),
        (p.is_semi.any() and not can.get("semicontinuous"), "semicontinuous variables"),
        (len(p._sets) and not can.get("sets"), "special ordered sets"),
        (len(p.indicators) and not can.get("indicators"), "indicator constraints"),
        (not p.is_linear and not can.get("quadratic_objective") and not can.get("quadratic"), "quadratic terms"),
        (len(p.row_products) and not can.get("quadratic"), "quadratic constraints"),
        (not p.is_linear and beside and not can.get("quadratic"), "quadratic terms beside integers"),
        (ranges.any() and not can.get("ranges"), "rows with two different sides"),
        ((np.isinf(p.row_lower) & np.isinf(p.row_upper)).any() and not can.get("free_rows"), "rows without a side"),
        (p.maximize and not can.get("maximize"), "maximisation"),
        ((~p.is_integer).any() and can.get("only_integers"), "continuous variables"),
    ]
    for is_missing, what in missing:
        if is_missing:
            raise Unsupported(f"{name} does not take {what}")
