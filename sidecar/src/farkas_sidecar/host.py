"""Hosts one adapter: the solver works on the main thread, one thread reads, one writes. The process ends the moment its
socket does, or its parent dies."""

from __future__ import annotations

import collections
import ctypes
import os
import queue
import resource
import signal
import sys
import threading
import time
import traceback

import numpy as np

from .contract import Conflict, Options, Refused, Stop, Unavailable, Unsupported
from .image import BadImage, Problem
from .protocol import PROTOCOL, SMALL_FRAME_BYTES, BrokenProtocol, HungUp, Link, frame_limit_bytes, values, vector

EXIT_ALONE, EXIT_PROTOCOL = 0, 76
MOST_LINES, MOST_LINE_BYTES = 512, 2000
PROGRESS_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


def depend_on_parent() -> None:
    """Has the kernel kill this process when its parent dies, and rather this than the parent when memory is short."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = os.environ.get("FARKAS_WORKER_PARENT")
    if parent is not None and parent != str(os.getppid()):
        os._exit(EXIT_ALONE)  # it died before that was set
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        pass
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


class Outbox:
    """What waits to be sent: of incumbents, bounds, progress and phases the newest, of log lines so many."""

    def __init__(self, link: Link):
        self._link = link
        self._filled = threading.Condition()
        self._slots: dict = {}
        self._lines: collections.deque = collections.deque()
        self._dropped = 0
        self._replies: collections.deque = collections.deque()
        self._number = 0
        self._progress_due = 0.0
        threading.Thread(target=self._run, daemon=True, name="farkas-writer").start()

    def begin(self, number: int) -> None:
        with self._filled:
            self._number = number

    def reply(self, message: dict) -> None:
        with self._filled:
            self._replies.append(message)
            self._filled.notify()

    def note(self, slot: str, event: dict) -> None:
        with self._filled:
            self._slots[slot] = event
            self._filled.notify()

    def log(self, line: str) -> None:
        with self._filled:
            if len(self._lines) < MOST_LINES:
                self._lines.append(line.encode()[:MOST_LINE_BYTES].decode(errors="ignore"))
            else:
                self._dropped += 1
            self._filled.notify()

    def _wait(self) -> list:
        with self._filled:
            while True:
                urgent = self._replies or self._lines or any(slot != "progress" for slot in self._slots)
                left = self._progress_due - time.monotonic()
                if urgent or ("progress" in self._slots and left <= 0):
                    break
                self._filled.wait(left if "progress" in self._slots else None)
            events = []
            if "phase" in self._slots:
                events.append({"phase": self._slots["phase"]})
            events += [{"log": {"line": line}} for line in self._lines]
            if self._dropped:
                events.append({"log_dropped": {"lines": self._dropped}})
            events += [{slot: self._slots[slot]} for slot in ("incumbent", "bound", "progress") if slot in self._slots]
            if "progress" in self._slots:
                self._progress_due = time.monotonic() + PROGRESS_SECONDS
            number, replies = self._number, list(self._replies)
            self._slots.clear()
            self._lines.clear()
            self._dropped = 0
            self._replies.clear()
        return [{"event": {"number": number, "event": event}} for event in events] + replies

    def _run(self) -> None:
        try:
            while True:
                for message in self._wait():
                    self._link.send(message)
        except HungUp:
            os._exit(EXIT_ALONE)


class Control:
    """Hears a solver. Everything returns at once, from whichever thread."""

    def __init__(self, outbox: Outbox, desk: "Desk"):
        self._outbox, self._desk = outbox, desk

    def incumbent(self, objective: float, point=None) -> None:
        sent = None if point is None else vector(point)
        self._outbox.note("incumbent", {"objective": float(objective), "values": sent})

    def bound(self, value: float) -> None:
        self._outbox.note("bound", {"value": float(value)})

    def progress(self, nodes: float = 0, iterations: float = 0) -> None:
        self._outbox.note("progress", {"nodes": int(nodes), "iterations": int(iterations)})

    def phase(self, name: str) -> None:
        self._outbox.note("phase", {"name": name})

    def log(self, text: str) -> None:
        for line in text.splitlines():
            if line.strip():
                self._outbox.log(line.rstrip())

    def offered(self):
        """A checked point from elsewhere, each once; or `None`."""
        with self._desk.lock:
            point, self._desk.offered = self._desk.offered, None
        return point


class Desk:
    """What the reader and the solver share."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0
        self.stop = Stop()
        self.columns = 0
        self.offered = None


def read(link: Link, desk: Desk, tasks: queue.SimpleQueue) -> None:
    """The reader's thread: it never waits for the solver, so it hears a stop whatever the solver does."""
    try:
        while True:
            message = link.receive()
            ((kind, body),) = message.items() if isinstance(message, dict) else (("?", None),)
            if kind == "open":
                tasks.put((kind, (link.take_descriptor(), body.get("memory_limit_bytes"))))
            elif kind in ("solve", "conflict"):
                with desk.lock:
                    desk.number, desk.stop, desk.offered = body["number"], Stop(), None
                    stop = desk.stop
                tasks.put((kind, (body, stop, Options.of_message(body["options"]))))
            elif kind == "offer":
                with desk.lock:
                    if body["number"] == desk.number:
                        desk.offered = values(body["values"], desk.columns, "offer")
            elif kind == "stop":
                with desk.lock:
                    stop = desk.stop if body["number"] == desk.number else None
                if stop is not None:
                    stop.set()
            elif kind in ("close", "apply"):
                tasks.put((kind, None))
            else:
                raise BrokenProtocol(f"'{kind}' is unknown")
    except HungUp:
        os._exit(EXIT_ALONE)
    except Exception as error:
        print(f"broken protocol: {error}", file=sys.stderr, flush=True)
        os._exit(EXIT_PROTOCOL)


