"""Frames on a socket, as docs/worker-protocol.md of Farkas has them: a little-endian u32, the length of what follows,
and one MessagePack message. A vector is a byte string of little-endian f64."""

from __future__ import annotations

import array
import os
import socket
import stat
import struct

import msgpack
import numpy as np

PROTOCOL = 2
SMALL_FRAME_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16


class BrokenProtocol(Exception):
    """The other side said what it may not say."""


class HungUp(Exception):
    """The other side is gone."""


def frame_limit_bytes(columns: int, rows: int) -> int:
    """The longest frame about a problem of n columns and m rows."""
    return min(SMALL_FRAME_BYTES + 64 * (columns + rows), 0xFFFF_FFFF)


def vector(values) -> bytes:
    """A vector as it travels."""
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def values(data: bytes, length: int, what: str) -> np.ndarray:
    """A vector that came, where it has the length that it must have."""
    if not isinstance(data, bytes) or len(data) != 8 * length:
        raise ValueError(f"{what}: {len(data) // 8} values where {length} are needed")
    return np.frombuffer(data, dtype="<f8")


class Link:
    """One end of the socket. `receive` is for one thread, `send` for one other."""

    def __init__(self, end: socket.socket):
        self.end = end
        self.limit = SMALL_FRAME_BYTES
        self._bytes = bytearray()
        self._descriptors: list[int] = []

    @classmethod
    def of_standard_input(cls) -> "Link":
        """Takes the socket from descriptor 0, and leaves /dev/null there for whoever reads from it."""
        if not stat.S_ISSOCK(os.fstat(0).st_mode):
            raise OSError("its descriptor 0 is no socket")
        end = socket.socket(fileno=os.dup(0))
        end.setblocking(True)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return cls(end)

    def send(self, message: dict) -> None:
        body = msgpack.packb(message, use_bin_type=True)
        try:
            self.end.sendall(struct.pack("<I", len(body)) + body)
        except OSError as error:
            raise HungUp from error

    def receive(self):
        """The next message."""
        while True:
            if len(self._bytes) >= 4:
                (length,) = struct.unpack_from("<I", self._bytes)
                if length > self.limit:
                    raise BrokenProtocol(f"a frame of {length} bytes; at most {self.limit} are taken")
                if len(self._bytes) >= 4 + length:
                    body = bytes(self._bytes[4 : 4 + length])
                    del self._bytes[: 4 + length]
                    try:
                        return msgpack.unpackb(body, raw=False, strict_map_key=False)
                    except Exception as error:
                        raise BrokenProtocol(f"a frame that is no message: {error}") from error
            self._read()

    def _read(self) -> None:
        room = socket.CMSG_SPACE(array.array("i").itemsize)
        try:
            data, control, _, _ = self.end.recvmsg(CHUNK_BYTES, room, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
        except ConnectionError as error:
            raise HungUp from error
        if not data:
            raise HungUp
        for level, kind, payload in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors = array.array("i")
                descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
                self._descriptors.extend(descriptors)
        self._bytes += data

    def take_descriptor(self) -> int:
        """The descriptor that came with the message before; whoever takes it closes it."""
        if not self._descriptors:
            raise BrokenProtocol("open without an image")
        for extra in self._descriptors[:-1]:
            os.close(extra)
        taken = self._descriptors[-1]
        self._descriptors.clear()
        return taken
