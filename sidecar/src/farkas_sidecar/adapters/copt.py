"""COPT through coptpy, with the free licence of its wheel (LPs of 10,000 rows and columns, MIPs of 2,000) or another.

A model is built anew for each solve. COPT's duals have our sign in either sense."""

from __future__ import annotations

import numpy as np

from ..contract import Claim, Conflict, Refused, Unavailable, Unsupported, fits

FREE_LP, FREE_MIP = 10_000, 2_000


class Copt:
    name = "copt"

    def __init__(self):
        self._env = None

    def env(self):
        if self._env is None:
            try:
                import coptpy
            except ImportError as error:
                raise Unavailable(f"coptpy is not in this Python ({error}): pip install coptpy") from error
            config = coptpy.EnvrConfig()
            config.set("nobanner", "1")
            self._env = coptpy.Envr(config)
        return self._env

    @property
    def version(self) -> str:
        from coptpy import COPT

        return f"{COPT.VERSION_MAJOR}.{COPT.VERSION_MINOR}.{COPT.VERSION_TECHNICAL}"

    def probe(self) -> dict:
        try:
            self.env()
            return {"state": "ready", "version": self.version}
        except Unavailable as error:
            return {"state": "not_found", "remedy": str(error)}
        except Exception as error:
            says = str(getattr(error, "message", error))
            return {"state": "no_license" if "icens" in says else "broken", "says": says}

    def capabilities(self) -> dict:
        flags = (
            "integers duals incumbents_out live_bound start_point partial_start threads stop simplex barrier ranges free_rows "
            "maximize node_limit data_limits iis"
        )
        return dict.fromkeys(flags.split(), True)

    def open(self, problem) -> "Session":
        fits(self.name, self.capabilities(), problem)
        try:
            self.env()
        except Unavailable:
            raise
        except Exception as error:
            raise Unavailable(str(error)) from error
        return Session(self, problem)


