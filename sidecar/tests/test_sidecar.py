"""The package's own tests: the image without a copy, frames, and a whole worker with a stand-in parent and solver."""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import textwrap
import unittest

import msgpack
import numpy as np

from farkas_sidecar import contract, image, protocol

INF = float("inf")


def an_image(maximize=1, offset=2.0):
    """maximise 3 x + 5 y + 2 subject to x <= 4, 2 y <= 12, 3 x + 2 y <= 18."""
    parts = [
        np.array([3.0, 5.0]), np.zeros(2), np.array([INF, INF]), np.array([0, 1], "u1"), np.full(3, -INF), np.array([4.0, 12, 18]),
        np.array([0, 2, 4], "<u4"), np.array([0, 2, 1, 2], "<u4"), np.array([1.0, 3, 2, 2]),
    ]
    at, table, body = 64 + 24 * len(parts), b"", b""
    for number, part in enumerate(parts, 1):
        data = part.tobytes()
        place = -(-(at + len(body)) // 64) * 64
        body += b"\0" * (place - at - len(body)) + data
        table += struct.pack("<IIQQ", number, 0, place, len(data))
    head = image.HEADER.pack(image.MAGIC, 1, image.ORDER_MARK, at + len(body), 2, 3, 4, offset, maximize, len(parts))
    return head + table + body


def sealed(data: bytes) -> int:
    file = os.memfd_create("problem", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(file, data)
    fcntl.fcntl(file, 1033, 1 | 2 | 4 | 8)
    return file


class Image(unittest.TestCase):
    def test_views_are_views(self):
        p = image.Problem.of_descriptor(sealed(an_image()))
        self.assertEqual((p.n, p.m, p.offset, p.maximize, p.is_lp), (2, 3, 2.0, True, False))
        self.assertFalse(p.cost.flags.owndata or p.cost.flags.writeable or p.values.flags.owndata)
        self.assertEqual(p.objective_of(np.array([2.0, 6.0])), 38.0)
        self.assertEqual(p.activities(np.array([2.0, 6.0])).tolist(), [2.0, 12.0, 18.0])
        self.assertEqual(p.reduced_costs(np.array([0.0, 1.5, 1.0])).tolist(), [0.0, 0.0])
        starts, columns, values = p.by_rows()
        self.assertEqual((starts.tolist(), columns.tolist(), values.tolist()), ([0, 1, 2, 4], [0, 1, 0, 1], [1, 2, 3, 2]))

    def test_damage_is_told(self):
        good = an_image()
        for bad in (b"", good[:-1], b"x" + good[1:], good[:8] + b"\2" + good[9:], good[:60] + b"\xff" + good[61:]):
            with self.assertRaises(image.BadImage):
                image.Problem(bad)

    def test_what_is_not_sealed_is_refused(self):
        file = os.memfd_create("problem")
        os.write(file, an_image())
        with self.assertRaises(image.BadImage):
            image.Problem.of_descriptor(file)


class Frames(unittest.TestCase):
    def test_frames_are_cut_and_bounded(self):
        ours, theirs = socket.socketpair()
        link = protocol.Link(theirs)
        body = msgpack.packb({"stop": {"number": 3}})
        frame = struct.pack("<I", len(body)) + body
        ours.sendall(frame[:3])
        ours.sendall(frame[3:] + frame)
        self.assertEqual([link.receive(), link.receive()], [{"stop": {"number": 3}}] * 2)
        ours.sendall(struct.pack("<I", protocol.SMALL_FRAME_BYTES + 1))
        with self.assertRaises(protocol.BrokenProtocol):
            link.receive()
        ours.close()
        theirs.close()


class Contract(unittest.TestCase):
    def test_a_cutoff(self):
        options = contract.Options(cutoff=10.0)
        for claim, maximize, expected in [
            (contract.Claim("OPTIMAL", point=np.zeros(1), objective=9.0, bound=9.0), False, ("OPTIMAL", None, 9.0)),
            (contract.Claim("OPTIMAL", point=np.zeros(1), objective=11.0, bound=11.0), False, ("NO_SOLUTION_FOUND", "CUTOFF", 11.0)),
            (contract.Claim("OPTIMAL", point=np.zeros(1), objective=9.0, bound=9.0), True, ("NO_SOLUTION_FOUND", "CUTOFF", 9.0)),
            (contract.Claim("INFEASIBLE"), False, ("NO_SOLUTION_FOUND", "CUTOFF", 10.0)),
        ]:
            got = claim.within_cutoff(options, maximize)
            self.assertEqual((got.reason, got.limit, got.bound), expected)

    def test_options_without_a_meaning_are_refused(self):
        for options in ({"node_limit": 1}, {"lp_method": "barrier"}, {"emphasis": "optimality"}):
            with self.assertRaises(contract.Refused):
                contract.Options.of_message(options).check("x", {"simplex": True})
        contract.Options.of_message({"lp_method": "simplex"}).check("x", {"simplex": True})


    def test_a_conflict_names_what_there_is_and_is_not_given(self):
        p = image.Problem(an_image())
        everything = contract.Conflict(*(np.ones(k, bool) for k in (p.m, p.m, p.n, p.n)))
        self.assertEqual(everything.message(p), {"rows": bytes([2, 2, 2]), "columns": bytes([1, 1])})
        self.assertEqual(contract.Conflict.none(p).message(p), {"rows": bytes(3), "columns": bytes(2)})
        self.assertIsNone(contract.Conflict.plain(p))
        p.values = np.array([1.0, 3, 0, 2])
        p.row_upper = np.array([4.0, -1, 18])
        self.assertEqual(contract.Conflict.plain(p).message(p), {"rows": bytes([0, 2, 0]), "columns": bytes(2)})
        p.lower, p.upper = np.array([0.0, 3.0]), np.array([1.0, 2.0])
        self.assertEqual(contract.Conflict.plain(p).message(p), {"rows": bytes(3), "columns": bytes([0, 3])})


HOST = textwrap.dedent(
    """
    import sys
    from farkas_sidecar.contract import Claim, Conflict
    from farkas_sidecar.host import serve
    class Session:
        version = "1"
        def __init__(self, p): self.p = p
        def solve(self, options, point, basis, control, stop):
            control.incumbent(1.0, self.p.lower)
            control.log("one\\ntwo")
            stop._set.wait(20)
            return Claim.at_limit("INTERRUPTED" if stop.is_set() else "TIME", bound=5.0)
        def conflict(self, options, stop):
            found = Conflict.none(self.p)
            found.row_upper[1] = found.lower[1] = found.upper[0] = True
            if options.seed: stop._set.wait(20)
            return Conflict.none(self.p) if stop.is_set() else found
    class Adapter:
        name = "stand-in"
        def probe(self): return {"state": "ready", "version": "1"}
        def capabilities(self): return {"stop": True, "iis": True}
        def open(self, p): return Session(p)
    sys.exit(serve(Adapter()))
    """
)


class Worker(unittest.TestCase):
    def start(self, parent=None):
        ours, theirs = socket.socketpair()
        env = {**os.environ, "FARKAS_WORKER_PARENT": str(parent or os.getpid())}
        process = subprocess.Popen([sys.executable, "-c", HOST], stdin=theirs, stdout=subprocess.DEVNULL, env=env)
        theirs.close()
        ours.settimeout(20)
        return process, protocol.Link(ours)

    def test_a_solve_is_stopped_and_the_process_ends_with_its_socket(self):
        process, link = self.start()
        hello = link.receive()["hello"]
        self.assertEqual((hello["backend"], hello["conflicts"]), ("stand-in", True))
        body = msgpack.packb({"open": {"memory_limit_bytes": None}})
        socket.send_fds(link.end, [struct.pack("<I", len(body)) + body], [sealed(an_image())])
        self.assertEqual(link.receive(), {"opened": {"version": "1"}})
        link.send({"solve": {"number": 1, "options": {}, "point": None, "basis": None}})
        self.assertIn("event", link.receive())
        link.send({"stop": {"number": 1}})
        message = link.receive()
        while "event" in message:
            message = link.receive()
        claim = message["claim"]["claim"]
        self.assertEqual((claim["termination"]["limit"], claim["bound"]), ("INTERRUPTED", 5.0))
        none, found = ({"rows": bytes(rows), "columns": bytes(columns)} for rows, columns in (([0] * 3, [0] * 2), ([0, 2, 0], [0, 1])))
        link.send({"conflict": {"number": 2, "options": {}}})
        self.assertEqual(link.receive(), {"members": {"number": 2, "members": found}})
        link.send({"conflict": {"number": 3, "options": {"seed": 1}}})
        link.send({"stop": {"number": 3}})
        self.assertEqual(link.receive(), {"members": {"number": 3, "members": none}})
        link.send({"close": {}})
        self.assertEqual(link.receive(), {"closed": {}})
        link.end.close()
        self.assertEqual(process.wait(20), 0)

    def test_a_stranger_is_no_parent(self):
        process, link = self.start(parent=1)
        self.assertEqual(process.wait(20), 0)
        link.end.close()

    def test_garbage_ends_it(self):
        process, link = self.start()
        link.receive()
        link.end.sendall(struct.pack("<I", 3) + b"\xc1\xc1\xc1")
        self.assertEqual(process.wait(20), 76)
        link.end.close()


if __name__ == "__main__":
    unittest.main()
