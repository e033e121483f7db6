"""Calls a Farkas service by OR-Tools' published remote_http_solve, unchanged.

    python mathopt.py HOST:PORT

Prints a line for each case, and exits with 1 if one failed.
"""

import datetime
import random
import statistics
import sys
import time

from ortools.math_opt.python import mathopt
from ortools.math_opt.python.ipc import remote_http_solve

ENDPOINT = f"http://{sys.argv[1]}/v1/mathopt:solveMathOptModel"
Reason, Limit, Solver = mathopt.TerminationReason, mathopt.Limit, mathopt.SolverType


def solve(model, solver=Solver.HIGHS, params=None, model_params=None, seconds=10):
    return remote_http_solve.remote_http_solve(
        model, solver, params, model_params, endpoint=ENDPOINT, api_key="unused", deadline_sec=seconds
    )


def near(found, expected):
    assert abs(found - expected) <= 1e-6 * max(1.0, abs(expected)), f"{found}, expected {expected}"


def lp(maximize=False):
    """Non-degenerate; some ids are missing and some names are empty or used twice, as MathOpt allows."""
    m = mathopt.Model(name="lp")
    gone = m.add_variable(name="gone")
    x = m.add_variable(lb=0, name="v")
    y = m.add_variable(lb=0, name="v")
    z = m.add_variable(lb=-1, ub=2)
    m.delete_variable(gone)
    rows = [m.add_linear_constraint(x + 2 * y + z <= 14), m.add_linear_constraint(3 * x - y >= 0, name="r")]
    rows.append(m.add_linear_constraint(x - y <= 2))
    if maximize:
        m.maximize(3 * x + 4 * y + z + 5)
    else:
        m.minimize(-3 * x - 4 * y - z - 5)
    return m, [x, y, z], rows


def milp():
    m = mathopt.Model()
    x = m.add_integer_variable(lb=0, ub=10, name="x")
    y = m.add_integer_variable(lb=0, name="y")
    m.maximize(3 * x + 2 * y)
    m.add_linear_constraint(2 * x + y <= 12)
    m.add_linear_constraint(x - y >= -2)
    return m, [x, y]


