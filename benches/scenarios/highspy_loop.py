"""Scenarios of one linear program in a loop over HiGHS' own package: `highspy_loop.py warm|anew FOLDER`.

FOLDER holds model.mps and needs.f64 (a scenario's row sides after the other). Prints the loop's seconds and the sum of
the objectives; reading the model is not counted.
"""

import sys
import time
from pathlib import Path

import highspy
import numpy as np


def quiet():
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("threads", 1)
    return h


def main(how, folder):
    first = quiet()
    first.readModel(str(folder / "model.mps"))
    lp = first.getLp()
    rows = lp.num_row_
    needs = np.fromfile(folder / "needs.f64").reshape(-1, rows)
    upper = np.full(rows, highspy.kHighsInf)
    indices = np.arange(rows, dtype=np.int32)
    total = 0.0
    began = time.perf_counter()
    if how == "warm":
        h = quiet()
        h.passModel(lp)
        for need in needs:
            h.changeRowsBounds(rows, indices, need, upper)
            h.run()
            total += h.getInfo().objective_function_value
    else:
        for need in needs:
            h = quiet()
            lp.row_lower_ = need
            lp.row_upper_ = upper
            h.passModel(lp)
            h.run()
            total += h.getInfo().objective_function_value
    print(time.perf_counter() - began, total)


main(sys.argv[1], Path(sys.argv[2]))
