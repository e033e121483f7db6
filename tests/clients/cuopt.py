"""Calls a Farkas service by NVIDIA's published cuOpt client, unchanged: every verb, and the traps met on the way.

    python cuopt.py HOST:PORT          (CUOPT_USE_ZLIB=True in the environment: everything in deflated JSON)

Prints a line for each case, and exits with 1 if one failed.
"""

import json
import logging
import os
import random
import statistics
import sys
import tempfile
import time

import numpy as np
import requests
from cuopt_sh_client import CuOptServiceSelfHostClient, ThinClientSolverSettings, mime_type

HOST, PORT = sys.argv[1].rsplit(":", 1)
ZLIB = os.environ.get("CUOPT_USE_ZLIB") == "True"
logging.getLogger("cuopt_sh_client").setLevel(logging.ERROR)


def client(**options):
    # Polls often, so that the test takes no longer than its solves.
    return CuOptServiceSelfHostClient(**{"ip": HOST, "port": PORT, "polling_interval": 0.02, **options})


def milp():
    """maximise 3 x + 2 y, 2 x + y <= 12, x - y >= -2, x integer: 20 at x = y = 4."""
    return {
        "csr_constraint_matrix": {"offsets": [0, 2, 4], "indices": [0, 1, 0, 1], "values": [2.0, 1.0, 1.0, -1.0]},
        "constraint_bounds": {"upper_bounds": [12.0, "inf"], "lower_bounds": ["ninf", -2.0]},
        "objective_data": {"coefficients": [3.0, 2.0], "scalability_factor": 1.0, "offset": 0.0},
        "variable_bounds": {"upper_bounds": [10.0, "inf"], "lower_bounds": [0.0, 0.0]},
        "maximize": True,
        "variable_names": ["x", "y"],
        "variable_types": ["I", "I"],
        "solver_config": {"time_limit": 30, "tolerances": {"mip_relative_gap": 1e-6}},
    }


def lp():
    """minimise 0.2 x - 0.1 y, 3 x + 4 y <= 5.4, 2.7 x + 10.1 y <= 4.9: -0.0485... at y = 4.9 / 10.1."""
    return {
        "csr_constraint_matrix": {"offsets": [0, 2, 4], "indices": [0, 1, 0, 1], "values": [3.0, 4.0, 2.7, 10.1]},
        "constraint_bounds": {"bounds": [5.4, 4.9], "types": ["L", "L"]},
        "objective_data": {"coefficients": [0.2, -0.1]},
        "variable_bounds": {"upper_bounds": ["inf", "inf"], "lower_bounds": [0.0, 0.0]},
        "maximize": False,
        "solver_config": {"tolerances": {"optimality": 1e-6}},
    }


def infeasible(kind):
    model = milp()
    model["variable_types"] = [kind, kind]
    model["constraint_bounds"] = {"upper_bounds": [12.0, "inf"], "lower_bounds": [13.0, -2.0]}
    return model


