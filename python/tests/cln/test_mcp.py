"""The tools for assistants: a real client session, real HTTPS, real plugins behind it."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import anyio
import mcp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mcp.client.stdio import StdioServerParameters
from support.lightningd import Refused

from trimtab.cln import mcp as tools
from trimtab.cln import mcp_nodes
from trimtab.cln.node import NodeError, NodeSilentError, NodeUnreachableError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.lightningd import TestNode
    from support.process import PluginProcess

RUNE = "the-rune-is-a-secret=="
PEER = "03" + "aa" * 32
TOOLS: dict[str, dict[str, Any]] = {
    "hive_member_health": {},
    "hive_liquidity_intelligence": {},
    "hive_splice_check": {"peer_id": PEER, "splice_type": "splice_out", "amount_sats": 1000},
    "hive_splice_recommendations": {"peer_id": PEER},
    "policy_advise": {},
    "policy_explain": {"subject": PEER},
}


def certificates(folder: Path, name: str) -> tuple[Path, Path]:
    """An authority, and a certificate of it for 127.0.0.1, with its key in one file."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def made(
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        signer: ec.EllipticCurvePrivateKey,
    ) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        authority = x509.BasicConstraints(ca=subject == issuer, path_length=None)
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(here, critical=False)
            .add_extension(authority, critical=True)
            .sign(signer, hashes.SHA256())
        )

    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    pem = serialization.Encoding.PEM
    root, leaf = folder / f"{name}-ca.pem", folder / f"{name}-server.pem"
    root.write_bytes(made(f"{name} ca", authority, f"{name} ca", authority).public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    leaf.write_bytes(made(name, key, f"{name} ca", authority).public_bytes(pem) + private)
    return root, leaf


class Rest:
    """As clnrest: POST /v1/COMMAND with a rune, answered by a recorded node."""

    def __init__(self, node: TestNode, leaf: Path) -> None:
        self.redirect: str | None = None
        self.status = 307
        self.body: bytes | None = None
        self.drip_s = 0.0
        self.runes: list[str | None] = []
        rest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                params = json.loads(self.rfile.read(length) or b"{}")
                rest.runes.append(self.headers.get("Rune"))
                if rest.redirect is not None:
                    self.send_response(rest.status)
                    self.send_header("Location", rest.redirect)
                    self.end_headers()
                    return
                status, answer = rest.answer(node, self.path, self.headers.get("Rune"), params)
                body = json.dumps(answer).encode() if rest.body is None else rest.body
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for start in range(0, len(body), 1 if rest.drip_s else len(body)):
                    self.wfile.write(body[start : start + 1] if rest.drip_s else body)
                    time.sleep(rest.drip_s)

            def do_GET(self) -> None:
                rest.runes.append(self.headers.get("Rune"))
                self.send_error(404)

            def log_message(self, *_args: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"

    @staticmethod
    def answer(
        node: TestNode, path: str, rune: str | None, params: dict[str, Any]
    ) -> tuple[int, Any]:
        if rune != RUNE:
            return 401, {"code": 1501, "message": "Not permitted: not derived from master"}
        try:
            return 201, node.answer(path.removeprefix("/v1/"), params)
        except Refused as error:
            return 500, {"code": error.code, "message": error.message}


@pytest.fixture
def rest(node: TestNode, tmp_path: Path) -> Iterator[Rest]:
    root, leaf = certificates(tmp_path, "clnrest")
    served = Rest(node, leaf)
    config = {
        "mode": "rest",
        "nodes": [
            {"name": "alice", "rest_url": served.url, "rune": RUNE, "ca_cert": root.name},
            {"name": "bob", "rpc_socket": str(node.path)},
        ],
    }
    (tmp_path / "nodes.json").write_text(json.dumps(config))
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def offered(node: TestNode, plugins: Callable[..., PluginProcess]) -> TestNode:
    """A node in which both plugins run."""
    for program in ("trimtab-cln", "trimtab-hive"):
        process = plugins(program)
        for one in process.manifest()["rpcmethods"]:
            node.overrides[one["name"]] = partial(process.ask, one["name"])
        assert process.init(node) is None
    until = time.monotonic() + 20
    while "error" in node.answer("hive-member-health", {}):
        assert time.monotonic() < until
        time.sleep(0.1)
    return node


def session(tmp_path: Path, *calls: tuple[str, dict[str, Any]]) -> tuple[Any, list[Any]]:
    """A client speaks with the program over stdio; its tools, and what the calls gave."""
    program = StdioServerParameters(
        command=sys.executable,
        args=["-m", "trimtab.cln.mcp"],
        env={"HIVE_NODES_CONFIG": str(tmp_path / "nodes.json")},
    )

    async def speak() -> tuple[Any, list[Any]]:
        async with mcp.Client(program) as client:
            listed = (await client.list_tools()).tools
            return listed, [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(speak)


def in_process(node: Any, name: str, given: dict[str, Any]) -> Any:
    async def speak() -> Any:
        async with mcp.Client(tools.server({"alice": node})) as client:
            return await client.call_tool(name, given)

    return anyio.run(speak)


def text(result: Any) -> str:
    return " ".join(one.text for one in result.content)


class Answers:
    """A node that gives one answer to everything."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[tuple[str, Any]] = []

    def call(self, method: str, params: Any) -> Any:
        self.calls.append((method, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


# --- the whole way ---


@pytest.mark.parametrize("name", ["alice", "bob"], ids=["rest", "socket"])
def test_a_client_gets_typed_answers_of_real_plugins(
    name: str, rest: Rest, offered: TestNode, tmp_path: Path
) -> None:
    calls = [(tool, {"node": name, **given}) for tool, given in TOOLS.items()]
    calls[3] = ("hive_splice_recommendations", {"node": name, "peer_id": PEER})
    calls.append(("hive_member_health", {"node": name, "member_id": "all"}))
    calls.append(("hive_liquidity_intelligence", {"node": name, "action": "needs"}))
    listed, results = session(tmp_path, *calls)
    assert {one.name for one in listed} == set(TOOLS)
    for call, result in zip(calls, results):
        if call[0] == "policy_explain":  # The recorded node has no such peer.
            assert result.is_error
            continue
        assert not result.is_error, (call, text(result))
    health = results[0].structured_content
    expected = offered.answer("hive-member-health", {})
    for field in ("member_id", "health_score", "health_tier", "capacity_sats"):
        assert health[field] == expected[field]
    assert results[2].structured_content["safety"] in ("unchecked", "blocked")
    assert results[4].structured_content["rebalances"]
    assert results[4].structured_content["rebalances"][0]["reasons"][0]["says"]
    assert results[6].structured_content["members"] == []
    assert results[7].structured_content["fleet_needs"] == []
    assert bool(rest.runes) == (name == "alice")
    assert set(rest.runes) <= {RUNE}


def test_every_tool_says_that_it_only_reads(rest: Rest, tmp_path: Path) -> None:
    assert rest.url
    listed, _ = session(tmp_path)
    for one in listed:
        assert one.annotations.read_only_hint is True
        assert one.annotations.destructive_hint is False
        assert one.description
        assert one.output_schema["properties"]
    assert not [one for one in mcp_nodes.ASKED if "report" in one or "policy" in one]


def test_a_channel_is_explained(offered: TestNode, rest: Rest, tmp_path: Path) -> None:
    assert rest.url
    channel = offered.answers("listpeerchannels")["channels"][0]["short_channel_id"]
    _, (result,) = session(tmp_path, ("policy_explain", {"node": "alice", "subject": channel}))
    assert not result.is_error, text(result)
    (explained,) = result.structured_content["channels"]
    assert explained["short_channel_id"] == channel


# --- refusals, each with words ---


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (UnknownCommandError("x", -32601, "unknown"), "start trimtab-"),
        (NodeUnreachableError("x", None, "it is down"), "it is down"),
        (
            {"error": "no_snapshot", "field": "", "expected": "a node"},
            "no_snapshot, expected a node",
        ),
        ({"reasons": "none"}, "unexpected form at reasons"),
    ],
    ids=["unknown", "down", "refused", "malformed"],
)
def test_every_failure_reaches_the_client_in_words(tool: str, answer: Any, says: str) -> None:
    result = in_process(Answers(answer), tool, TOOLS[tool])
    assert result.is_error
    assert says in text(result)


def test_what_a_newer_plugin_adds_is_passed_on() -> None:
    result = in_process(Answers({"reasons": [], "tomorrow": 1}), "hive_member_health", {})
    assert result.structured_content == {"reasons": [], "tomorrow": 1}


def test_a_parameter_that_was_not_given_is_not_sent() -> None:
    node = Answers({})
    in_process(node, "hive_splice_check", TOOLS["hive_splice_check"])
    assert node.calls == [("hive-splice-check", TOOLS["hive_splice_check"])]


@pytest.mark.parametrize("given", [{"node": "carol"}, {"node": ""}])
def test_an_unknown_node_is_answered_with_those_that_there_are(given: dict[str, Any]) -> None:
    result = in_process(Answers({}), "policy_advise", given)
    assert result.is_error
    assert "alice" in text(result)


def test_nothing_but_reading_is_ever_asked(rest: Rest, tmp_path: Path) -> None:
    nodes = mcp_nodes.nodes_of(tmp_path / "nodes.json", [])
    assert rest.url
    for method in ("pay", "hive-report-health", "trimtab-policy", "getinfo"):
        for node in nodes.values():
            with pytest.raises(NodeError, match="not on the list"):
                node.call(method)
    assert not rest.runes


# --- REST ---


def over_rest(rest: Rest, tmp_path: Path, *, rune: str = RUNE, ca: str = "clnrest-ca.pem") -> Any:
    return mcp_nodes.rest_transport(rest.url, rune, tmp_path / ca)


def test_a_certificate_of_somebody_else_gets_no_rune(rest: Rest, tmp_path: Path) -> None:
    certificates(tmp_path, "other")
    with pytest.raises(NodeUnreachableError):
        over_rest(rest, tmp_path, ca="other-ca.pem")("trimtab-advise", {}, 5.0)
    assert rest.runes == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, rest: Rest, tmp_path: Path) -> None:
    rest.redirect, rest.status = f"{rest.url}/v1/elsewhere", status
    with pytest.raises(NodeError, match=str(status)):
        over_rest(rest, tmp_path)("trimtab-advise", {}, 5.0)
    assert len(rest.runes) == 1


def test_a_wrong_rune_is_told_without_telling_it(rest: Rest, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="Not permitted") as caught:
        over_rest(rest, tmp_path, rune="wrong-rune")("trimtab-advise", {}, 5.0)
    assert "wrong-rune" not in str(caught.value)


def test_an_unknown_command_is_known_as_one(rest: Rest, tmp_path: Path) -> None:
    with pytest.raises(UnknownCommandError):
        over_rest(rest, tmp_path)("trimtab-advise", {}, 5.0)


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_refused(body: bytes, rest: Rest, tmp_path: Path) -> None:
    rest.body = body or b" "
    with pytest.raises(NodeError):
        over_rest(rest, tmp_path)("getinfo", {}, 5.0)


def test_an_answer_that_drips_is_ended(rest: Rest, tmp_path: Path) -> None:
    rest.body, rest.drip_s = b" " * 200, 0.05
    began = time.monotonic()
    with pytest.raises(NodeSilentError):
        over_rest(rest, tmp_path)("getinfo", {}, 0.5)
    assert time.monotonic() - began < 5


def test_a_node_that_is_gone_is_unreachable(rest: Rest, tmp_path: Path) -> None:
    ask = over_rest(rest, tmp_path)
    rest.server.shutdown()
    rest.server.server_close()
    with pytest.raises(NodeUnreachableError):
        ask("getinfo", {}, 2.0)


# --- configuration ---


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"name": "a", "rest_url": "http://127.0.0.1", "rune": "r"}, "https://"),
        ({"name": "a", "rest_url": "https://127.0.0.1"}, "rune is missing"),
        ({"name": "a", "docker_container": "cln"}, "containers are not entered"),
        ({"rest_url": "https://127.0.0.1", "rune": "r"}, "a name is expected"),
        ({"name": "a", "rest_url": "https://x", "rune": "r", "ca_cert": "none.pem"}, "none.pem"),
        ("a", "a name is expected"),
    ],
)
def test_a_node_that_can_not_be_asked_is_told(
    entry: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "nodes.json").write_text(json.dumps({"nodes": [entry]}))
    monkeypatch.setenv("HIVE_NODES_CONFIG", str(tmp_path / "nodes.json"))
    assert tools.main([]) == 2
    assert says in capsys.readouterr().err


def test_without_a_node_the_program_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("HIVE_NODES_CONFIG", raising=False)
    assert tools.main([]) == 2
    assert "HIVE_NODES_CONFIG" in capsys.readouterr().err


@pytest.mark.parametrize(("missing", "extra"), [("mcp", "trimtab[mcp]"), ("pyln", "trimtab[cln]")])
def test_an_extra_that_is_missing_is_named(missing: str, extra: str) -> None:
    script = (
        f"import sys; sys.modules['{missing}'] = None; sys.argv[1:] = ['--rpc', '/nowhere/rpc'];"
        " from trimtab.cln.mcp_start import main; sys.exit(main())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert extra in ran.stderr
    assert "Traceback" not in ran.stderr


def test_rest_needs_no_client_of_lightningd(rest: Rest, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['pyln'] = None; import trimtab.cln.mcp;"
        " from trimtab.cln.mcp_nodes import rest_transport; from pathlib import Path;"
        " print(rest_transport(*sys.argv[1:3], Path(sys.argv[3]))('getinfo', {}, 5.0)['id'])"
    )
    command = [sys.executable, "-c", script, rest.url, RUNE, str(tmp_path / "clnrest-ca.pem")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(ran.stdout.strip()) == 66


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(mcp_nodes.NodesError, match="two nodes"):
        mcp_nodes.nodes_of(None, ["a=/x/rpc", "a=/y/rpc"])
