"""Records a session of a fleet of three nodes: `python session.py` writes `docs/fleet-session.md`.

Real are the programs, which run as lightningd runs them, their stores, their messages and every
signature. The answers of lightningd are recorded ones of five real nodes, and what carries the
messages is the test network in place of lightningd.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from support import fleet as fleets
from support.lightningd import TestNode
from support.process import PluginProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fleet import Fleet

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "fleet-session.md"

HEAD = """# A session of a fleet

Three nodes, `l1`, `l2` and `l3`, are a fleet; `l4` and `l5` are peers outside of it. In each node
run `trimtab-cln` and `trimtab-hive`.

`make session` recorded this page, and a test records it again and compares.

Real are

- the six processes of the two programs, spoken to as lightningd speaks to a plugin;
- every message between the members: made, signed (secp256k1), carried, verified and stored;
- the sockets, the stores (SQLite) and the policy that decides.

Not real are

- lightningd: its answers were recorded on five Core Lightning nodes (v26.06.6, regtest), and their
  times are moved to the present;
- the wire: a test network hands a message from one node's socket to the other node's plugin;
- `lightning-cli`: the commands went to the plugins directly.

Where `lightningd` and `bitcoind` are at hand, `make real-nodes` asks the same of real nodes (tried
with v24.11.1 and v26.06.6), where nothing stands in for anything.

In place of a node's id stands `<l1>`, in place of a time or an age `<time>`, so that two sessions
can be compared. What `jq` shows is all that the page shows; the answers say more.
"""


@dataclass
class Asked:
    """A command at a node, and what of its answer is shown."""

    node: str
    words: list[Any]
    at: str = ""
    """The part of the answer, such as `.fees[]`."""
    where: dict[str, str] = field(default_factory=dict)
    """Only entries with these values."""
    fields: tuple[str, ...] = ()
    """The fields of each; all without."""

    def shell(self, ids: dict[str, str]) -> str:
        """The line that an operator types."""
        line = f"{self.node}$ lightning-cli"
        named = isinstance(self.words[1], dict) if len(self.words) > 1 else False
        if named:
            words = [f"{name}={value}" for name, value in self.words[1].items()]
            line += f" -k {self.words[0]} {' '.join(words)}"
        else:
            words = [one if isinstance(one, str) else json.dumps(one) for one in self.words]
            line += " " + " ".join(f"'{one}'" if '"' in one else one for one in words)
        steps = [self.at] if self.at else []
        steps += [f'select(.{name} == "{value}")' for name, value in self.where.items()]
        if self.fields:
            steps.append("{" + ", ".join(self.fields) + "}")
        if steps:
            line += f" | jq '{' | '.join(steps)}'"
        return without_ids(line, ids)

    def of(self, reply: Any) -> Any:
        """What is shown of the reply."""
        found = [reply]
        for step in self.at.strip(".").split(".") if self.at else []:
            name, _, many = step.partition("[]")
            found = [one[name] for one in found]
            if many or step.endswith("[]"):
                found = [each for one in found for each in one]
        found = [one for one in found if all(one.get(name) == v for name, v in self.where.items())]
        if self.fields:
            found = [{name: one.get(name) for name in self.fields} for one in found]
        return found


def without_ids(text: str, ids: dict[str, str]) -> str:
    """The text with the names of the nodes in place of their ids."""
    for name, node_id in ids.items():
        text = text.replace(node_id, f"<{name}>")
    return text


def normal(text: str, ids: dict[str, str]) -> str:
    """What is the same in every session."""
    text = without_ids(text, ids)
    text = re.sub(r'("(?:age_s|until|last_updated|at)": )\d+', r'\1"<time>"', text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>", text)
    return re.sub(r"\b1[789]\d{8}\b", "<time>", text)


class Recorder:
    """Asks, waits for the answer that the next step needs, and writes down."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.lines: list[str] = [HEAD]

    def say(self, *lines: str) -> None:
        """A paragraph."""
        self.lines += [*lines, ""]

    def ask(self, asked: Asked, until: Callable[[Any], bool] = lambda _reply: True) -> Any:
        """One command; asked again until its answer is what the fleet comes to."""
        member = self.fleet[asked.node]
        process = member.plan if asked.words[0].startswith("hive-") else member.ours
        params = asked.words[1] if isinstance(asked.words[-1], dict) else asked.words[1:]

        def answered() -> list[Any] | None:
            reply = process.ask(asked.words[0], params)
            return [reply] if "error" not in reply and until(reply) else None

        (reply,) = self.fleet.until(answered)
        ids = self.fleet.ids
        shown = "\n".join(json.dumps(one, indent=2, ensure_ascii=False) for one in asked.of(reply))
        self.lines += ["```", asked.shell(ids), normal(shown, ids), "```", ""]
        return reply

    def text(self) -> str:
        """The page."""
        return "\n".join(self.lines).rstrip() + "\n"


