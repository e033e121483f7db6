"""Gurobi through gurobipy: with whatever licence that finds, the free one of its wheel (2,000 rows and columns) included.

A row with two sides becomes an equation with a bounded column of its own, as Gurobi does it itself; its multiplier is the
row's. Gurobi's FarkasDual has the opposite sign of ours. A model is built anew for each solve."""

from __future__ import annotations

import numpy as np

from ..contract import AT_LOWER, AT_UPPER, BASIC, FREE, Claim, Conflict, Refused, Unavailable, Unsupported, fits

SIZE_LIMIT_ERROR = 10010
FEASIBLE_ERROR = 10015
FREE_SIZE = 2000
STATUS = {
    2: ("OPTIMAL", None), 3: ("INFEASIBLE", None), 4: ("INFEASIBLE_OR_UNBOUNDED", None), 5: ("UNBOUNDED", None),
    6: (None, "CUTOFF"), 7: (None, "ITERATION"), 8: (None, "NODE"), 9: (None, "TIME"), 10: (None, "SOLUTION"),
    11: (None, "INTERRUPTED"), 12: ("NUMERICAL_ERROR", None), 13: ("IMPRECISE", None), 15: (None, "OBJECTIVE"),
    16: (None, "OTHER"), 17: (None, "MEMORY"),
}


class Gurobi:
    name = "gurobipy"

    def __init__(self):
        self._env = None
        self._free = None

    def env(self):
        """The one environment of this process."""
        if self._env is None:
            try:
                import gurobipy
            except ImportError as error:
                raise Unavailable(f"gurobipy is not in this Python ({error}): pip install gurobipy") from error
            env = gurobipy.Env(empty=True)
            env.setParam("OutputFlag", 1)
            env.setParam("LogToConsole", 0)
            env.start()
            self._env = env
        return self._env

    @property
    def version(self) -> str:
        import gurobipy

        return ".".join(str(part) for part in gurobipy.gurobi.version())

    def probe(self) -> dict:
        try:
            self.env()
            return {"state": "ready", "version": self.version}
        except Unavailable as error:
            return {"state": "not_found", "remedy": str(error)}
        except Exception as error:
            if getattr(error, "errno", None) == 10009:
                return {"state": "no_license", "says": str(error)}
            return {"state": "broken", "says": str(error)}

    def capabilities(self) -> dict:
        flags = (
            "integers semicontinuous sets indicators quadratic_objective quadratic duals primal_ray farkas_ray basis incumbents_out "
            "incumbents_in live_bound start_point partial_start threads seed memory_limit stop simplex barrier ranges "
            "free_rows maximize node_limit emphasis iis"
        )
        if self.probe()["state"] == "ready" and self.is_free():
            flags += " data_limits"
        return dict.fromkeys(flags.split(), True)

    def is_free(self) -> bool:
        """Whether the licence has the size limit of the free one: asked once, by a model just past it."""
        if self._free is None:
            import gurobipy

            with gurobipy.Model(env=self.env()) as model:
                model.addVars(FREE_SIZE + 1)
                try:
                    model.optimize()
                    self._free = False
                except gurobipy.GurobiError as error:
                    self._free = error.errno == SIZE_LIMIT_ERROR
        return self._free

    def open(self, problem) -> "Session":
        fits(self.name, self.capabilities(), problem)
        try:
            self.env()
        except Exception as error:
            raise Unavailable(str(error)) from error
        if max(problem.n, problem.m) > FREE_SIZE and self.is_free():
            raise Unsupported(
                f"gurobipy: too large for the free licence: {problem.m} rows and {problem.n} columns, and {FREE_SIZE} "
                "of each are allowed; a licence of your own (GRB_LICENSE_FILE) lifts that"
            )
        return Session(self, problem)


