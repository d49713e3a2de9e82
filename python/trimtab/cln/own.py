"""Our own commands: what is worth doing, why nothing is done, and how everything stands."""

from __future__ import annotations

import contextlib
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab.cln.plan import PlanCommands
from trimtab.cln.replies import Refusal, spoken

if TYPE_CHECKING:
    from trimtab.cln.gossip import Counters

__all__ = ["OwnCommands"]


class OwnCommands(PlanCommands):
    """What `trimtab-…` answers."""

    def status(self) -> dict[str, Any]:
        """What runs, how old everything is, and what is left out."""
        now = self.now()
        ages: dict[str, int | None] = {}
        for name in ("node", "snapshot", "health", "connected", "local:health", "local:liquidity"):
            kept = self.store.kept(name)
            ages[name] = None if kept is None else now - kept.at
        for name in self.store.kept_names("sent:"):
            kept = self.store.kept(name)
            ages[name] = None if kept is None else now - kept.at
        node = self.store.kept("node")
        snapshot = self.fleet.seen()
        left_out: dict[str, int] = {}
        if snapshot is not None:
            codes = Counter(
                one["code"] for one in snapshot.body["reasons"] if one["effect"] != "allow"
            )
            left_out = dict(sorted(codes.items()))
            left_out["quarantined"] = len(snapshot.body.get("quarantined", []))
        return {
            "version": trimtab.__version__,
            "module": _module_digest(),
            "config": self.policy.digest,
            "profile": self.policy.profile,
            "config_warnings": self._config_warnings(),
            "node": node.body if node else None,
            "leads": self._leads,
            "reachable": self._unreachable_since is None,
            "unreachable_since": self._unreachable_since,
            "ages_s": ages,
            "members": len(self.fleet.members()),
            "gossip": self.courier.counters.told(),
            "mail_lost": self._lost_mail,
            "left_out": left_out,
            "not_answered": dict(sorted(self._missing.items())),
            "trouble": dict(sorted(self._trouble.items())),
            "policy_file": self.operator.trouble,
            "history": self.store.history_sizes(),
            "log": self.decisions.told(),
            "store": str(self.store.path),
        }

    def _config_warnings(self) -> list[dict[str, Any]]:
        """What is odd in the config because of what the operator changed in it."""
        profile = trimtab.Policy(self.policy.profile)
        without = profile.call("config.lint", {})["reasons"]
        lint = self.policy.call("config.lint", {})
        return [
            one
            for one, bare in zip(spoken(self.policy, lint), lint["reasons"])
            if bare not in without
        ]

    def health(self) -> dict[str, Any]:
        """Our health, each part of it, and how far the next tier is."""
        now = self.now()
        envelope = self._assess(now)
        reply = {
            **envelope["decision"],
            "member_id": self.fleet.our_id,
            "last_updated": self._counted_at(now),
            "channels": self._judged(),
            "reasons": spoken(self.policy, envelope),
        }
        other = self._other_program()
        if other is not None:
            reply["other_program"] = other
        return reply

    def _judged(self) -> list[dict[str, Any]]:
        kept = self.fleet.seen()
        if kept is None:
            return []
        decision = kept.body["decision"]
        names = {
            one["channel_id"]: one.get("short_channel_id") for one in decision["us"]["channels"]
        }
        return [
            {
                **one["books"],
                **one["profit"],
                "short_channel_id": names.get(one["books"].get("channel_id")),
            }
            for one in decision["profits"]
        ]

    def _other_program(self) -> dict[str, Any] | None:
        """How cl-revenue-ops judges the same channels, and where it disagrees with us."""
        kept = self.store.kept("revenue_summary")
        if kept is None:
            return None
        theirs = _classes(kept.body.get("channels"))
        differing = []
        for one in self._judged():
            said = theirs.get(str(one.get("short_channel_id"))) or theirs.get(
                str(one.get("channel_id"))
            )
            if said is not None and _SAME_WORD.get(said, said) != one["class"]:
                differing.append(
                    {
                        "channel_id": one.get("channel_id"),
                        "short_channel_id": one.get("short_channel_id"),
                        "ours": one["class"],
                        "theirs": said,
                    }
                )
        return {
            "name": "cl-revenue-ops",
            "at": kept.at,
            "classes": dict(sorted(Counter(theirs.values()).items())),
            "disagreements": differing,
        }

    def advise(self, first: int | None = None) -> dict[str, Any]:
        """What is worth doing now, ranked, each with its reasons and what would change it."""
        envelope = self._advice(self.now(), first=first)
        at, _ = self.fleet.snapshot()
        # What may be done stands first: an operator reads from the top.
        decision = envelope["decision"]
        first_of_all = {name: decision[name] for name in ("rebalances", "fees", "new_channels")}
        reply = {**first_of_all, **decision, "last_updated": at}
        names = self._short_names()
        for one in reply["rebalances"]:
            how = _how(one, names)
            if how is not None:
                one["how"] = how
        return self._worded(reply, envelope)

    def explain(self, subject: str, first: int | None = None) -> dict[str, Any]:
        """Why nothing, or something, is advised about a channel or a peer."""
        now = self.now()
        given: dict[str, Any] = {"asked": self._advice_input(now), "subject": subject}
        if first is not None:
            given["first"] = first
        envelope = self.policy.call("fleet.explain", given)
        at, _ = self.fleet.snapshot()
        channels = [one["channel_id"] for one in envelope["decision"]["channels"]]
        past = [
            {"at": one.at, **one.body}
            for channel in channels
            for one in self.store.history("decision", channel, most=10)
        ]
        reply = {**envelope["decision"], "history": past, "last_updated": at}
        return self._worded(reply, envelope)

    def _worded(self, reply: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
        """Put its sentence to every reason, wherever it stands."""
        reply["reasons"] = envelope["reasons"]
        reply["policy"] = envelope["policy"]
        if envelope.get("quarantined"):
            reply["quarantined"] = envelope["quarantined"]
        found: list[dict[str, Any]] = []
        _collect_reasons(reply, found)
        given = self.policy.call("policy.explain", {"reasons": found, "view": "operator"})
        for reason, sentence in zip(found, given["decision"]["sentences"]):
            reason["says"] = sentence
        return reply

    def _advice(self, now: int, *, first: int | None = None) -> dict[str, Any]:
        given = self._advice_input(now)
        if first is not None:
            given["first"] = first
        return self.policy.call("fleet.advise", given)

    def _advice_input(self, now: int) -> dict[str, Any]:
        _, envelope = self.fleet.snapshot()
        steps = self.store.kept("fee_steps")
        fellows = set(self.fleet.members())
        given: dict[str, Any] = {
            "now": now,
            "snapshot": {**envelope["decision"], "us": self.fleet.us()},
            "members": [
                report for member_id, _, report in self.store.reports() if member_id in fellows
            ],
            "operator": self.operator.decisions(),
            "exits": [
                {"peer_id": one["peer_id"], "amount_sats": one["amount_sats"]}
                for one in self.exits(now)
            ],
            "fee_steps": [
                {"channel_id": channel, **step}
                for channel, step in (steps.body if steps else {}).items()
            ],
        }
        with contextlib.suppress(Refusal):
            given["health"] = self._assess_input(now)
        return given

    def _short_names(self) -> dict[str, str | None]:
        """The place in the chain of each channel, by its id."""
        channels = self.fleet.snapshot()[1]["decision"]["us"]["channels"]
        return {one["channel_id"]: one.get("short_channel_id") for one in channels}

    def splice(self, peer_id: str | None = None) -> dict[str, Any]:
        """How much may leave towards a peer, or towards each peer of ours."""
        if peer_id is not None:
            return self.splice_recommendations(peer_id)
        now = self.now()
        _, envelope = self.fleet.snapshot()
        held = envelope["decision"]["report"].get("capacities", [])
        rooms = []
        for one in held:
            room = self._headroom(one["peer_id"], now)
            rooms.append(
                {
                    "peer_id": one["peer_id"],
                    **room["decision"],
                    "reasons": spoken(self.policy, room),
                }
            )
        rooms.sort(key=lambda one: (-(one.get("headroom_sats") or 0), one["peer_id"]))
        return {"peers": rooms, "exits": self.exits(now), "last_updated": self.fleet.snapshot()[0]}

    def members(self) -> dict[str, Any]:
        """The members, what each said last and when, and whether it counts."""
        now = self.now()
        health = self.fleet.ask("health", now=now)
        by_id = {one["member_id"]: one for one in health["decision"]["members"]}
        aliases = self.fleet.aliases()
        members = []
        for standing in self.fleet.standings():
            member_id = standing["member_id"]
            gossip = self.store.gossip(member_id) or {}
            said = gossip.get("last", {})
            report = self.store.report(member_id)
            members.append(
                {
                    **standing,
                    "alias": aliases.get(member_id),
                    "ages_s": {kind: now - one["at"] for kind, one in sorted(said.items())},
                    "tier": by_id.get(member_id, {}).get("tier"),
                    "score": by_id.get(member_id, {}).get("score"),
                    "counted": by_id.get(member_id, {}).get("counted", False),
                    "implausible": bool(report and report.body.get("implausible")),
                }
            )
        return {
            "our_id": self.fleet.our_id,
            "members": members,
            "fleet_health": health["decision"]["fleet_health"],
            "reasons": spoken(self.policy, health),
        }

    def decide(  # noqa: PLR0917 (the parameters of a command)
        self,
        subject: str | None = None,
        rebalance: str | None = None,
        fee: str | None = None,
        minimum_ppm: int | None = None,
        maximum_ppm: int | None = None,
        intended_ppm: int | None = None,
        clear: bool = False,
    ) -> dict[str, Any]:
        """What the operator decided; with a subject, decide about a channel or peer."""
        now = self.now()
        if subject is not None and clear:
            found = self.operator.clear(subject, now=now)
            return {"cleared": found, **self._decided()}
        if subject is not None:
            decision: dict[str, Any] = {}
            if rebalance is not None:
                decision["rebalance"] = rebalance
            if fee not in (None, "on", "off"):
                raise Refusal("out_of_range", "fee", "on or off", got=fee)
            bounds = {
                "minimum_ppm": minimum_ppm,
                "maximum_ppm": maximum_ppm,
                "intended_ppm": intended_ppm,
            }
            set_bounds = {name: value for name, value in bounds.items() if value is not None}
            if fee == "off":
                set_bounds["off"] = True
            if set_bounds:
                decision["fee"] = set_bounds
            if not decision:
                raise Refusal("missing_field", "rebalance", "rebalance, fee or a bound of the fee")
            self.operator.set(subject, decision, now=now)
            self.store.remember("operator", subject, decision, at=now)
        return {**self._decided(), "policy_file": self.operator.trouble}

    def _decided(self) -> dict[str, Any]:
        """The decisions, and which of them are about nothing that the node has now."""
        decisions = self.operator.decisions()
        reply: dict[str, Any] = {"decisions": decisions}
        seen = self.fleet.seen()
        if seen is not None:
            channels = seen.body["decision"]["us"]["channels"]
            names = ("channel_id", "short_channel_id", "peer_id")
            known = {one.get(name) for one in channels for name in names}
            idle = [one["subject"] for one in decisions if one["subject"] not in known]
            if idle:
                reply["about_nothing"] = idle
        return reply

    @property
    def counters(self) -> Counters:
        """What was sent and taken since the start."""
        return self.courier.counters


def _how(one: dict[str, Any], names: dict[str, str | None]) -> dict[str, Any] | None:
    """The same move for the rebalancer sling: the arguments of its command `sling-once`."""
    limit = one.get("max_fee_ppm") or one.get("pays_up_to_ppm")
    source = names.get(str(one.get("source")))
    if one["outcome"] not in ("worth_it", "pays_below") or None in (
        one.get("amount_sats"),
        limit,
        source,
        one.get("short_channel_id"),
    ):
        return None
    return {
        "tool": "sling",
        "method": "sling-once",
        "params": {
            "scid": one["short_channel_id"],
            "direction": "pull",
            "amount": one["amount_sats"],
            "onceamount": one["amount_sats"],
            "maxppm": limit,
            "candidates": [source],
        },
    }


_SAME_WORD = {"stagnant_candidate": "stagnant", "zombie": "underwater"}
"""Words of cl-revenue-ops for what we call otherwise."""


def _classes(channels: Any) -> dict[str, str]:
    """The class of each channel, out of either shape in which the summary is published."""
    if isinstance(channels, dict):
        pairs = list(channels.items())
    elif isinstance(channels, list):
        pairs = [(_name_of(one), one) for one in channels if isinstance(one, dict)]
    else:
        pairs = []
    found = {}
    for name, one in pairs:
        said = one.get("class") if isinstance(one, dict) else one
        if isinstance(name, str) and isinstance(said, str):
            found[name] = said.lower()
    return found


def _name_of(one: dict[str, Any]) -> Any:
    return one.get("short_channel_id") or one.get("scid") or one.get("channel_id")


def _collect_reasons(value: Any, found: list[dict[str, Any]]) -> None:
    if isinstance(value, list):
        for each in value:
            _collect_reasons(each, found)
    elif isinstance(value, dict):
        if "code" in value and "effect" in value and "binding" in value:
            found.append(value)
            return
        for each in value.values():
            _collect_reasons(each, found)


def _module_digest() -> str | None:
    file = resources.files("trimtab") / "module" / "trimtab.wasm.sha256"
    return file.read_text().split()[0] if file.is_file() else None
