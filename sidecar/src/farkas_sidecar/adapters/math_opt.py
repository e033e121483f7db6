"""OR-Tools' linear solvers through MathOpt: GLOP (simplex) and PDLP (first order). LPs alone.

MathOpt's reasons, limits and signs are ours: a dual value is d objective / d right-hand side in either sense."""

from __future__ import annotations

import datetime

import numpy as np

from ..contract import AT_LOWER, AT_UPPER, BASIC, FREE, Claim, Refused, Unavailable, fits
from .cp_sat import CpSat


class Linear:
    flags = "stop ranges free_rows maximize duals"

    def probe(self) -> dict:
        try:
            return {"state": "ready", "version": self.version}
        except Unavailable as error:
            return {"state": "not_found", "remedy": str(error)}

    version = CpSat.version

    def capabilities(self) -> dict:
        return dict.fromkeys(self.flags.split(), True)

    def open(self, problem) -> "Session":
        version = self.version
        fits(self.name, self.capabilities(), problem)
        return Session(self, problem, version)


class Glop(Linear):
    """GLOP, OR-Tools' simplex."""

    name = "glop"
    flags = Linear.flags + " simplex basis"

    def prepare(self, parameters, options) -> None:
        from ortools.math_opt.python import mathopt

        if options.presolve != "auto":
            parameters.presolve = mathopt.Emphasis.MEDIUM if options.presolve == "on" else mathopt.Emphasis.OFF
        glop = parameters.glop
        tight = min(1e-7, options.tolerance("feasibility") / 10)
        glop.primal_feasibility_tolerance = tight
        glop.dual_feasibility_tolerance = min(1e-7, options.tolerance("dual"))
        glop.provide_strong_optimal_guarantee = True


class Pdlp(Linear):
    """PDLP, first order: tolerances far below ours, since it stops as soon as they hold."""

    name = "pdlp"
    flags = Linear.flags + " first_order threads"

    def prepare(self, parameters, options) -> None:
        pdlp = parameters.pdlp
        pdlp.num_threads = max(1, options.threads)
        criteria = pdlp.termination_criteria.simple_optimality_criteria
        criteria.eps_optimal_absolute = criteria.eps_optimal_relative = 1e-9
        pdlp.presolve_options.use_glop = options.presolve == "on"