def hard():
    """Market split: a point soon, a proof never."""
    numbers = random.Random(1)
    m = mathopt.Model()
    x = [m.add_binary_variable() for _ in range(50)]
    slack = []
    for _ in range(6):
        weights = [numbers.randrange(100) for _ in x]
        over, under = m.add_variable(lb=0), m.add_variable(lb=0)
        slack += [over, under]
        m.add_linear_constraint(sum(w * v for w, v in zip(weights, x)) - over + under == sum(weights) // 2)
    m.minimize(sum(slack))
    return m


def solves_linear_programs_with_multipliers():
    for maximize in (False, True):
        m, columns, rows = lp(maximize)
        local = mathopt.solve(m, Solver.GLOP, remove_names=True)
        remote, _ = solve(m)
        assert remote.termination.reason == Reason.OPTIMAL and remote.termination.limit is None, remote.termination
        near(remote.objective_value(), local.objective_value())
        near(remote.termination.objective_bounds.dual_bound, local.objective_value())
        for column in columns:
            near(remote.variable_values(column), local.variable_values(column))
            near(remote.reduced_costs(column), local.reduced_costs(column))
        for row in rows:
            near(remote.dual_values(row), local.dual_values(row))
        assert remote.has_dual_feasible_solution() and remote.solve_time() > datetime.timedelta(0)


def solves_integer_programs_by_each_solver():
    m, (x, y) = milp()
    told = []
    for solver in (Solver.GSCIP, Solver.HIGHS, Solver.CP_SAT, Solver.GLPK):
        result, messages = solve(m, solver)
        assert result.termination.reason == Reason.OPTIMAL, result.termination
        near(result.objective_value(), 20.0)
        assert result.variable_values([x, y]) == [4.0, 4.0]
        told += messages
    assert any("GLPK is not here" in message for message in told), told


def solves_products_sets_and_switches():
    m = mathopt.Model()
    x, y = m.add_variable(lb=-5, ub=5), m.add_variable(lb=-5, ub=5)
    m.minimize(x * x + y * y - x * y - 3 * y)
    m.add_linear_constraint(x + y <= 2)
    near(solve(m)[0].objective_value(), -2.75)  # at x = 0.5, y = 1.5, on the row
    m = mathopt.Model()
    on, v = m.add_binary_variable(), m.add_variable(lb=0, ub=10)
    m.add_indicator_constraint(indicator=on, implied_constraint=v <= 3)
    m.maximize(v + 5 * on)
    near(solve(m, Solver.GSCIP)[0].objective_value(), 10.0)


def says_infeasible_and_unbounded():
    m, (x, y) = milp()
    m.add_linear_constraint(x + y >= 100)
    result, _ = solve(m)
    assert result.termination.reason == Reason.INFEASIBLE and not result.solutions, result
    m = mathopt.Model()
    x = m.add_variable(lb=0)
    m.maximize(x)
    result, _ = solve(m)
    assert result.termination.reason in (Reason.UNBOUNDED, Reason.INFEASIBLE_OR_UNBOUNDED), result.termination


def keeps_limits_and_tells_which():
    params = mathopt.SolveParameters(time_limit=datetime.timedelta(seconds=1), enable_output=True, threads=1)
    result, messages = solve(hard(), params=params)
    assert (result.termination.reason, result.termination.limit) == (Reason.FEASIBLE, Limit.TIME), result.termination
    assert result.has_primal_feasible_solution() and len(messages) > 5, messages
    # A client that waits for three seconds has its answer by then.
    begin = time.time()
    result, _ = solve(hard(), seconds=3)
    assert result.termination.reason == Reason.FEASIBLE and time.time() - begin < 3, result.termination


def takes_hints_and_filters():
    m, (x, y) = milp()
    hint = mathopt.SolutionHint(variable_values={x: 4.0, y: 4.0})
    wanted = mathopt.ModelSolveParameters(
        solution_hints=[hint], variable_values_filter=mathopt.VariableFilter(filtered_items=[y])
    )
    result, _ = solve(m, Solver.GSCIP, model_params=wanted)
    assert result.variable_values() == {y: 4.0}, result.variable_values()


def tells_what_is_wrong():
    m = mathopt.Model()
    x = m.add_variable()
    m.minimize(x)
    m.add_auxiliary_objective(priority=2, expr=x)
    try:
        solve(m)
    except remote_http_solve.OptimizationServiceError as error:
        assert "422" in str(error) and "objectives" in str(error), error
    else:
        raise AssertionError("it should have failed")


def measures():
    def once(model):
        begin = time.perf_counter()
        solve(model)
        return (time.perf_counter() - begin) * 1000

    figures = []
    for name, model in (("LP", lp()[0]), ("MILP", milp()[0])):
        times = sorted(once(model) for _ in range(41))
        figures.append(f"{name} {statistics.median(times):.1f} ms (least {times[0]:.1f})")
    return "median of a tiny solve: " + ", ".join(figures)


CASES = [
    solves_linear_programs_with_multipliers,
    solves_integer_programs_by_each_solver,
    solves_products_sets_and_switches,
    says_infeasible_and_unbounded,
    keeps_limits_and_tells_which,
    takes_hints_and_filters,
    tells_what_is_wrong,
    measures,
]

failed = 0
for case in CASES:
    begin = time.time()
    try:
        said = case()
        print(f"{case.__name__}: ok ({time.time() - begin:.1f} s){': ' + said if said else ''}", flush=True)
    except Exception as error:  # whatever the client raises is what a user would see
        failed += 1
        print(f"{case.__name__}: FAILED: {type(error).__name__}: {error}", flush=True)
sys.exit(1 if failed else 0)