class Session:
    def __init__(self, adapter: Copt, p):
        self.adapter, self.p, self.version = adapter, p, adapter.version
        limit = FREE_MIP if p.kinds.any() else FREE_LP
        if max(p.n, p.m) > limit and self.is_free():
            raise Unsupported(f"copt: too large for the free licence: {p.m} rows and {p.n} columns, and {limit} are allowed")

    def is_free(self) -> bool:
        """Asked by a MIP just past the free size."""
        import coptpy

        model = self.adapter.env().createModel("size")
        model.setParam("Logging", 0)
        for _ in range(FREE_MIP + 1):
            model.addVar(0.0, 1.0, 1.0, coptpy.COPT.INTEGER)
        try:
            model.solve()
            return False
        except coptpy.CoptError:
            return True

    def build(self, control):
        import coptpy
        from coptpy import COPT

        p, model = self.p, self.adapter.env().createModel("farkas")
        model.setParam("LogToConsole", 0)
        if control is None:
            model.setParam("Logging", 0)
        else:
            self.log = make_log(coptpy, control)  # COPT does not hold it
            model.setLogCallback(self.log)
        finite = lambda value: float(np.clip(value, -COPT.INFINITY, COPT.INFINITY))
        x = [
            model.addVar(finite(p.lower[j]), finite(p.upper[j]), float(p.cost[j]), "I" if p.kinds[j] else "C")
            for j in range(p.n)
        ]
        starts, columns, values = p.by_rows()
        rows = []
        for i in range(p.m):
            expression = coptpy.LinExpr()
            for j, value in zip(columns[starts[i] : starts[i + 1]].tolist(), values[starts[i] : starts[i + 1]].tolist()):
                expression.addTerm(x[j], value)
            rows.append(model.addBoundConstr(expression, finite(p.row_lower[i]), finite(p.row_upper[i])))
        model.setObjSense(COPT.MAXIMIZE if p.maximize else COPT.MINIMIZE)
        model.setObjConst(p.offset)
        return model, x, rows

    def solve(self, options, point, basis, control, stop) -> Claim:
        import coptpy

        p = self.p
        if np.any(p.lower > p.upper) or np.any(p.row_lower > p.row_upper):
            settings(coptpy.Envr, None, options, p)
            return Claim("INFEASIBLE", None, "crossed bounds or sides")
        model, x, rows = self.build(control)
        settings(coptpy, model, options, p)
        if stop.is_set():
            return Claim.at_limit("INTERRUPTED")
        left = options.seconds_left()
        if left is not None:
            if left <= 0:
                return Claim.at_limit("TIME")
            model.setParam("TimeLimit", left)
        hearing = None
        if p.kinds.any():
            if point is not None:
                known = np.flatnonzero(np.isfinite(point)).tolist()
                if known:
                    model.setMipStart([x[j] for j in known], [float(point[j]) for j in known])
                    model.loadMipStart()
            hearing = make_hearing(coptpy, p, x, options, control, stop)
            model.setCallback(hearing, coptpy.COPT.CBCONTEXT_INCUMBENT | coptpy.COPT.CBCONTEXT_MIPNODE)
        stop.wake(model.interrupt)
        try:
            model.solve()
            limited = any("iterlimit" in name.lower() for name in options.native)
            if p.is_lp and options.lp_method == "barrier" and model.LpStatus == coptpy.COPT.ITERLIMIT and not limited:
                # Its barrier goes on and on over some small LPs without a point (8.0.7).
                left = options.seconds_left()
                if left is not None:
                    model.setParam("TimeLimit", max(left, 0.0))
                model.setParam("LpMethod", 1)
                if not stop.is_set():
                    model.solve()
            unbounded = coptpy.COPT.UNBOUNDED, coptpy.COPT.INF_OR_UNB
            if (model.MipStatus if p.kinds.any() else model.LpStatus) in unbounded and not stop.is_set():
                # COPT says unbounded of what has a ray; whether there is a point is asked without an objective.
                model.setObjective(0.0)
                model.solve()
                status = model.MipStatus if p.kinds.any() else model.LpStatus
                found = {coptpy.COPT.OPTIMAL: "UNBOUNDED", coptpy.COPT.INFEASIBLE: "INFEASIBLE"}.get(status)
                return Claim(found or "INFEASIBLE_OR_UNBOUNDED", None, "asked again without an objective")
        except coptpy.CoptError as error:
            says = str(getattr(error, "message", error))
            if "icens" in says or "imit" in says:
                raise Refused(f"too large for this licence: {says}") from error
            raise
        finally:
            stop.wake(None)
        return self.claim(coptpy.COPT, model, x, rows, hearing, stop)

    def conflict(self, options, stop) -> Conflict:
        """COPT says of a feasible problem, and of a search that was ended, that it failed to compute one. Of a feasible
        mixed-integer problem it named a conflict, of an infeasible one a single side of an equation where both are needed,
        and without an entry it crashes (8.0.7). It keeps its time limit; a stop does not reach it, since coptpy holds the
        interpreter meanwhile: the parent kills this process then."""
        import coptpy

        if self.p.kinds.any():
            raise Refused("copt looks for conflicts of linear programs alone")
        if not self.p.values.any():
            return Conflict.none(self.p)
        model, x, rows = self.build(None)
        settings(coptpy, model, options, self.p)
        model.setObjective(0.0)
        left = options.seconds_left()
        if left is not None:
            model.setParam("TimeLimit", left)
        found = Conflict.none(self.p)
        stop.wake(model.interrupt)
        try:
            model.computeIIS()
        except coptpy.CoptError as error:
            says = str(getattr(error, "message", error))
            if "icens" in says or "imit" in says:
                raise Refused(f"too large for this licence: {says}") from error
            return found
        finally:
            stop.wake(None)
        if model.HasIIS:
            named = lambda ask, of: np.array(ask(of), dtype=bool) if of else np.zeros(0, bool)
            found.row_lower, found.row_upper = named(model.getConstrLowerIIS, rows), named(model.getConstrUpperIIS, rows)
            found.lower, found.upper = named(model.getVarLowerIIS, x), named(model.getVarUpperIIS, x)
        return found

    def claim(self, COPT, model, x, rows, hearing, stop) -> Claim:
        p, is_mip = self.p, bool(self.p.kinds.any())
        status = model.MipStatus if is_mip else model.LpStatus
        rest: dict = {"detail": f"COPT's status {status}"}
        rest["simplex_iterations"] = int(model.SimplexIter)
        rest["barrier_iterations"] = int(model.BarrierIter)
        if is_mip:
            rest["nodes"] = int(model.NodeCnt)
        if status == COPT.INFEASIBLE:
            return Claim("INFEASIBLE", None, **rest)
        if status == COPT.UNBOUNDED:
            return Claim("UNBOUNDED", None, **rest)
        if status == COPT.INF_OR_UNB:
            return Claim("INFEASIBLE_OR_UNBOUNDED", None, **rest)
        if status == COPT.NUMERICAL:
            return Claim("NUMERICAL_ERROR", None, **rest)
        has_point = model.HasMipSol if is_mip else status in (COPT.OPTIMAL, COPT.IMPRECISE)
        if has_point:
            point = np.array(model.getInfo("Value", x), dtype=float) if p.n else np.zeros(0)
            whole = np.round(point)
            point = np.where(p.is_integer & (np.abs(point - whole) <= 1e-5), whole, point)
            rest["point"], rest["objective"] = point, p.objective_of(point)
        if is_mip and abs(model.BestBnd) < 1e29:
            rest["bound"] = float(model.BestBnd)
        if status in (COPT.OPTIMAL, COPT.IMPRECISE) and (hearing is None or hearing.limit is None):
            claim = Claim("OPTIMAL" if status == COPT.OPTIMAL else "IMPRECISE", None, **rest)
            if not is_mip:
                claim.bound = claim.objective
                claim.multipliers = np.array(model.getInfo("Dual", rows), dtype=float) if p.m else np.zeros(0)
                claim.reduced_costs = p.reduced_costs(claim.multipliers)
            return claim
        limits = {COPT.TIMEOUT: "TIME", COPT.NODELIMIT: "NODE", COPT.ITERLIMIT: "ITERATION", COPT.INTERRUPTED: "INTERRUPTED"}
        limit = (hearing.limit if hearing is not None else None) or limits.get(status, "UNDETERMINED")
        return Claim.at_limit(limit, rest.pop("detail"), **rest)


