"""Solves small Pyomo models by Farkas through AMPL's files, and by HiGHS' own interface, and compares them.

    python check.py path/to/farkas

Prints a line for each case, and exits with 1 if one failed.
"""

import random
import sys
import time

import pyomo.environ as pyo
from pyomo.opt import SolverStatus, TerminationCondition

FARKAS = sys.argv[1]


def farkas(**options):
    solver = pyo.SolverFactory("asl")
    solver.options["solver"] = FARKAS
    for name, value in options.items():
        solver.options[name] = value
    return solver


def near(a, b, tolerance=1e-6):
    return abs(a - b) <= tolerance * max(1.0, abs(b))


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def lp(sense):
    """Non-degenerate, so that multipliers are unique: an inequality each way, a range, an equality, and bounds that bind."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(["a", "b", "c", "d"], domain=pyo.NonNegativeReals)
    m.x["d"].setub(2)
    x = m.x
    cost = 5 * x["a"] + 4 * x["b"] + 3 * x["c"] + 2.5 * x["d"] + 7
    if sense == pyo.maximize:
        m.cost = pyo.Objective(expr=cost, sense=sense)
        m.rows = pyo.ConstraintList()
        m.rows.add(2 * x["a"] + 3 * x["b"] + x["c"] + x["d"] <= 5)
        m.rows.add(pyo.inequality(-10, 4 * x["a"] + x["b"] + 2 * x["c"], 11))
        m.rows.add(3 * x["a"] + 4 * x["b"] + 2 * x["c"] <= 80)
        m.rows.add(x["a"] - x["b"] == 0.5)
    else:
        m.cost = pyo.Objective(expr=cost, sense=sense)
        m.rows = pyo.ConstraintList()
        m.rows.add(x["a"] + x["b"] + x["c"] + x["d"] >= 7)
        m.rows.add(pyo.inequality(1, x["a"] + 2 * x["b"] - x["c"], 30))
        m.rows.add(x["c"] - x["a"] <= 1.5)
        m.rows.add(x["b"] + x["d"] == 4.5)
    m.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    m.rc = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    return m


def duals(sense):
    ours, theirs = lp(sense), lp(sense)
    results = farkas().solve(ours)
    expect(results.solver.termination_condition == TerminationCondition.optimal, results.solver)
    pyo.SolverFactory("appsi_highs").solve(theirs)
    expect(near(pyo.value(ours.cost), pyo.value(theirs.cost)), "objective")
    seen = 0
    for k in ours.rows:
        a, b = ours.dual[ours.rows[k]], theirs.dual[theirs.rows[k]]
        expect(near(a, b), f"multiplier of row {k}: {a}, HiGHS says {b}")
        seen += abs(a) > 1e-6
    for k in ours.x:
        a, b = ours.rc.get(ours.x[k], 0.0), theirs.rc[theirs.x[k]]
        expect(near(a, b), f"reduced cost of {k}: {a}, HiGHS says {b}")
        expect(near(ours.x[k].value, theirs.x[k].value), f"value of {k}")
        seen += abs(a) > 1e-6
    expect(seen >= 3, f"only {seen} multipliers and reduced costs that are not zero")
    return f"objective {pyo.value(ours.cost):g}, {seen} nonzero multipliers and reduced costs agree with HiGHS"


def mip():
    weights, values = [12, 7, 11, 8, 9, 6], [24, 13, 23, 15, 16, 11]
    m = pyo.ConcreteModel()
    m.take = pyo.Var(range(6), domain=pyo.Binary)
    m.more = pyo.Var(domain=pyo.Integers, bounds=(-3, 2))
    m.value = pyo.Objective(expr=sum(v * m.take[k] for k, v in enumerate(values)) + m.more, sense=pyo.maximize)
    m.weight = pyo.Constraint(expr=sum(w * m.take[k] for k, w in enumerate(weights)) + 3 * m.more <= 26)
    for start in (False, True):
        if start:
            for k in range(6):
                m.take[k] = 0
            m.more = 0
        farkas(gap=0).solve(m, symbolic_solver_labels=start)
        # All there are.
        best = max(
            sum(v for k, v in enumerate(values) if mask >> k & 1) + more
            for mask in range(64)
            for more in range(-3, 3)
            if sum(w for k, w in enumerate(weights) if mask >> k & 1) + 3 * more <= 26
        )
        expect(near(pyo.value(m.value), best), f"{pyo.value(m.value)}, not {best}")
    return f"objective {best:g}, with and without names and a start"


def infeasible():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), domain=pyo.NonNegativeReals)
    m.cost = pyo.Objective(expr=m.x[0])
    m.low = pyo.Constraint(expr=m.x[0] + m.x[1] <= 1)
    m.high = pyo.Constraint(expr=m.x[0] + 2 * m.x[1] >= 3)
    results = farkas().solve(m, load_solutions=False)
    expect(results.solver.termination_condition == TerminationCondition.infeasible, results.solver)
    return results.solver.message


def unbounded():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), domain=pyo.NonNegativeReals)
    m.cost = pyo.Objective(expr=m.x[0] - 2 * m.x[1])
    m.row = pyo.Constraint(expr=m.x[1] - m.x[0] <= 5)
    results = farkas().solve(m, load_solutions=False)
    expect(results.solver.termination_condition == TerminationCondition.unbounded, results.solver)
    return results.solver.message


def time_limit():
    """Market split with slacks: easy to satisfy, and for this size out of reach to solve in a second."""
    rows, columns = 5, 40
    draw = random.Random(1)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(columns), domain=pyo.Binary)
    m.s = pyo.Var(range(rows), range(2), domain=pyo.NonNegativeReals)
    m.cost = pyo.Objective(expr=sum(m.s[k] for k in m.s))
    m.rows = pyo.ConstraintList()
    for i in range(rows):
        a = [draw.randrange(100) for _ in range(columns)]
        m.rows.add(sum(a[j] * m.x[j] for j in range(columns)) + m.s[i, 0] - m.s[i, 1] == sum(a) // 2)
    begin = time.monotonic()
    results = farkas(timelimit=2).solve(m)
    seconds = time.monotonic() - begin
    expect(results.solver.id == 402, f"AMPL's code for a time limit with a point is 402: {results.solver}")
    expect(results.solver.status == SolverStatus.warning, results.solver)
    expect(seconds < 10, f"{seconds} seconds")
    for row in m.rows.values():
        expect(abs(pyo.value(row.body) - row.upper) < 1e-4, "the point that came back is feasible")
    return f"incumbent {pyo.value(m.cost):g} after {seconds:.1f} s"


def special_ordered_sets():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(3), bounds=(0, 1))
    m.value = pyo.Objective(expr=m.x[0] + 3 * m.x[1] + 4 * m.x[2], sense=pyo.maximize)
    m.row = pyo.Constraint(expr=m.x[0] + m.x[1] + m.x[2] <= 2.5)
    m.set = pyo.SOSConstraint(var=m.x, sos=1)
    results = farkas(subsolver="highs,scip").solve(m, load_solutions=False)
    if "takes it" in results.solver.message:
        return "NOT TRIED: " + results.solver.message
    m.solutions.load_from(results)
    expect(near(pyo.value(m.value), 4), pyo.value(m.value))
    return "objective 4"


def quadratic():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 10))
    m.y = pyo.Var(bounds=(0, 10))
    m.cost = pyo.Objective(expr=(m.x - 3) ** 2 + (m.y - 2) ** 2)
    m.row = pyo.Constraint(expr=m.x + m.y <= 4)
    results = farkas().solve(m, load_solutions=False)
    if "takes it" in results.solver.message:
        return "NOT TRIED: " + results.solver.message
    m.solutions.load_from(results)
    expect(near(pyo.value(m.cost), 0.5, 1e-4), pyo.value(m.cost))
    return "objective 0.5"


def nonlinear():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0.1, 10))
    m.cost = pyo.Objective(expr=pyo.log(m.x))
    try:
        farkas().solve(m)
    except Exception:  # Pyomo raises what it likes for a solver that exits with 1
        return "refused"
    raise AssertionError("a logarithm was solved")


def mistake():
    m = lp(pyo.minimize)
    try:
        farkas(speed=11).solve(m)
    except Exception:
        return "an unknown keyword is refused"
    raise AssertionError("an unknown keyword was taken")


def version():
    found = farkas().version()
    expect(found is not None and found[:2] >= (0, 1), found)
    return ".".join(map(str, found))


CASES = {
    "version": version,
    "multipliers, minimise": lambda: duals(pyo.minimize),
    "multipliers, maximise": lambda: duals(pyo.maximize),
    "integer": mip,
    "infeasible": infeasible,
    "unbounded": unbounded,
    "time limit": time_limit,
    "special ordered set": special_ordered_sets,
    "quadratic": quadratic,
    "nonlinear": nonlinear,
    "unknown keyword": mistake,
}

failed = 0
for name, case in CASES.items():
    try:
        print(f"{name}: {case()}")
    except Exception as error:
        failed += 1
        print(f"{name}: FAILED: {type(error).__name__}: {error}")
sys.exit(min(failed, 1))