def hard():
    """Market split: a point soon, a proof never."""
    numbers = random.Random(1)
    rows, columns = 6, 50
    offsets, indices, values, sides = [0], [], [], []
    for i in range(rows):
        weights = [numbers.randrange(100) for _ in range(columns)]
        indices += list(range(columns)) + [columns + 2 * i, columns + 2 * i + 1]
        values += [float(w) for w in weights] + [-1.0, 1.0]
        offsets.append(len(indices))
        sides.append(float(sum(weights) // 2))
    n = columns + 2 * rows
    return {
        "csr_constraint_matrix": {"offsets": offsets, "indices": indices, "values": values},
        "constraint_bounds": {"upper_bounds": sides, "lower_bounds": sides},
        "objective_data": {"coefficients": [0.0] * columns + [1.0] * (2 * rows)},
        "variable_bounds": {"upper_bounds": [1.0] * columns + ["inf"] * (2 * rows), "lower_bounds": [0.0] * n},
        "variable_types": ["I"] * columns + ["C"] * (2 * rows),
        "solver_config": {"time_limit": 60, "num_cpu_threads": 1},
    }


def near(found, expected):
    assert abs(found - expected) <= 1e-6 * max(1.0, abs(expected)), f"{found}, expected {expected}"


def response(reply):
    return reply["response"]["solver_response"]


def submit(model, **options):
    """Starts a long solve and answers with its id."""
    reply = client(polling_timeout=0, timeout_exception=False).get_LP_solve(model, response_type="dict", **options)
    assert set(reply) == {"reqId"}, reply
    return reply["reqId"]


def until(condition, seconds=20):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "it did not happen in time"
        time.sleep(0.02)


def fails(call, *words):
    try:
        reply = call()
    except ValueError as error:
        assert all(word in str(error) for word in words), f"{error}: not {words}"
        return
    raise AssertionError(f"it should have failed: {reply}")


def solves_integer_programs():
    for accepted in (mime_type.JSON, mime_type.MSGPACK, mime_type.ZLIB, mime_type.WILDCARD):
        reply = client(result_type=accepted).get_LP_solve(milp())
        told = response(reply)["solution"]
        assert told.get_problem_category() == "MIP" and told.get_termination_status() == "Optimal", vars(told)
        near(told.get_primal_objective(), 20.0)
        assert told.get_vars() == {"x": 4.0, "y": 4.0}
        assert list(told.get_primal_solution()) == [4.0, 4.0]
        stats = told.get_milp_stats()
        assert len(stats) == 8 and stats["mip_gap"] == 0.0 and stats["max_constraint_violation"] == 0.0, stats
        near(stats["solution_bound"], 20.0)


def solves_linear_programs():
    told = response(client().get_LP_solve(lp()))["solution"]
    assert told.get_problem_category() == "LP" and told.get_termination_status() == "Optimal", vars(told)
    near(told.get_primal_objective(), -0.1 * 4.9 / 10.1)
    near(told.get_dual_objective(), -0.1 * 4.9 / 10.1)
    near(told.get_dual_solution()[1], -0.1 / 10.1)
    near(told.get_reduced_cost()[0], 0.2 + 2.7 * 0.1 / 10.1)
    assert told.get_lp_stats()["gap"] < 1e-6 and told.get_solved_by(), told.get_lp_stats()


def takes_arrays():
    if ZLIB:
        return "not asked: JSON has no arrays of numpy's"
    model = milp()
    model["csr_constraint_matrix"] = {
        "offsets": np.array([0, 2, 4], dtype=np.int32),
        "indices": np.array([0, 1, 0, 1], dtype=np.int64),
        "values": np.array([2.0, 1.0, 1.0, -1.0], dtype=np.float32),
    }
    model["constraint_bounds"] = {"upper_bounds": np.array([12.0, np.inf]), "lower_bounds": np.array([-np.inf, -2.0])}
    model["variable_types"] = np.array(["I", "I"])
    model["objective_data"]["offset"] = np.float64(1.0)
    near(response(client().get_LP_solve(model))["solution"].get_primal_objective(), 21.0)


def takes_python_infinities():
    model = lp()
    model["variable_bounds"] = {"upper_bounds": [float("inf")] * 2, "lower_bounds": [0.0, 0.0]}
    assert response(client().get_LP_solve(model))["status"] == "Optimal"


def says_what_is_infeasible():
    for kind, status in (("I", "Infeasible"), ("C", "PrimalInfeasible")):
        told = response(client().get_LP_solve(infeasible(kind), response_type="dict"))
        assert told == {"status": status, "solution": {}}, told


def says_what_is_unbounded():
    model = lp()
    model["maximize"] = True
    model["constraint_bounds"] = {"bounds": [5.4, 4.9], "types": ["G", "G"]}
    told = response(client().get_LP_solve(model, response_type="dict"))
    assert told["status"] in ("DualInfeasible", "UnboundedOrInfeasible") and told["solution"] == {}, told


def solves_lists():
    reply = client().get_LP_solve([milp(), lp(), infeasible("I")], response_type="dict")
    told = response(reply)
    assert [one["status"] for one in told] == ["Optimal", "Optimal", "Infeasible"], told
    near(told[0]["solution"]["primal_objective"], 20.0)
    objects = response(client().get_LP_solve([lp(), lp()]))
    assert objects["status"] == ["Optimal", "Optimal"], objects


def reads_files():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        with open(path, "w") as file:
            json.dump(milp(), file)
        near(response(client().get_LP_solve(path))["solution"].get_primal_objective(), 20.0)
        if not ZLIB:
            told = response(client().get_LP_solve([path, path], response_type="dict"))
            assert [one["status"] for one in told] == ["Optimal"] * 2, told


def caches_and_validates():
    id = client().get_LP_solve(milp(), cache=True)["reqId"]
    near(response(client().get_LP_solve(id))["solution"].get_primal_objective(), 20.0)
    assert client().delete(id) == {"cached": 1, "queued": 0, "running": 0}
    assert client().delete(id) == {"cached": 0, "queued": 0, "running": 0}
    fails(lambda: client().get_LP_solve(id), "does not exist")
    told = client(only_validate=True).get_LP_solve(milp(), response_type="dict")
    assert told == {"msg": "Input is Valid"}, told


def aborts():
    id = submit(hard())
    until(lambda: client().status(id) == "running")
    counts = client().delete(id)
    assert counts == {"cached": 0, "queued": 0, "running": 1}, counts
    assert client().delete(id)["running"] == 0
    assert client().status(id) == "aborted"
    fails(lambda: client().repoll(id), "500", "aborted", id)


def aborts_what_waits():
    # More than there are cores: some wait.
    ids = [submit(hard()) for _ in range(4)]
    until(lambda: any(client().status(id) == "queued" for id in ids))
    waiting = next(id for id in ids if client().status(id) == "queued")
    assert client().delete(waiting, running=True) == {"cached": 0, "queued": 0, "running": 0}
    assert client().delete(waiting, queued=True)["queued"] == 1
    fails(lambda: client().delete("*"), "400")
    counts = client().delete("*", queued=True, running=True)
    assert counts["queued"] + counts["running"] == 3, counts
    assert all(client().status(id) == "aborted" for id in ids)


def polls_for_what_takes_long():
    model = hard()
    model["solver_config"]["time_limit"] = 2
    reply = client(polling_timeout=30).get_LP_solve(model)
    told = response(reply)["solution"]
    assert told.get_termination_status() == "FeasibleFound", vars(told)
    assert told.get_milp_stats()["max_int_violation"] <= 1e-6
    # Read and deleted: hidden here, and still a job of the service.
    fails(lambda: client().repoll(reply["reqId"]), "404", "does not exist")
    job = requests.get(f"http://{HOST}:{PORT}/v1/jobs/{reply['reqId']}")
    assert job.status_code == 200 and "cuopt" in job.json()["tags"], job.text


def keeps_what_is_not_deleted():
    reply = client().get_LP_solve(milp(), response_type="dict", delete_solution=False)
    again = client().repoll(reply["reqId"], response_type="dict", delete_solution=False)
    assert response(again) == response(reply)
    warm = client().get_LP_solve(milp(), warmstart_id=reply["reqId"])
    near(response(warm)["solution"].get_primal_objective(), 20.0)
    client().delete_solution(reply["reqId"])
    fails(lambda: client().delete_solution(reply["reqId"]), "404")


def tells_incumbents_and_logs():
    costs, lines = [], []
    model = hard()
    model["solver_config"]["time_limit"] = 3
    reply = client().get_LP_solve(
        model,
        incumbent_callback=lambda solution, cost: costs.append((len(solution), cost)),
        logging_callback=lines.extend,
    )
    assert response(reply)["status"] == "FeasibleFound", reply
    assert costs and all(length == 62 for length, _ in costs), costs
    assert [cost for _, cost in costs] == sorted((cost for _, cost in costs), reverse=True), costs
    near(costs[-1][1], response(reply)["solution"].get_primal_objective())
    assert len(lines) > 5 and len(set(lines)) > 5, lines


def refuses_pickles():
    reply = requests.post(
        f"http://{HOST}:{PORT}/cuopt/request", data=b"\x80\x04N.", headers={"Content-Type": "application/octet-stream"}
    )
    assert reply.status_code == 415 and reply.headers["Content-Type"] == "application/json", reply.headers
    assert reply.json()["error_result"] is False and "pickle" in reply.json()["error"], reply.text


def tells_what_is_wrong():
    short, unknown, routing = milp(), milp(), {"cost_matrix_data": {"data": {}}}
    short["constraint_bounds"]["upper_bounds"] = [1.0]
    unknown["solver_confg"] = {}
    cases = [
        (short, ("422", "/constraint_bounds/upper_bounds", "2 rows")),
        (unknown, ("422", "/solver_confg")),
        (routing, ("422", "routing")),
        ([milp(), short], ("422", "/1/constraint_bounds/upper_bounds")),
    ]
    for accepted in (mime_type.JSON, mime_type.MSGPACK, mime_type.ZLIB):
        for model, words in cases:
            fails(lambda: client(result_type=accepted).get_LP_solve(model), *words)
        fails(lambda: client(result_type=accepted).repoll("nothing"), "404", "does not exist")
    fails(lambda: client().get_LP_solve("data.json", filepath=True), "422", "disk")
    settings = ThinClientSolverSettings()
    settings.set_parameter("time_limit", -1)
    model = milp()
    model["solver_config"] = settings.toDict()
    fails(lambda: client().get_LP_solve(model), "/solver_config/time_limit")


def is_healthy():
    for path in ("/cuopt/health", "/v2/health/ready", "/v2/health/live"):
        reply = requests.get(f"http://{HOST}:{PORT}{path}")
        assert reply.status_code == 200 and reply.json()["status"] == "RUNNING", reply.text


def measures():
    def once(model):
        begin = time.perf_counter()
        client().get_LP_solve(model)
        return (time.perf_counter() - begin) * 1000

    figures = []
    for name, model in (("LP", lp()), ("MILP", milp())):
        times = sorted(once(model) for _ in range(41))
        figures.append(f"{name} {statistics.median(times):.1f} ms (least {times[0]:.1f})")
    return "median of a tiny job, deletion included: " + ", ".join(figures)


CASES = [
    is_healthy,
    solves_integer_programs,
    solves_linear_programs,
    takes_arrays,
    takes_python_infinities,
    says_what_is_infeasible,
    says_what_is_unbounded,
    solves_lists,
    reads_files,
    caches_and_validates,
    aborts,
    aborts_what_waits,
    polls_for_what_takes_long,
    keeps_what_is_not_deleted,
    tells_incumbents_and_logs,
    refuses_pickles,
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
