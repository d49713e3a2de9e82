//! What each member learns from the others: their needs and excess at external peers, what that
//! means for its own fees, and whether to rebalance what it lacks itself.

use serde_json::json;

use super::Failure;
use super::caller::Json;
use super::fleet::{Member, View, channels, shown, text};
use super::paint::{self, Page, grouped, in_style};

/// So many rows of one kind.
const ROWS: usize = 3;

impl View<'_> {
    /// Writes what `member` learns and what follows from it.
    pub fn sharing(&self, member: &Member<'_>, page: &mut Page) -> Result<(), Failure> {
        let input = self.seen_by(member);
        let needs = self.caller.ask("liquidity.needs", &input)?;
        let needs = entries(&needs, "/decision/fleet_needs");
        for need in needs.iter().take(ROWS) {
            page.line(format_args!(
                "     {} {:4} {} lacks {} at {} ({}), our relevance {}",
                label("need"),
                self.name(text(need, "/member_id")),
                text(need, "/tier"),
                text(need, "/need_type"),
                self.name(text(need, "/peer_id")),
                text(need, "/severity"),
                rounded(need.get("our_relevance")),
            ));
        }
        let excess = self.caller.ask("liquidity.excess", &input)?;
        for spare in entries(&excess, "/decision/fleet_excess").iter().take(ROWS) {
            page.line(format_args!(
                "     {} {:4} {} has {} sat to spare at {}",
                label("excess"),
                self.name(text(spare, "/member_id")),
                text(spare, "/tier"),
                grouped(shown(spare, "/amount_sats")),
                self.name(text(spare, "/peer_id")),
            ));
        }
        self.bottlenecks(&input, page)?;
        self.fees(member, needs, page)?;
        self.candidate(member, page)
    }

    fn bottlenecks(&self, input: &Json, page: &mut Page) -> Result<(), Failure> {
        let state = self.caller.ask("liquidity.state", input)?;
        let peers = entries(&state, "/decision/common_bottleneck_peers");
        let peers: Vec<String> = peers
            .iter()
            .filter_map(Json::as_str)
            .map(|peer| self.name(peer))
            .collect();
        if !peers.is_empty() {
            let peers = peers.join(", ");
            page.line(format_args!("     {} {peers}", label("bottleneck")));
        }
        Ok(())
    }

    /// The advice on the fee towards each peer where a need of another member changes it.
    fn fees(&self, member: &Member<'_>, needs: &[Json], page: &mut Page) -> Result<(), Failure> {
        for channel in channels(&member.snapshot) {
            let Some(base) = channel.get("fee_ppm") else {
                continue;
            };
            let peer = text(channel, "/peer_id");
            let asked = json!({
                "base_ppm": base, "needs": needs, "our_id": member.id, "peer_id": peer,
            });
            let advice = self.caller.ask("fees.adjust", &asked)?;
            if text(&advice, "/decision/step") == "unchanged" {
                continue;
            }
            page.line(format_args!(
                "     {} {:9} to {:4} {base} -> {} ppm: the neediest member there is {}",
                label("fee"),
                text(channel, "/short_channel_id"),
                self.name(peer),
                shown(&advice, "/decision/fee_ppm"),
                text(&advice, "/decision/for_tier"),
            ));
        }
        Ok(())
    }

    /// Whether to refill the channel that lacks most, and whether another member goes first.
    fn candidate(&self, member: &Member<'_>, page: &mut Page) -> Result<(), Failure> {
        let lacking = member
            .judged
            .iter()
            .filter(|(_, judged)| text(judged, "/class") == "depleted");
        let lacks = |judged: &Json| judged.get("amount_sats").and_then(Json::as_u64);
        let Some((index, _)) = lacking.max_by_key(|(_, judged)| lacks(judged)) else {
            return Ok(());
        };
        let all = channels(&member.snapshot);
        let Some(channel) = all.get(*index) else {
            return Ok(());
        };
        let peer = text(channel, "/peer_id");
        let mut asked = self.seen_by(member);
        if let Some(fields) = asked.as_object_mut() {
            fields.insert("target_peer".to_owned(), json!(peer));
        }
        let conflict = self.caller.ask("rebalance.conflict", &asked)?;
        let Some(inbound) = member.inbound_ppm(channel) else {
            page.line(format_args!(
                "     {} to {:4} unknown: {0} told no fee",
                label("rebalance"),
                self.name(peer),
            ));
            return Ok(());
        };
        let sources = all.iter().enumerate().filter(|(place, _)| place != index);
        let sources: Vec<Json> = sources.map(|(_, channel)| source(channel)).collect();
        let evaluated = self.caller.ask(
            "rebalance.evaluate",
            &json!({
                "destination": {
                    "capacity_sats": channel.get("capacity_sats"),
                    "fee_ppm": channel.get("fee_ppm"),
                    "peer_id": peer,
                    "spendable_sats": channel.get("local_sats"),
                },
                "inbound_ppm": inbound,
                "sources": sources,
                "tier": member.tier(),
            }),
        )?;
        let outcome = evaluated.get("decision").unwrap_or(&Json::Null);
        let word = match outcome.get("accepted") {
            Some(Json::Bool(true)) => in_style(paint::GOOD, "worth it"),
            _ => in_style(paint::BAD, "not worth it"),
        };
        let first = match text(&conflict, "/decision/action") {
            "proceed" => "no conflict",
            _ => "another member goes first",
        };
        page.line(format_args!(
            "     {} to {:4} {word}: inbound at {inbound} ppm, own threshold x {}; {first}",
            label("rebalance"),
            self.name(peer),
            shown(outcome, "/multiplier"),
        ));
        self.reasons(&evaluated, page)?;
        self.reasons(&conflict, page)
    }

    /// The fleet as `member` sees it: its own channels and the reports of the others.
    fn seen_by(&self, member: &Member<'_>) -> Json {
        let others = self.members.iter().filter(|other| other.id != member.id);
        let others: Vec<Json> = others.map(|other| other.report(self.fleet.now)).collect();
        json!({
            "now": self.fleet.now,
            "us": { "node_id": member.id, "channels": channels(&member.snapshot), "tier": member.tier() },
            "members": others,
        })
    }
}