class Session:
    def __init__(self, adapter: Gurobi, problem):
        self.adapter, self.p, self.version = adapter, problem, adapter.version

    def solve(self, options, point, basis, control, stop) -> Claim:
        import gurobipy

        if stop.is_set():
            return Claim.at_limit("INTERRUPTED")
        with gurobipy.Model(env=self.adapter.env()) as model:
            built = Built(model, self.p)
            settings(model, self.p, options)
            built.start(point, basis)
            if basis is not None and point is not None and options.lp_method == "auto" and built.holds(point):
                model.Params.Method = 0  # its basis is feasible: the primal simplex goes on from it
            left = options.seconds_left()
            if left is not None:
                if left <= 0:
                    return Claim.at_limit("TIME")
                model.Params.TimeLimit = left
            stop.wake(model.terminate)
            hearing = Hearing(self.p, built, options, control, stop)
            try:
                model.optimize(hearing)
                if self.p.is_lp and options.lp_method == "barrier" and model.Status in (3, 4, 5) and not stop.is_set():
                    model.Params.Method = 1  # the barrier has no proof of it; the simplex ends with one
                    model.optimize(hearing)
                if model.Status == 4 and not stop.is_set():
                    model.Params.DualReductions = 0
                    model.optimize(hearing)
                if model.Status == 5 and not stop.is_set():
                    claim = built.claim(stop)
                    # Gurobi says unbounded of what has a ray; whether there is a point is asked without an objective.
                    model.setObjective(0.0)
                    model.optimize()
                    return built.claim(stop) if model.Status == 3 else claim
            except gurobipy.GurobiError as error:
                if error.errno == SIZE_LIMIT_ERROR:
                    raise Refused(f"too large for this licence: {error}") from error
                if error.errno == 10001:
                    return Claim.at_limit("MEMORY", str(error))
                raise
            finally:
                stop.wake(None)
            return built.claim(stop)


    def conflict(self, options, stop) -> Conflict:
        import gurobipy

        with gurobipy.Model(env=self.adapter.env()) as model:
            built = Built(model, self.p)
            settings(model, self.p, options)
            model.setObjective(0.0)
            left = options.seconds_left()
            if left is not None:
                model.Params.TimeLimit = left
            stop.wake(model.terminate)
            try:
                model.computeIIS(lambda model, where: model.terminate() if stop.is_set() else None)
                return built.conflict()
            except gurobipy.GurobiError as error:
                if error.errno == SIZE_LIMIT_ERROR:
                    raise Refused(f"too large for this licence: {error}") from error
                if error.errno == FEASIBLE_ERROR or stop.is_set() or options.seconds_left() == 0:
                    return Conflict.none(self.p)
                raise
            except AttributeError:
                return Conflict.none(self.p)  # it was ended before it had any
            finally:
                stop.wake(None)


def settings(model, p, options) -> None:
    """Options as parameters; Gurobi's objective carries the offset."""
    import gurobipy

    set_ = model.setParam
    set_("Threads", max(1, options.threads))
    if options.seed is not None:
        set_("Seed", options.seed % 2_000_000_000)
    set_("MIPGap", options.tolerance("relative_gap"))
    set_("MIPGapAbs", options.tolerance("absolute_gap"))
    set_("FeasibilityTol", min(max(options.tolerance("feasibility"), 1e-9), 1e-2))
    set_("OptimalityTol", min(max(options.tolerance("dual"), 1e-9), 1e-2))
    set_("IntFeasTol", min(max(options.tolerance("integrality"), 1e-9), 1e-1))
    if options.node_limit is not None:
        set_("NodeLimit", options.node_limit)
    if options.solution_limit is not None:
        set_("SolutionLimit", min(max(1, options.solution_limit), 2_000_000_000))
    if options.memory_limit_bytes is not None:
        set_("SoftMemLimit", options.memory_limit_bytes / 1e9)
    if options.objective_target is not None:
        set_("BestObjStop", options.objective_target)
    if options.cutoff is not None and p.kinds.any():
        slack = options.cutoff_slack()
        set_("Cutoff", options.cutoff - slack if p.maximize else options.cutoff + slack)
    set_("MIPFocus", {"balanced": 0, "feasibility": 1, "optimality": 2}[options.emphasis])
    set_("Presolve", {"auto": -1, "on": 1, "off": 0}[options.presolve])
    set_("Method", {"auto": -1, "simplex": 1, "barrier": 2}[options.lp_method])
    if p.is_lp:
        set_("InfUnbdInfo", 1)
    names = {name.lower(): name for name in dir(gurobipy.GRB.Param) if not name.startswith("_")}
    for name, value in options.native.items():
        if name.lower() not in names:
            raise Refused(f"Gurobi has no parameter '{name}'; it has: {', '.join(sorted(names.values()))}")
        try:
            set_(names[name.lower()], value)
        except (gurobipy.GurobiError, ValueError, TypeError) as error:
            raise Refused(f"{name}={value}: {error}") from error