def limit_memory(*limits) -> None:
    """Lets this process have so much memory of its own; RLIMIT_AS would break libraries that reserve address space."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    given = [limit for limit in limits if limit is not None]
    wanted = min(given) if given else hard
    if hard != resource.RLIM_INFINITY and (wanted == resource.RLIM_INFINITY or wanted > hard):
        wanted = hard
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def serve(adapter) -> int:
    """Serves the parent until it hangs up."""
    try:
        link = Link.of_standard_input()
    except OSError as error:
        print(
            f"This program hosts the solver {adapter.name} for `farkas`, which starts it when it is needed ({error}).",
            file=sys.stderr,
        )
        return 64
    depend_on_parent()
    desk, outbox, tasks = Desk(), Outbox(link), queue.SimpleQueue()
    can = adapter.capabilities()
    hello = {"protocol": PROTOCOL, "backend": adapter.name, "applies": False, "conflicts": can.get("iis", False)}
    outbox.reply({"hello": {**hello, "availability": adapter.probe(), "capabilities": can}})
    threading.Thread(target=read, args=(link, desk, tasks), daemon=True, name="farkas-reader").start()
    work(adapter, desk, outbox, tasks, link)
    return EXIT_ALONE


def work(adapter, desk: Desk, outbox: Outbox, tasks: queue.SimpleQueue, link: Link) -> None:
    """The solver's thread: does one task after the other."""
    problem = session = memory = None
    while True:
        kind, body = tasks.get()
        if kind == "open":
            descriptor, memory = body
            try:
                limit_memory(memory)
                problem = Problem.of_descriptor(descriptor)
                session = adapter.open(problem)
                desk.columns, link.limit = problem.n, frame_limit_bytes(problem.n, problem.m)
                reply = {"opened": {"version": session.version}}
            except Unavailable as error:
                reply = {"open_failed": {"error": {"error": "unavailable", "detail": str(error)}}}
            except Unsupported as error:
                reply = {"open_failed": {"error": {"error": "unsupported", "detail": str(error)}}}
            except (BadImage, Exception) as error:
                reply = {"open_failed": {"error": {"error": "failed", "detail": f"{type(error).__name__}: {error}"}}}
        elif kind == "solve":
            message, stop, options = body
            outbox.begin(message["number"])
            limit_memory(memory, options.memory_limit_bytes)
            reply = solve(adapter, session, problem, message, options, Control(outbox, desk), stop)
            limit_memory(memory)
        elif kind == "conflict":
            message, stop, options = body
            limit_memory(memory, options.memory_limit_bytes)
            reply = conflict(adapter, session, problem, message["number"], options, stop)
            limit_memory(memory)
        elif kind == "apply":
            says = "a sidecar opens the changed problem anew"
            reply = {"apply_failed": {"error": {"error": "refused", "detail": says}}}
        else:
            problem = session = memory = None
            link.limit = SMALL_FRAME_BYTES
            limit_memory()
            reply = {"closed": {}}
        outbox.reply(reply)


def solve(adapter, session, problem, message: dict, options: Options, control: Control, stop: Stop) -> dict:
    def claim() -> dict:
        point = message.get("point")
        try:
            point = None if point is None else values(point, problem.n, "start point")
        except ValueError as error:
            raise Refused(str(error)) from error
        basis = message.get("basis")
        if basis is not None:
            basis = tuple(np.frombuffer(basis[part], dtype=np.uint8) for part in ("columns", "rows"))
            if (len(basis[0]), len(basis[1])) != (problem.n, problem.m):
                raise Refused(f"a basis of {len(basis[0])} columns and {len(basis[1])} rows")
        claim = session.solve(options, point, basis, control, stop)
        return {"claim": claim.within_cutoff(options, problem.maximize).message()}

    return answer(adapter, session, "claim", message["number"], options, stop, claim)


def conflict(adapter, session, problem, number: int, options: Options, stop: Stop) -> dict:
    def members() -> dict:
        if not adapter.capabilities().get("iis"):
            raise Refused(f"{adapter.name} looks for no conflicts")
        is_over = stop.is_set() or options.seconds_left() == 0
        found = Conflict.none(problem) if is_over else Conflict.plain(problem) or session.conflict(options, stop)
        return {"members": found.message(problem)}

    return answer(adapter, session, "members", number, options, stop, members)


def answer(adapter, session, kind: str, number: int, options: Options, stop: Stop, ask) -> dict:
    """What comes of asking a session, or how it failed."""
    failed = lambda error, detail: {"failed": {"number": number, "error": {"error": error, "detail": detail}}}
    if session is None:
        return failed("refused", "no problem is open")
    try:
        options.check(adapter.name, adapter.capabilities())
        return {kind: {"number": number, **ask()}}
    except Refused as error:
        return failed("refused", str(error))
    except MemoryError:
        return failed("broken", f"{adapter.name}: out of memory")
    except Exception as error:
        traceback.print_exc()
        # Libraries have errors of their own for it: COPT's is "1, (MEMORY) Fail to add a variable".
        what = "out of memory" if "memory" in str(error).lower() else type(error).__name__
        return failed("broken", f"{adapter.name}: {what}: {error}")
    finally:
        stop.wake(None)
