"""A plugin process, spoken to over stdin and stdout as lightningd does."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .lightningd import TestNode

BIN = Path(sys.executable).parent


class PluginProcess:
    """A started program; its requests and answers are those of the real protocol."""

    def __init__(
        self, program: str, *, version: str = "v26.06.6", prepare: Callable[[], None] | None = None
    ) -> None:
        env = {
            **os.environ,
            "LIGHTNINGD_PLUGIN": "1",
            "LIGHTNINGD_VERSION": version,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        self._process = subprocess.Popen(
            [str(BIN / program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            preexec_fn=prepare,
        )
        self._numbers = itertools.count(1)
        self._waiting: dict[str, queue.Queue[dict[str, Any]]] = {}
        self.logs: list[tuple[str, str]] = []
        self.written: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        self._node: TestNode | None = None

    # --- the protocol ---

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        partial = b""
        for line in stdout:
            partial += line
            if not partial.endswith(b"\n\n"):
                continue
            message, partial = json.loads(partial), b""
            self.written.append(message)
            if message.get("method") == "log":
                self.logs.append((message["params"]["level"], message["params"]["message"]))
            elif message.get("id") in self._waiting:
                self._waiting[message["id"]].put(message)

    def write(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n\n"
        stdin = self._process.stdin
        assert stdin is not None
        with self._lock:
            stdin.write(data)
            stdin.flush()

    def ask(
        self, method: str, params: Any = None, *, timeout: float = 30.0, id_: str | None = None
    ) -> Any:
        """Send a request and return its result; an error of the protocol fails the test."""
        number = id_ or f"cln:{method}#{next(self._numbers)}"
        self._waiting[number] = queue.Queue()
        self.write({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})
        try:
            answer = self._waiting[number].get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(
                f"{method}: no answer within {timeout} s; {self.logs[-5:]}"
            ) from None
        assert "error" not in answer, answer
        return answer["result"]

    def tell(self, topic: str, params: dict[str, Any]) -> None:
        self.write({"jsonrpc": "2.0", "method": topic, "params": {topic: params}})

    # --- a life ---

    def manifest(self) -> dict[str, Any]:
        return self.ask("getmanifest", {"allow-deprecated-apis": False})

    def init(
        self, node: TestNode, options: dict[str, Any] | None = None, *, startup: bool = True
    ) -> Any:
        self._node = node
        node.hear.append(self.deliver)
        return self.ask(
            "init",
            {
                "options": options or {},
                "configuration": {
                    "lightning-dir": str(node.directory),
                    "rpc-file": node.path.name,
                    "startup": startup,
                    "network": "regtest",
                    "feature_set": {"init": "", "node": "", "channel": "", "invoice": ""},
                },
            },
        )

    def deliver(self, sender: str, data: str) -> None:
        """A custom message arrived at the node: it asks the plugin's hook."""
        if self.alive:
            with contextlib.suppress(OSError):
                self.write(
                    {
                        "jsonrpc": "2.0",
                        "id": f"cln:custommsg#{next(self._numbers)}",
                        "method": "custommsg",
                        "params": {"peer_id": sender, "payload": data},
                    }
                )

    def wait_for(self, what: Callable[[], Any], timeout: float = 20.0) -> Any:
        """Until `what` gives something."""
        until = time.monotonic() + timeout
        while True:
            found = what()
            if found:
                return found
            assert self.alive, self.crash()
            assert time.monotonic() < until, (what, self.logs[-10:])
            time.sleep(0.05)

    def ready(self, *, command: str = "trimtab-status") -> None:
        """Until the node was looked at."""
        self.wait_for(lambda: self.ask(command).get("ages_s", {}).get("snapshot") is not None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def crash(self) -> str:
        stderr = self._process.stderr
        assert stderr is not None
        return stderr.read().decode() if not self.alive else "alive"

    def kill(self) -> None:
        """As a power cut would end it."""
        self._process.send_signal(signal.SIGKILL)
        self._gone()

    def shutdown(self, timeout: float = 30.0) -> int:
        """As lightningd ends a plugin."""
        self.tell("shutdown", {})
        code = self._process.wait(timeout)
        self._gone()
        return code

    def close_stdin(self, timeout: float = 30.0) -> int:
        """As a lightningd that died."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        code = self._process.wait(timeout)
        self._gone()
        return code

    def _gone(self) -> None:
        self._process.wait(30)
        if self._node is not None and self.deliver in self._node.hear:
            self._node.hear.remove(self.deliver)

    def end(self) -> None:
        if self.alive:
            self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