class Built:
    """The problem as a model of Gurobi's."""

    def __init__(self, model, p):
        import gurobipy
        from gurobipy import GRB, Column, LinExpr

        self.model, self.p = model, p
        lower, upper = p.row_lower, p.row_upper
        switched = set(p.indicators[:, 0].tolist())
        products = set(p.row_pairs[:, 0].tolist())
        self.linear = [i for i in range(p.m) if i not in switched and i not in products]
        rows: list = [None] * p.m
        self.slack: dict = {}
        for i in self.linear:
            if np.isfinite(lower[i]) and np.isfinite(upper[i]):
                rows[i] = model.addLConstr(LinExpr(), GRB.EQUAL, lower[i])
                if lower[i] != upper[i]:
                    width = upper[i] - lower[i]
                    if width > 0:
                        self.slack[i] = model.addVar(0.0, width, 0.0, GRB.CONTINUOUS, "", Column([-1.0], [rows[i]]))
            elif np.isfinite(lower[i]):
                rows[i] = model.addLConstr(LinExpr(), GRB.GREATER_EQUAL, lower[i])
            elif np.isfinite(upper[i]):
                rows[i] = model.addLConstr(LinExpr(), GRB.LESS_EQUAL, upper[i])
            else:
                rows[i] = model.addLConstr(LinExpr(), GRB.LESS_EQUAL, GRB.INFINITY)
        self.crossed = [i for i in self.linear if lower[i] > upper[i]]
        self.rows = rows
        model.update()
        columns = []
        kinds = "CISN"
        for j in range(p.n):
            entries = [(rows[i], value) for i, value in zip(*map(np.ndarray.tolist, p.column(j))) if rows[i] is not None]
            column = Column([value for _, value in entries], [row for row, _ in entries])
            columns.append(model.addVar(p.lower[j], p.upper[j], p.cost[j], kinds[p.kinds[j]], "", column))
        self.columns = columns
        model.ModelSense = GRB.MAXIMIZE if p.maximize else GRB.MINIMIZE
        model.ObjCon = p.offset
        model.update()
        if len(p.objective_products):
            quadratic = gurobipy.QuadExpr(model.getObjective())
            pairs = p.objective_pairs.tolist()
            quadratic.addTerms(p.objective_products.tolist(), [columns[i] for i, _ in pairs], [columns[j] for _, j in pairs])
            model.setObjective(quadratic)
        for order, members, weights in p.sets:
            model.addSOS(order, [columns[j] for j in members], list(weights))
        self._nonlinear(switched, products)
        model.update()

    def _nonlinear(self, switched, products) -> None:
        import gurobipy
        from gurobipy import GRB

        p, model, columns = self.p, self.model, self.columns
        self.special = []  # constraint, its attribute in a conflict, row, and the sides that it holds: lower, upper
        if not switched and not products:
            return
        held = {GRB.GREATER_EQUAL: (True, False), GRB.LESS_EQUAL: (False, True), GRB.EQUAL: (True, True)}
        starts, at, values = p.by_rows()
        expression = lambda i: gurobipy.LinExpr(
            values[starts[i] : starts[i + 1]].tolist(), [columns[j] for j in at[starts[i] : starts[i + 1]]]
        )
        sides = lambda i: [
            (sense, side)
            for sense, side in ((GRB.GREATER_EQUAL, p.row_lower[i]), (GRB.LESS_EQUAL, p.row_upper[i]))
            if np.isfinite(side)
        ]
        if switched & products:
            raise Unsupported("gurobipy does not take quadratic rows that are switched")
        for i, j, active in p.indicators.tolist():
            for sense, side in sides(i):
                switch = model.addGenConstrIndicator(columns[j], bool(active), expression(i), sense, side)
                self.special.append((switch, "IISGenConstr", i, held[sense]))
        for i in sorted(products):
            quadratic = gurobipy.QuadExpr(expression(i))
            for (_, first, second), value in zip(p.row_pairs[p.row_pairs[:, 0] == i], p.row_products[p.row_pairs[:, 0] == i]):
                quadratic.addTerms([float(value)], [columns[first]], [columns[second]])
            equal = p.row_lower[i] == p.row_upper[i]
            for sense, side in [(GRB.EQUAL, p.row_lower[i])] if equal else sides(i):
                self.special.append((model.addQConstr(quadratic, sense, side), "IISQConstr", i, held[sense]))

    def start(self, point, basis) -> None:
        model, p = self.model, self.p
        if point is not None and p.kinds.any():
            from gurobipy import GRB

            known = np.where(np.isfinite(point), point, GRB.UNDEFINED)
            model.setAttr("Start", self.columns, known.tolist())
        if basis is not None and p.is_lp:
            columns, rows = basis
            code = {BASIC: 0, AT_LOWER: -1, AT_UPPER: -2, FREE: -3}
            model.setAttr("VBasis", self.columns, [code.get(int(s), -1) for s in columns])
            for i in self.linear:
                if self.slack.get(i) is not None:
                    self.slack[i].VBasis = code.get(int(rows[i]), -1)
                    self.rows[i].CBasis = -1
                else:
                    self.rows[i].CBasis = 0 if rows[i] == BASIC else -1

    def holds(self, point) -> bool:
        """Whether a point keeps all bounds and rows."""
        p = self.p
        if not np.isfinite(point).all():
            return False
        activity, room = p.activities(point), 1e-6
        rows = (activity >= p.row_lower - room) & (activity <= p.row_upper + room)
        return bool(rows.all() and ((point >= p.lower - room) & (point <= p.upper + room)).all())

    def values(self, attribute: str) -> np.ndarray:
        return np.array(self.model.getAttr(attribute, self.columns), dtype=float)

    def of_rows(self, attribute: str) -> np.ndarray:
        return np.array(self.model.getAttr(attribute, self.rows), dtype=float) if self.p.m else np.zeros(0)

    def conflict(self) -> Conflict:
        """What Gurobi's search named. A row with two sides is an equation there, which always holds: its sides are the bounds
        of its slack."""
        found = Conflict.none(self.p)
        found.lower[:], found.upper[:] = self.values("IISLB") != 0, self.values("IISUB") != 0
        for i in self.linear:
            slack = self.slack.get(i)
            if slack is not None:
                found.row_lower[i], found.row_upper[i] = slack.IISLB, slack.IISUB
            elif self.rows[i].IISConstr:
                found.row_lower[i] = found.row_upper[i] = True
        for constraint, attribute, i, (lower, upper) in self.special:
            if constraint.getAttr(attribute):
                found.row_lower[i] |= lower
                found.row_upper[i] |= upper
        return found

    def claim(self, stop) -> Claim:
        model, p = self.model, self.p
        reason, limit = STATUS.get(model.Status, ("OTHER_ERROR", None))
        work = {"nodes": model.NodeCount, "simplex_iterations": model.IterCount, "barrier_iterations": model.BarIterCount}
        if self.crossed:
            return Claim("INFEASIBLE", None, "a row's sides are crossed", **work)
        rest: dict = {"detail": f"Gurobi's status {model.Status}", **work}
        is_mip = bool(model.IsMIP)
        if model.Status == 6:
            return Claim.at_limit("CUTOFF", "nothing as good as the cutoff", bound=None, **work)
        if reason in (None, "OPTIMAL", "IMPRECISE", "NUMERICAL_ERROR"):
            if model.SolCount > 0 and (is_mip or reason is not None):
                point = self.values("X")
                whole = np.round(point)
                near = p.is_integer & (np.abs(point - whole) <= 1e-5)
                point = np.where(near, whole, point)
                if not np.all(np.abs(point) < 1e20):
                    # "Optimal" with an integer column at infinity was seen (13.0.3).
                    return Claim("INFEASIBLE_OR_UNBOUNDED", None, "Gurobi's point has no end", **work)
                rest["point"], rest["objective"] = point, p.objective_of(point)
            bound = self._bound(is_mip, reason, rest.get("objective"))
            if bound is not None:
                rest["bound"] = bound
        if reason is None:
            return Claim.at_limit(limit, rest.pop("detail"), **rest)
        claim = Claim(reason, None, **rest)
        if not is_mip and reason == "OPTIMAL" and not len(p.row_products):
            claim.multipliers = self.of_rows("Pi")
            claim.reduced_costs = p.reduced_costs(claim.multipliers, claim.point)
            claim.basis = self._basis()
        if p.is_lp and p.m and reason == "INFEASIBLE":
            claim.farkas_ray = self._ray(lambda: -self.of_rows("FarkasDual"))
        if p.is_lp and reason == "UNBOUNDED":
            claim.primal_ray = self._ray(lambda: self.values("UnbdRay"))
        return claim

    def _bound(self, is_mip, reason, objective):
        if not is_mip:
            return objective if reason == "OPTIMAL" else None
        try:
            bound = self.model.ObjBound
        except AttributeError:
            return None
        return bound if abs(bound) < 1e99 else None

    def _ray(self, get):
        import gurobipy

        try:
            return get()
        except (AttributeError, gurobipy.GurobiError):
            return None

    def _basis(self):
        import gurobipy

        p = self.p
        try:
            of_columns = self.model.getAttr("VBasis", self.columns)
            of_rows = self.model.getAttr("CBasis", self.rows) if p.m else []
            of_slack = {i: column.VBasis for i, column in self.slack.items() if column is not None}
        except (AttributeError, gurobipy.GurobiError):
            return None
        code = {0: BASIC, -1: AT_LOWER, -2: AT_UPPER, -3: FREE}
        columns = np.array([code[s] for s in of_columns], dtype=np.uint8)
        rows = np.zeros(p.m, dtype=np.uint8)
        for i, status in enumerate(of_rows):
            if status == 0 or of_slack.get(i) == 0:
                rows[i] = BASIC
            elif i in of_slack:
                rows[i] = code[of_slack[i]]
            elif np.isfinite(p.row_lower[i]):
                rows[i] = AT_LOWER
            else:
                rows[i] = AT_UPPER if np.isfinite(p.row_upper[i]) else FREE
        basic = int((columns == BASIC).sum() + (rows == BASIC).sum())
        return (columns, rows) if basic == p.m else None


