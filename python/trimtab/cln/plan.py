"""The commands of the fleet plan, under its names and those of the deployed plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trimtab.cln.knowledge import Knowledge
from trimtab.cln.replies import Refusal, Renamed, deciding, first, flipping, sentences, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PlanCommands"]


class PlanCommands(Knowledge):
    """What `hive-…` answers."""

    def member_health(self, member_id: str | None = None, action: str = "query") -> dict[str, Any]:
        """Health of one member, ourselves without an id; of all with `all` or `aggregate`."""
        if action not in ("query", "aggregate"):
            raise Refusal("out_of_range", "action", "query or aggregate", got=action)
        if member_id == "all" or action == "aggregate":
            return self._fleet_health()
        if member_id is None or member_id == self.fleet.our_id:
            return self._our_health()
        return self._their_health(member_id)

    def _fleet_health(self) -> dict[str, Any]:
        now = self.now()
        envelope = self.fleet.ask("health", now=now)
        decision = envelope["decision"]
        aliases = self.fleet.aliases()
        members = []
        for one in decision["members"]:
            entry = {
                "member_id": one["member_id"],
                "peer_id": one["member_id"],
                "alias": aliases.get(one["member_id"]),
                "health_score": one.get("score"),
                "health_tier": one["tier"],
                "rebalance_budget_multiplier": one["budget_multiplier"],
                "budget_multiplier": one["budget_multiplier"],
                "counted": one["counted"],
                "last_updated": now - one["age_s"],
            }
            members.append(entry)
        return {**decision, "members": members, "reasons": spoken(self.policy, envelope)}

    def _our_health(self) -> dict[str, Any]:
        now = self.now()
        envelope = self._assess(now)
        health = envelope["decision"]
        kept = self.fleet.seen()
        seen = kept.body["decision"] if kept else {}
        return {
            "member_id": self.fleet.our_id,
            "peer_id": self.fleet.our_id,
            "alias": seen.get("alias"),
            "capacity_sats": seen.get("capacity_sats"),
            **_health_fields(health["score"], health["tier"], health["budget_multiplier"], health),
            "revenue_trend": health["trend"],
            "liquidity_score": int(health["liquidity_score"]),
            "last_updated": self._counted_at(now),
            "total_channels": health["total"],
            "needs_help": health["needs_help"],
            "can_help_others": health["can_help_others"],
            "needs_inbound": health["needs_inbound"],
            "needs_outbound": health["needs_outbound"],
            "reasons": spoken(self.policy, envelope),
        }

    def _their_health(self, member_id: str) -> dict[str, Any]:
        if member_id not in self.fleet.members():
            raise Refusal("not_a_member", "member_id", "a member of the fleet", got=member_id)
        gossip = self.store.gossip(member_id) or {}
        said = gossip.get("last", {}).get("health_status")
        if said is None:
            raise Refusal("no_report", "member_id", "a member that reported its health")
        now, body = self.now(), said["body"]
        health = self.fleet.ask("health", now=now)["decision"]
        mine = next(one for one in health["members"] if one["member_id"] == member_id)
        windows = [sats * 1000 for sats in body["revenue_sats"]]
        asked = {"member_id": member_id, "now": now}
        checked = self.fleet.book_about([member_id]).call("verify", asked)
        return {
            "member_id": member_id,
            "peer_id": member_id,
            "alias": self.fleet.aliases().get(member_id),
            "capacity_sats": body["capacity_sats"],
            **_health_fields(
                checked["decision"]["score"],
                mine["tier"],
                mine["budget_multiplier"],
                body,
            ),
            "revenue_trend": self.policy.call("health.trend", {"windows": windows})["decision"][
                "trend"
            ],
            "liquidity_score": checked["decision"]["liquidity_score"],
            "last_updated": said["at"],
            "total_channels": body["total"],
            "verdict": checked["decision"]["verdict"],
            "counted": mine["counted"],
            "software": body.get("version"),
            "config": body.get("config"),
            "reasons": spoken(self.policy, checked),
        }

    def report_health(  # noqa: PLR0917 (a command of the fleet plan)
        self,
        profitable_channels: int = 0,
        underwater_channels: int = 0,
        stagnant_channels: int = 0,
        revenue_trend: str = "stable",
        total_channels: int | None = None,
        liquidity_score: int | None = None,
    ) -> dict[str, Any]:
        """Take this node's own counts of what its channels are worth."""
        now = self.now()
        total = total_channels
        if total is None:
            total = profitable_channels + underwater_channels + stagnant_channels
        report = {
            "profitable": profitable_channels,
            "underwater": underwater_channels,
            "stagnant": stagnant_channels,
            "total": total,
            "trend": revenue_trend,
            "liquidity_score": liquidity_score,
        }
        checked = {name: value for name, value in report.items() if value is not None}
        checked.setdefault("liquidity_score", 0)
        names = {
            "profitable": "profitable_channels",
            "underwater": "underwater_channels",
            "stagnant": "stagnant_channels",
            "total": "total_channels",
            "trend": "revenue_trend",
        }
        with Renamed(names):
            self.policy.call("health.assess", checked)
        with self.store.change():
            self._limit("report:health", now)
            self.store.keep("local:health", report, at=now)
            self.store.remember("report", "local:health", report, at=now)
        self._wake.set()
        health = self._assess(now)["decision"]
        return {
            "status": "reported",
            "health_score": health["score"],
            "tier": health["tier"],
            "health_tier": health["tier"],
            "rebalance_budget_multiplier": health["budget_multiplier"],
            "budget_multiplier": health["budget_multiplier"],
            "last_updated": now,
        }

    def liquidity_state(self, action: str = "status") -> dict[str, Any]:
        """How the fleet does (status), who lacks what (needs), who has too much where (excess)."""
        now = self.now()
        if action == "status":
            return self._liquidity_status(now)
        if action == "needs":
            envelope = self.fleet.ask("needs", now=now)
            needs = [
                {**one, "health_tier": one["tier"], "member_health_tier": one["tier"]}
                for one in envelope["decision"]["fleet_needs"]
            ]
            return {"fleet_needs": needs, "count": len(needs), **self._told(envelope)}
        if action == "excess":
            envelope = self.fleet.ask("excess", now=now)
            excess = envelope["decision"]["fleet_excess"]
            return {"fleet_excess": excess, "count": len(excess), **self._told(envelope)}
        raise Refusal("out_of_range", "action", "status, needs or excess", got=action)

    def _liquidity_status(self, now: int) -> dict[str, Any]:
        envelope = self.fleet.ask("state", now=now)
        state = envelope["decision"]
        conflict = self.fleet.ask("conflict", now=now, target_peer="nobody")["decision"]
        in_use = conflict["avoid"]
        members = self.fleet.members()
        return {
            "active": True,
            "fleet_summary": {
                "members_with_depleted_channels": state["members_with_depleted_channels"],
                "members_with_excess_outbound": state["members_with_excess_outbound"],
                "members_with_saturated_channels": state["members_with_excess_outbound"],
                "common_bottleneck_peers": state["common_bottleneck_peers"],
                "total_members": len(members) + 1,
                "members_rebalancing": state["members_rebalancing"],
            },
            "our_state": {
                "depleted_channels": state["depleted_channels"],
                "saturated_channels": state["saturated_channels"],
                "balanced_channels": state["balanced_channels"],
            },
            "rebalancing_activity": {
                "active_count": state["members_rebalancing"],
                "peers_in_use": in_use,
            },
            **self._told(envelope),
        }

    def report_liquidity_state(
        self,
        depleted_channels: list[dict[str, Any]],
        saturated_channels: list[dict[str, Any]],
        rebalancing_active: bool = False,
        rebalancing_peers: list[str] | None = None,
        liquidity_needs: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Take this node's own list of depleted and saturated channels."""
        now = self.now()
        report = {
            "depleted": _troubles(depleted_channels, "depleted_channels"),
            "saturated": _troubles(saturated_channels, "saturated_channels"),
        }
        lists = {f"listed.{name}": f"{name}_channels" for name in report}
        with Renamed(lists):
            self.policy.call("gossip.report", {"now": now, "channels": [], "listed": report})
        with self.store.change():
            self._limit("report:liquidity", now)
            kept = {**report, "needs": list(liquidity_needs or [])}
            self.store.keep("local:liquidity", kept, at=now)
            self.store.remember("report", "local:liquidity", kept, at=now)
            self._set_activity(rebalancing_peers or [] if rebalancing_active else [], now)
        self._wake.set()
        return {
            "status": "reported",
            "depleted_count": len(report["depleted"]),
            "saturated_count": len(report["saturated"]),
            "last_updated": now,
        }

    def update_rebalancing_activity(
        self,
        rebalancing_active: bool,
        rebalancing_peers: list[str] | None = None,
    ) -> dict[str, Any]:
        """Tell the members through which peers this node is rebalancing now."""
        now = self.now()
        peers = (rebalancing_peers or []) if rebalancing_active else []
        with self.store.change():
            self._set_activity(peers, now)
        self._wake.set()
        return {
            "status": "updated",
            "rebalancing_active": bool(peers),
            "rebalancing_peers": sorted(set(peers)),
            "last_updated": now,
        }

    def _set_activity(self, peers: Iterable[str], now: int) -> None:
        lasts = self.policy.config["liquidity"]["activity_counts_s"]
        rebalancing = [
            {"peer_id": peer, "at": now, "expected_end": now + lasts} for peer in sorted(set(peers))
        ]
        self.policy.call(
            "rebalance.conflict",
            {
                "now": now,
                "target_peer": "nobody",
                "us": {"node_id": "us", "rebalancing": rebalancing},
            },
        )
        self.store.keep("local:activity", {"rebalancing": rebalancing}, at=now)

    def check_rebalance_conflict(self, peer_id: str) -> dict[str, Any]:
        """Whether another member rebalances through a peer now, and who goes first."""
        now = self.now()
        with Renamed({"target_peer": "peer_id"}):
            envelope = self._ask("conflict", "rebalance_conflict", now=now, target_peer=peer_id)
        decision = envelope["decision"]
        reply: dict[str, Any] = {
            "conflict": decision["conflict"],
            "peer_id": peer_id,
            "recommendation": decision["action"],
            "reason": first(sentences(self.policy, envelope)),
            **{name: value for name, value in decision.items() if name != "conflict"},
            **self._told(envelope),
        }
        other = decision.get("yield_to") or decision.get("priority_over")
        if other is None and decision["conflict"]:
            other = self._who_uses(peer_id, now)
        if other is not None:
            reply["member_id"] = other
        return reply

    def _who_uses(self, peer_id: str, now: int) -> str | None:
        """The first member whose activity alone is a conflict."""
        for member_id, _, report in self.store.reports():
            if any(one["peer_id"] == peer_id for one in report.get("rebalancing", [])):
                given = {
                    "now": now,
                    "target_peer": peer_id,
                    "us": {"node_id": self.fleet.our_id},
                    "members": [report],
                }
                if self.policy.call("rebalance.conflict", given)["decision"]["conflict"]:
                    return member_id
        return None

    def splice_check(
        self,
        peer_id: str,
        splice_type: str,
        amount_sats: int,
        channel_id: str | None = None,
        announce: bool = False,
    ) -> dict[str, Any]:
        """Whether a splice keeps the fleet connected; with `announce`, say that it will be."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        envelope = self._splice(
            peer_id, splice_type, amount_sats, channel_id, now, caller="splice_check"
        )
        decision = envelope["decision"]
        words = sentences(self.policy, envelope)
        reply: dict[str, Any] = {
            "safety": decision["safety"],
            "reason": deciding(envelope, words),
            "can_proceed": decision["can_proceed"],
            "peer_id": peer_id,
            "splice_type": splice_type,
            "amount_sats": amount_sats,
            "fleet_capacity": decision["fleet_sats"],
            "new_fleet_capacity": decision["new_fleet_sats"],
            "fleet_share": decision.get("fleet_share"),
            "new_share": decision.get("new_share"),
            "our_capacity": decision["ours_sats"],
            "other_member_capacity": decision["others_sats"],
            "peer_total_capacity": decision.get("peer_total_sats"),
            "in_flight": [
                one["amount_sats"] for one in self.exits(now) if one["peer_id"] == peer_id
            ],
            **self._told(envelope),
        }
        if decision["safety"] != "safe":
            reply["recommendation"] = flipping(envelope, words)
        if splice_type == "splice_out":
            intent = "announce" if announce and decision["can_proceed"] else "query"
            reply["asked_members"] = self._ask_members(
                peer_id, splice_type, amount_sats, intent, now
            )
            if intent == "announce":
                self.note_exit(peer_id, amount_sats, channel_id, now)
        return reply

    def splice_headroom(self, peer_id: str) -> dict[str, Any]:
        """The largest splice-out that keeps the fleet connected to the peer."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        envelope = self._headroom(peer_id, now, caller="splice_headroom")
        decision = envelope["decision"]
        return {
            "peer_id": peer_id,
            "headroom_sats": decision.get("headroom_sats"),
            "safe_splice_out_amount": decision.get("headroom_sats", 0),
            "fleet_capacity": decision["fleet_sats"],
            "our_capacity": decision["ours_sats"],
            "other_member_capacity": decision["others_sats"],
            "reason": first(sentences(self.policy, envelope)),
            **self._told(envelope),
        }

    def splice_recommendations(self, peer_id: str) -> dict[str, Any]:
        """What may be spliced out towards a peer, and who else holds capacity there."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        nothing = self._splice(peer_id, "splice_out", 0, None, now)
        room = self._headroom(peer_id, now, caller="splice_recommendations")
        at_rest, most = nothing["decision"], room["decision"]
        covered = {"others_cover"} & {one["code"] for one in room["reasons"] + nothing["reasons"]}
        return {
            "peer_id": peer_id,
            "fleet_capacity": at_rest["fleet_sats"],
            "our_capacity": at_rest["ours_sats"],
            "other_member_capacity": at_rest["others_sats"],
            "peer_total_capacity": at_rest.get("peer_total_sats"),
            "fleet_share": at_rest.get("fleet_share"),
            "headroom_sats": most.get("headroom_sats"),
            "safe_splice_out_amount": most.get("headroom_sats", 0),
            "has_fleet_coverage": bool(covered),
            "recommendations": sentences(self.policy, room),
            **self._told(room),
        }


def _health_fields(
    score: int, tier: str, multiplier: float, counts: dict[str, Any]
) -> dict[str, Any]:
    """The names of the fleet plan, and beside them those of the deployed plugins."""
    return {
        "health_score": score,
        "overall_health": score,
        "health_tier": tier,
        "tier": tier,
        "profitable_channels": counts["profitable"],
        "underwater_channels": counts["underwater"],
        "stagnant_channels": counts["stagnant"],
        "rebalance_budget_multiplier": multiplier,
        "budget_multiplier": multiplier,
    }


def _troubles(channels: Any, name: str) -> list[dict[str, Any]]:
    """The plan's three fields of each channel; what else a plugin adds is not ours to keep."""
    if not isinstance(channels, list):
        raise Refusal("malformed", name, "a list of channels", got=type(channels).__name__)
    wanted = ("peer_id", "local_pct", "capacity_sats")
    kept = []
    for place, one in enumerate(channels):
        if not isinstance(one, dict):
            raise Refusal("malformed", f"{name}[{place}]", "a channel", got=type(one).__name__)
        for each in wanted:
            if each not in one:
                raise Refusal("missing_field", f"{name}[{place}].{each}", "a value")
        kept.append({each: one[each] for each in wanted})
    return kept