def record(make_node: Callable[..., TestNode], start_plugin: Callable[..., PluginProcess]) -> str:
    """Run the session and return its page."""
    fleet = fleets.start(make_node, start_plugin, cut=[("l1", "l2"), ("l1", "l3")])
    page, ids = Recorder(fleet), fleet.ids
    page.say(
        "## A splice-out that has to wait",
        "",
        "`l1` is not connected to the others yet, and wants to take 2,000,000 sat out of its"
        " channel with `l5`.",
    )
    splice: list[Any] = ["hive-splice-check", ids["l5"], "splice_out", 2_000_000]
    shown = ("safety", "can_proceed", "other_member_capacity", "reason", "recommendation")
    page.ask(Asked("l1", splice, fields=shown))
    page.say("Nobody else is known to hold capacity there. Now `l1` reaches the others.")
    fleet.connect_all()
    page.ask(
        Asked("l1", splice, fields=shown),
        lambda reply: reply["other_member_capacity"] == 12_000_000,
    )
    fleet.acquainted()
    page.say(
        "## Who is there",
        "",
        "A member tells counts, never a score: the score is what `l3` makes of them.",
    )
    page.ask(
        Asked("l3", ["trimtab-members"], ".members[]", {}, ("alias", "score", "tier", "counted")),
        lambda reply: all(one["counted"] for one in reply["members"]),
    )
    page.say(
        "## A depleted channel of one member lowers the fee of another",
        "",
        "`l1` has nearly nothing left on its side of the channel with `l4`.",
    )
    need = ("need_type", "severity", "local_pct", "capacity_sats", "tier", "our_relevance")
    page.ask(
        Asked(
            "l3",
            ["hive-liquidity-state", "needs"],
            ".fleet_needs[]",
            {"member_id": ids["l1"], "peer_id": ids["l4"]},
            need,
        )
    )
    page.say("The operator of `l3` says which fee is right without the fleet. The advice follows.")
    page.ask(
        Asked("l3", ["trimtab-policy", {"subject": ids["l4"], "intended_ppm": 250}], ".decisions[]")
    )
    page.ask(
        Asked(
            "l3",
            ["trimtab-advise"],
            ".fees[]",
            {"peer_id": ids["l4"]},
            ("base_ppm", "fee_ppm", "step"),
        ),
        lambda reply: any(one.get("fee_ppm") for one in reply["fees"]),
    )
    page.say("## Two rebalances through one peer", "", "`l1` begins; `l3` is told to wait.")
    page.ask(Asked("l1", ["hive-update-rebalancing-activity", True, [ids["l4"]]]))
    page.ask(
        Asked(
            "l3",
            ["hive-check-rebalance-conflict", ids["l4"]],
            fields=("conflict", "recommendation", "member_id", "reason"),
        ),
        lambda reply: bool(reply["conflict"]),
    )
    page.say(
        "## Why nothing is rebalanced here",
        "",
        "The most asked question. Of every channel the advice says what decided, and what would"
        " change it.",
    )
    advice = fleet["l1"].ours.ask("trimtab-advise")
    channel = advice["rebalances"][0]["short_channel_id"]
    why = Asked(
        "l1",
        ["trimtab-explain", channel],
        ".channels[].advice.reasons[]",
        {},
        ("binding", "code", "observed", "limit", "unit", "flip", "says"),
    )
    page.ask(why)
    page.say(
        "The channel is too young: that decided (`binding`), and it ends by itself after 7 days"
        " (`flip`)."
    )
    return page.text()


def main() -> None:
    """Record, and write the page."""
    nodes: list[TestNode] = []
    processes: list[PluginProcess] = []

    with tempfile.TemporaryDirectory() as place:

        def node(name: str, **more: Any) -> TestNode:
            nodes.append(TestNode(Path(place) / name, fleets.PLAIN, name, **more).start())
            return nodes[-1]

        def plugin(program: str) -> PluginProcess:
            processes.append(PluginProcess(program))
            return processes[-1]

        try:
            PAGE.write_text(record(node, plugin), encoding="utf-8")
        finally:
            for process in processes:
                process.end()
            for one in nodes:
                one.stop()


if __name__ == "__main__":
    main()