class Hearing:
    """Gurobi's callback: events out, points in."""

    def __init__(self, p, built, options, control, stop):
        self.p, self.built, self.control, self.stop = p, built, control, stop
        self.bound = self.best = None
        self.phase = None

    def __call__(self, model, where) -> None:
        from gurobipy import GRB

        call, get = GRB.Callback, model.cbGet
        if self.stop.is_set():
            model.terminate()
        if where == call.MESSAGE:
            self.control.log(get(call.MSG_STRING))
        elif where == call.PRESOLVE:
            self.enter("presolve")
        elif where == call.SIMPLEX:
            self.enter("simplex")
            self.control.progress(0, get(call.SPX_ITRCNT))
        elif where == call.BARRIER:
            self.enter("barrier")
            self.control.progress(0, get(call.BARRIER_ITRCNT))
        elif where == call.MIP:
            self.enter("search")
            self.control.progress(get(call.MIP_NODCNT), get(call.MIP_ITRCNT))
            self.hear_bound(get(call.MIP_OBJBND))
        elif where == call.MIPSOL:
            objective = get(call.MIPSOL_OBJ)
            if self.best is None or self.is_better(objective, self.best):
                self.best = objective
                point = np.array(model.cbGetSolution(self.built.columns))
                whole = np.round(point)
                point = np.where(self.p.is_integer & (np.abs(point - whole) <= 1e-5), whole, point)
                self.control.incumbent(self.p.objective_of(point), point)
            self.hear_bound(get(call.MIPSOL_OBJBND))
        elif where == call.MIPNODE:
            point = self.control.offered()
            if point is not None:
                model.cbSetSolution(self.built.columns, point.tolist())
                model.cbUseSolution()

    def enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self.control.phase(phase)

    def is_better(self, a: float, b: float) -> bool:
        return a > b if self.p.maximize else a < b

    def hear_bound(self, bound: float) -> None:
        if abs(bound) < 1e99 and (self.bound is None or self.is_better(self.bound, bound)):
            self.bound = bound
            self.control.bound(bound)