impl Member<'_> {
    fn tier(&self) -> Option<&Json> {
        self.health.pointer("/decision/tier")
    }

    /// What the member tells the others: its channels and its health.
    fn report(&self, now: u64) -> Json {
        let mut report = self.snapshot.get("report").cloned().unwrap_or_default();
        if let (Some(fields), Some(health)) = (report.as_object_mut(), self.health.get("decision"))
        {
            fields.insert("health_at".to_owned(), json!(now));
            for name in ["score", "tier"] {
                fields.insert(name.to_owned(), json!(health.get(name)));
            }
        }
        report
    }

    /// What the peer of `channel` takes for payments towards us.
    fn inbound_ppm(&self, channel: &Json) -> Option<&Json> {
        let all = self.node.answers.pointer("/listpeerchannels/channels")?;
        let id = text(channel, "/channel_id");
        let raw = all
            .as_array()?
            .iter()
            .find(|raw| text(raw, "/channel_id") == id)?;
        raw.pointer("/updates/remote/fee_proportional_millionths")
    }
}

fn source(channel: &Json) -> Json {
    json!({
        "capacity_sats": channel.get("capacity_sats"),
        "channel_id": channel.get("channel_id"),
        "fee_ppm": channel.get("fee_ppm"),
        "peer_id": channel.get("peer_id"),
        "spendable_sats": channel.get("local_sats"),
    })
}

fn label(word: &str) -> String {
    in_style(paint::DIM, format_args!("{word:10}")).to_string()
}

fn entries<'j>(value: &'j Json, place: &str) -> &'j [Json] {
    let list = value.pointer(place).and_then(Json::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// A share to two decimals, for a reader.
fn rounded(value: Option<&Json>) -> String {
    let number = value.and_then(Json::as_f64);
    number.map_or("unknown".to_owned(), |number| format!("{number:.2}"))
}
