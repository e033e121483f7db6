"""OR-Tools' CP-SAT: for problems whose columns are all integer with finite bounds, and whose numbers are whole.

What it finds is exact. It has no duals; an objective with a fractional cost is scaled by a power of ten where that makes it
whole."""

from __future__ import annotations

import numpy as np

from ..contract import Claim, Refused, Unavailable, Unsupported, fits

LARGEST = 2**40


class CpSat:
    name = "cp-sat"

    def probe(self) -> dict:
        try:
            return {"state": "ready", "version": self.version}
        except Unavailable as error:
            return {"state": "not_found", "remedy": str(error)}

    @property
    def version(self) -> str:
        try:
            import ortools
        except ImportError as error:
            raise Unavailable(f"ortools is not in this Python ({error}): pip install ortools") from error
        return ortools.__version__

    def capabilities(self) -> dict:
        flags = (
            "integers only_integers data_limits indicators incumbents_out live_bound start_point partial_start threads "
            "seed stop ranges free_rows maximize"
        )
        return dict.fromkeys(flags.split(), True)

    def open(self, problem) -> "Session":
        version = self.version
        fits(self.name, self.capabilities(), problem)
        return Session(problem, version)


def whole(values, what: str) -> np.ndarray:
    """The numbers as integers, or a refusal."""
    rounded = np.round(values)
    if np.any(rounded != values) or np.any(np.abs(values) > LARGEST):
        raise Unsupported(f"cp-sat takes whole numbers up to 2^40; {what} has others")
    return rounded.astype(np.int64)