class Session:
    def __init__(self, adapter, p, version: str):
        self.adapter, self.p, self.version = adapter, p, version

    def model(self):
        """The problem, written into MathOpt's message and read from there: whole vectors at a time."""
        from ortools.math_opt import model_pb2
        from ortools.math_opt.python import mathopt

        p, message = self.p, model_pb2.ModelProto()
        variables, rows = message.variables, message.linear_constraints
        variables.ids.extend(range(p.n))
        variables.lower_bounds.extend(p.lower.tolist())
        variables.upper_bounds.extend(p.upper.tolist())
        variables.integers.extend([False] * p.n)
        message.objective.maximize, message.objective.offset = p.maximize, p.offset
        costly = np.flatnonzero(p.cost)
        message.objective.linear_coefficients.ids.extend(costly.tolist())
        message.objective.linear_coefficients.values.extend(p.cost[costly].tolist())
        rows.ids.extend(range(p.m))
        rows.lower_bounds.extend(p.row_lower.tolist())
        rows.upper_bounds.extend(p.row_upper.tolist())
        starts, columns, values = p.by_rows()
        kept = values != 0.0
        of_row = np.repeat(np.arange(p.m), np.diff(starts))
        matrix = message.linear_constraint_matrix
        matrix.row_ids.extend(of_row[kept].tolist())
        matrix.column_ids.extend(columns[kept].tolist())
        matrix.coefficients.extend(values[kept].tolist())
        return mathopt.Model.from_model_proto(message)

    def solve(self, options, point, basis, control, stop) -> Claim:
        from ortools.math_opt.python import mathopt
        from ortools.util.python.solve_interrupter import SolveInterrupter

        p = self.p
        parameters = mathopt.SolveParameters()
        self.adapter.prepare(parameters, options)
        native(getattr(parameters, self.adapter.name), options.native)
        if np.any(p.lower > p.upper) or np.any(p.row_lower > p.row_upper):
            return Claim("INFEASIBLE", None, "crossed bounds or sides")
        model = self.model()
        x, rows = list(model.variables()), list(model.linear_constraints())
        begin = mathopt.ModelSolveParameters()
        if basis is not None and "basis" in self.adapter.capabilities():
            begin.initial_basis = to_basis(mathopt, basis, x, rows, p)
        interrupter = SolveInterrupter()
        stop.wake(interrupter.interrupt)
        left = options.seconds_left()
        try:
            if stop.is_set():
                return Claim.at_limit("INTERRUPTED")
            if left is not None:
                if left <= 0:
                    return Claim.at_limit("TIME")
                parameters.time_limit = datetime.timedelta(seconds=left)
            control.phase("simplex" if self.adapter.name == "glop" else "first order")
            kind = mathopt.SolverType.GLOP if self.adapter.name == "glop" else mathopt.SolverType.PDLP
            run = lambda kind, parameters, begin: mathopt.solve(
                model, kind, params=parameters, model_params=begin, interrupter=interrupter,
                msg_cb=lambda lines: [control.log(line) for line in lines],
            )
            try:
                result = run(kind, parameters, begin)
            except Exception:
                if begin.initial_basis is None:
                    raise
                begin.initial_basis = None  # GLOP takes no basis that is none
                result = run(kind, parameters, begin)
            vague = mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED
            if result.termination.reason == vague and not stop.is_set():
                # Presolve or a method without a proof: GLOP's simplex finds out which. A ray may be there without a point, so
                # feasibility is asked without an objective.
                plain = mathopt.SolveParameters(presolve=mathopt.Emphasis.OFF)
                if left is not None:
                    plain.time_limit = datetime.timedelta(seconds=max(0.001, options.seconds_left()))
                model.objective.clear()
                empty = run(mathopt.SolverType.GLOP, plain, mathopt.ModelSolveParameters())
                if empty.termination.reason == mathopt.TerminationReason.OPTIMAL:
                    return Claim("UNBOUNDED", None, "no optimum, and there is a point")
                if empty.termination.reason in (vague, mathopt.TerminationReason.INFEASIBLE):
                    return Claim("INFEASIBLE", None, "no point, whatever the objective")
        except ValueError as error:
            return Claim("OTHER_ERROR", None, str(error))
        finally:
            stop.wake(None)
        return self.claim(result, x, rows, options, stop)

    def claim(self, result, x, rows, options, stop) -> Claim:
        p, termination, work = self.p, result.termination, result.solve_stats
        claim = Claim(termination.reason.name, None, termination.detail)
        claim.simplex_iterations = work.simplex_iterations
        claim.barrier_iterations = work.barrier_iterations
        claim.first_order_iterations = work.first_order_iterations
        if claim.reason == "OPTIMAL" and result.solutions:
            best = result.solutions[0]
            values = best.primal_solution.variable_values
            claim.point = np.clip(np.array([values[one] for one in x]), p.lower, p.upper)
            claim.objective = claim.bound = p.objective_of(claim.point)
            if best.dual_solution is not None:
                claim.multipliers = np.array([best.dual_solution.dual_values[row] for row in rows])
                claim.reduced_costs = p.reduced_costs(claim.multipliers)
            if best.basis is not None and "basis" in self.adapter.capabilities():
                claim.basis = of_basis(best.basis, x, rows)
        elif claim.reason in ("FEASIBLE", "NO_SOLUTION_FOUND", "IMPRECISE", "OPTIMAL"):
            limit = termination.limit.name if termination.limit is not None else "UNDETERMINED"
            left = options.seconds_left()
            if limit in ("UNDETERMINED", "OTHER"):
                # GLOP does not say which.
                limit = "INTERRUPTED" if stop.is_set() else "TIME" if left is not None and left < 0.05 else limit
            if claim.reason == "OPTIMAL":
                return Claim("OTHER_ERROR", None, "optimal without a solution")
            # A point at a limit is only what the method holds, not a feasible one.
            claim.reason, claim.limit = "NO_SOLUTION_FOUND", limit
        return claim


def native(message, options: dict) -> None:
    """The solver's own parameters by name, onto their message."""
    fields = {field.name: field for field in message.DESCRIPTOR.fields if not (field.message_type or field.is_repeated)}
    for name, value in options.items():
        if name not in fields:
            raise Refused(f"there is no parameter '{name}'; there are: {', '.join(sorted(fields))}")
        try:
            kind = type(getattr(message, name))
            setattr(message, name, value.lower() in ("1", "true") if kind is bool else kind(value))
        except (TypeError, ValueError) as error:
            raise Refused(f"{name}={value}: {error}") from error


def of_basis(basis, x, rows):
    code = {"BASIC": BASIC, "AT_LOWER_BOUND": AT_LOWER, "AT_UPPER_BOUND": AT_UPPER, "FREE": FREE, "FIXED_VALUE": AT_LOWER}
    columns = np.array([code[basis.variable_status[one].name] for one in x], dtype=np.uint8)
    return columns, np.array([code[basis.constraint_status[row].name] for row in rows], dtype=np.uint8)


def to_basis(mathopt, basis, x, rows, p):
    names = {BASIC: "BASIC", AT_LOWER: "AT_LOWER_BOUND", AT_UPPER: "AT_UPPER_BOUND", FREE: "FREE"}

    def status(code, lower, upper):
        if code == BASIC:
            return mathopt.BasisStatus.BASIC
        if lower == upper:
            return mathopt.BasisStatus.FIXED_VALUE
        if np.isinf(lower) and np.isinf(upper):
            return mathopt.BasisStatus.FREE
        if code == AT_LOWER and np.isinf(lower):
            code = AT_UPPER
        if code == AT_UPPER and np.isinf(upper):
            code = AT_LOWER
        return mathopt.BasisStatus[names[AT_LOWER if code == FREE else code]]

    columns, of_rows = basis
    result = mathopt.Basis()
    result.variable_status = {one: status(int(columns[j]), p.lower[j], p.upper[j]) for j, one in enumerate(x)}
    result.constraint_status = {row: status(int(of_rows[i]), p.row_lower[i], p.row_upper[i]) for i, row in enumerate(rows)}
    return result
