"""NVIDIA cuOpt: LPs and MIPs on a GPU. Its probe says what is missing; it has no way to stop, so its process is killed."""

from __future__ import annotations

import numpy as np

from ..contract import Claim, Refused, Unavailable, fits

REASONS = {1: "OPTIMAL", 2: "INFEASIBLE", 3: "UNBOUNDED"}


class CuOpt:
    name = "cuopt"

    @property
    def version(self) -> str:
        try:
            import ctypes

            ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise Unavailable(f"cuOpt needs an NVIDIA GPU with its driver ({error})") from error
        try:
            import cuopt
        except ImportError as error:
            raise Unavailable(f"cuopt is not in this Python ({error}): pip install cuopt-cu12") from error
        return cuopt.__version__

    def probe(self) -> dict:
        try:
            return {"state": "ready", "version": self.version}
        except Unavailable as error:
            return {"state": "not_found", "remedy": str(error)}
        except Exception as error:
            return {"state": "broken", "says": f"{type(error).__name__}: {error}"}

    def capabilities(self) -> dict:
        return dict.fromkeys("integers ranges free_rows maximize".split(), True)

    def open(self, problem) -> "Session":
        version = self.version
        fits(self.name, self.capabilities(), problem)
        return Session(problem, version)


class Session:
    def __init__(self, p, version: str):
        self.p, self.version = p, version

    def solve(self, options, point, basis, control, stop) -> Claim:
        from cuopt import linear_programming

        p = self.p
        if options.native:
            raise Refused(f"cuOpt has no option '{next(iter(options.native))}' here; it has: none that are passed through yet")
        if stop.is_set():
            return Claim.at_limit("INTERRUPTED")
        left = options.seconds_left()
        if left is not None and left <= 0:
            return Claim.at_limit("TIME")
        model = linear_programming.DataModel()
        starts, columns, values = p.by_rows()
        model.set_csr_constraint_matrix(values, columns.astype(np.int32), starts.astype(np.int32))
        model.set_constraint_lower_bounds(p.row_lower.copy())
        model.set_constraint_upper_bounds(p.row_upper.copy())
        model.set_objective_coefficients(p.cost.copy())
        model.set_objective_offset(p.offset)
        model.set_maximize(p.maximize)
        model.set_variable_lower_bounds(p.lower.copy())
        model.set_variable_upper_bounds(p.upper.copy())
        model.set_variable_types(np.where(p.is_integer, "I", "C"))
        settings = linear_programming.SolverSettings()
        if left is not None:
            settings.set_parameter("time_limit", left)
        control.phase("search" if p.kinds.any() else "first order")
        solution = linear_programming.Solve(model, settings)
        status = int(solution.get_termination_status())
        if status in (2, 3):
            return Claim(REASONS[status], None, "cuOpt says so")
        found = np.asarray(solution.get_primal_solution(), dtype=float)
        if len(found) != p.n or not np.isfinite(found).all():
            return Claim.at_limit("TIME" if left is not None else "UNDETERMINED", f"status {status}")
        found = np.where(p.is_integer, np.round(found), found)
        rest = {"point": found, "objective": p.objective_of(found)}
        if status == 1:
            return Claim("OPTIMAL", None, "cuOpt says so", bound=rest["objective"], **rest)
        return Claim.at_limit("TIME", f"status {status}", **rest)