class Session:
    def __init__(self, p, version: str):
        self.p, self.version = p, version
        self.lower = np.ceil(p.lower - 1e-6)
        self.upper = np.floor(p.upper + 1e-6)
        if not (np.isfinite(self.lower).all() and np.isfinite(self.upper).all()):
            raise Unsupported("cp-sat needs finite bounds for every column")
        whole(self.lower, "a bound")
        whole(self.upper, "a bound")
        self.values = whole(p.values, "a coefficient")
        self.scale = next((s for s in 10.0 ** np.arange(7) if np.all(np.round(p.cost * s) == p.cost * s)), None)
        if self.scale is None:
            raise Unsupported("cp-sat takes whole costs, or ones with few decimals")
        self.cost = whole(p.cost * self.scale, "the objective")
        starts, columns, _ = p.by_rows()
        order = np.argsort(p.indices, kind="stable")
        self.starts, self.columns, self.by_row = starts, columns, self.values[order]
        largest = np.maximum(np.abs(self.lower), np.abs(self.upper))
        activity = np.bincount(p.indices, np.abs(p.values) * largest[p.columns_of_entries()], minlength=p.m)
        if np.any(activity > 2.0**60) or float(np.abs(self.cost) @ largest) > 2.0**60:
            raise Unsupported("cp-sat counts in 64 bits; a row or the objective goes beyond")
        self.model, self.x = None, None

    def build(self):
        from ortools.sat.python import cp_model

        p, model = self.p, cp_model.CpModel()
        x = [model.new_int_var(int(a), int(b), "") for a, b in zip(self.lower, self.upper)]
        switched = {i: (j, active) for i, j, active in p.indicators.tolist()}
        for i in range(p.m):
            span = slice(self.starts[i], self.starts[i + 1])
            low = -(2**62) if np.isinf(p.row_lower[i]) else int(np.ceil(p.row_lower[i] - 1e-6 * max(1, abs(p.row_lower[i]))))
            high = 2**62 if np.isinf(p.row_upper[i]) else int(np.floor(p.row_upper[i] + 1e-6 * max(1, abs(p.row_upper[i]))))
            if low == -(2**62) and high == 2**62:
                continue
            terms = cp_model.LinearExpr.weighted_sum([x[j] for j in self.columns[span]], self.by_row[span].tolist())
            row = model.add_linear_constraint(terms, low, high) if span.start != span.stop else None
            if row is None:
                if not low <= 0 <= high and i not in switched:
                    return None, None
                continue
            if i in switched:
                j, active = switched[i]
                literal = model.new_bool_var("")
                model.add(x[j] == literal)
                row.only_enforce_if(literal if active else literal.negated())
        objective = cp_model.LinearExpr.weighted_sum(x, self.cost.tolist()) if p.n else 0
        (model.maximize if p.maximize else model.minimize)(objective)
        return model, x

    def solve(self, options, point, basis, control, stop) -> Claim:
        from ortools.sat.python import cp_model

        p = self.p
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = max(1, options.threads)
        parameters.relative_gap_limit = options.tolerance("relative_gap")
        if options.seed is not None:
            parameters.random_seed = options.seed % (2**31)
        parameters.cp_model_presolve = options.presolve != "off"
        parameters.log_to_stdout = False
        parameters.log_search_progress = True
        names = [name for name in dir(parameters) if not name.startswith("_") and name.islower()]
        for name, value in options.native.items():
            if name not in names:
                raise Refused(f"CP-SAT has no parameter '{name}'; it has: {', '.join(sorted(names))}")
            try:
                kind = type(getattr(parameters, name))
                setattr(parameters, name, value.lower() in ("1", "true") if kind is bool else kind(value))
            except (TypeError, ValueError) as error:
                raise Refused(f"{name}={value}: {error}") from error
        if np.any(self.lower > self.upper) or np.any(p.row_lower > p.row_upper + 1e-6):
            return Claim("INFEASIBLE", None, "crossed bounds or sides")
        model, x = self.build()
        if model is None:
            return Claim("INFEASIBLE", None, "an empty row does not allow zero")
        if stop.is_set():
            return Claim.at_limit("INTERRUPTED")
        left = options.seconds_left()
        if left is not None:
            if left <= 0:
                return Claim.at_limit("TIME")
            parameters.max_time_in_seconds = left
        if point is not None:
            for j in np.flatnonzero(np.isfinite(point)):
                value = int(np.clip(np.round(point[j]), self.lower[j], self.upper[j]))
                model.add_hint(x[j], value)
        hearing = self.hearing(cp_model, x, solver, options, control)
        solver.log_callback = control.log
        solver.best_bound_callback = hearing.hear_bound
        stop.wake(solver.stop_search)
        try:
            status = solver.solve(model, hearing)
        finally:
            stop.wake(None)
        return self.claim(cp_model, solver, status, x, hearing, stop)

    def outside(self, value: float) -> float:
        return value / self.scale + self.p.offset

    def hearing(self, cp_model, x, solver, options, control):
        session, p = self, self.p

        class Hearing(cp_model.CpSolverSolutionCallback):
            best = bound = limit = None
            found = 0

            def on_solution_callback(self) -> None:
                values = np.array([self.value(one) for one in x], dtype=float)
                objective = p.objective_of(values)
                if self.best is None or (objective > self.best if p.maximize else objective < self.best):
                    self.best = objective
                    control.incumbent(objective, values)
                self.found += 1
                target = options.objective_target
                if target is not None and (objective >= target if p.maximize else objective <= target):
                    self.limit = "OBJECTIVE"
                elif options.solution_limit is not None and self.found >= options.solution_limit:
                    self.limit = "SOLUTION"
                if self.limit is not None:
                    self.stop_search()
                control.progress(self.num_branches, 0)
                self.hear_bound(self.best_objective_bound)

            def hear_bound(self, value: float) -> None:
                bound = session.outside(value)
                if self.bound is None or (bound < self.bound if p.maximize else bound > self.bound):
                    self.bound = bound
                    control.bound(bound)

        return Hearing()

    def claim(self, cp_model, solver, status, x, hearing, stop) -> Claim:
        p = self.p
        rest: dict = {"nodes": solver.num_branches, "detail": solver.status_name(status)}
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            point = np.array([solver.value(one) for one in x], dtype=float)
            rest["point"], rest["objective"] = point, p.objective_of(point)
            rest["bound"] = self.outside(solver.best_objective_bound) if p.cost.any() else rest["objective"]
        elif status == cp_model.UNKNOWN:
            rest["bound"] = hearing.bound
        if status == cp_model.INFEASIBLE:
            return Claim("INFEASIBLE", None, **rest)
        if status == cp_model.MODEL_INVALID:
            return Claim("OTHER_ERROR", None, **rest)
        if status == cp_model.OPTIMAL and hearing.limit is None:
            return Claim("OPTIMAL", None, **rest)
        limit = hearing.limit or ("INTERRUPTED" if stop.is_set() else "TIME")
        return Claim.at_limit(limit, rest.pop("detail"), **rest)