def settings(coptpy, model, options, p) -> None:
    names = [name for name in dir(__import__("coptpy").COPT.Param) if not name.startswith("_")]
    by_name = {name.lower(): name for name in names}
    for name in options.native:
        if name.lower() not in by_name:
            raise Refused(f"COPT has no parameter '{name}'; it has: {', '.join(sorted(names))}")
    if model is None:
        return
    set_ = model.setParam
    set_("Threads", max(1, options.threads))
    set_("RelGap", options.tolerance("relative_gap"))
    set_("AbsGap", options.tolerance("absolute_gap"))
    set_("FeasTol", min(max(options.tolerance("feasibility"), 1e-9), 1e-4))
    set_("DualTol", min(max(options.tolerance("dual"), 1e-9), 1e-4))
    set_("IntTol", min(max(options.tolerance("integrality"), 1e-9), 1e-1))
    if options.node_limit is not None:
        set_("NodeLimit", min(options.node_limit, 2_000_000_000))
    set_("Presolve", {"auto": -1, "on": 2, "off": 0}[options.presolve])
    if not p.kinds.any():
        set_("LpMethod", {"auto": -1, "simplex": 1, "barrier": 2}[options.lp_method])
    for name, value in options.native.items():
        try:
            set_(by_name[name.lower()], float(value) if "." in value or "e" in value else int(value))
        except (coptpy.CoptError, ValueError) as error:
            raise Refused(f"{name}={value}: {error}") from error


def make_log(coptpy, control):
    class Log(coptpy.LogCallback):
        def Display(self, text) -> None:
            control.log(str(text))
            # A row of the search's table: nodes, active nodes, …; a letter before it tells of a heuristic.
            for line in str(text).splitlines():
                fields = line.lstrip(" H*").split()
                if len(fields) in (7, 8) and fields[-1].endswith("s") and fields[0].isdigit() and fields[1].isdigit():
                    control.progress(int(fields[0]), 0)

    return Log()


def make_hearing(coptpy, p, x, options, control, stop):
    COPT = coptpy.COPT

    class Hearing(coptpy.CallbackBase):
        best = told = limit = None
        found = 0

        def callback(self) -> None:
            try:
                self.hear()
            except Exception as error:  # COPT loses what a callback raises
                control.log(f"callback: {type(error).__name__}: {error}")

        def hear(self) -> None:
            if stop.is_set():
                self.interrupt()
            bound = self.getInfo(COPT.CBInfo.BestBnd)
            if abs(bound) < 1e29 and (self.told is None or (bound < self.told if p.maximize else bound > self.told)):
                self.told = bound
                control.bound(bound)
            if self.where() != COPT.CBCONTEXT_INCUMBENT:
                return
            point = np.array(self.getIncumbent(x), dtype=float)
            whole = np.round(point)
            point = np.where(p.is_integer & (np.abs(point - whole) <= 1e-5), whole, point)
            objective = p.objective_of(point)
            if self.best is not None and not (objective > self.best if p.maximize else objective < self.best):
                return
            self.best = objective
            self.found += 1
            control.incumbent(objective, point)
            target = options.objective_target
            if target is not None and (objective >= target if p.maximize else objective <= target):
                self.limit = "OBJECTIVE"
            elif options.solution_limit is not None and self.found >= options.solution_limit:
                self.limit = "SOLUTION"
            if self.limit is not None:
                self.interrupt()

    return Hearing()
