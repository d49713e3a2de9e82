//! `trimtab fleet`: each member's health, its channels in need and its room to splice out.

use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::caller::{Caller, Host, Json};
use super::node::{Fleet, Node};
use super::paint::{self, Page, grouped, in_style, of_word};
use super::{Asked, Failure};

/// The command.
pub fn run(
    dir: &Path,
    members: Option<Vec<String>>,
    now: Option<u64>,
    asked: &Asked,
) -> Result<u8, Failure> {
    let fleet = Fleet::read(dir, members, now)?;
    let host = Host::of(asked)?;
    let mut page = Page::default();
    show(&host.asked(asked)?, &fleet, &mut page)?;
    page.print()?;
    Ok(0)
}

/// What is known of one member.
pub struct Member<'f> {
    pub node: &'f Node,
    pub id: String,
    pub snapshot: Json,
    /// The envelope of `health.assess`, or nothing where its input is unknown.
    pub health: Json,
    /// Each channel that could be judged: its place and the decision of `liquidity.classify`.
    pub judged: Vec<(usize, Json)>,
}

/// The fleet with the names that people use.
pub struct View<'f> {
    pub caller: &'f Caller,
    pub fleet: &'f Fleet,
    pub members: Vec<Member<'f>>,
    names: BTreeMap<String, String>,
}

/// Writes the page of a fleet.
pub fn show(caller: &Caller, fleet: &Fleet, page: &mut Page) -> Result<(), Failure> {
    let view = View::of(caller, fleet)?;
    let external: BTreeSet<&str> = view
        .members
        .iter()
        .flat_map(|member| view.external(member))
        .collect();
    page.title(format_args!(
        "fleet of {} nodes, {} external peers, as of unix time {}",
        view.members.len(),
        external.len(),
        fleet.now
    ));
    for member in &view.members {
        page.line("");
        view.health(member, page)?;
        view.channels(member, page);
        view.splices(member, page)?;
        view.sharing(member, page)?;
    }
    Ok(())
}

impl<'f> View<'f> {
    fn of(caller: &'f Caller, fleet: &'f Fleet) -> Result<Self, Failure> {
        let mut names: BTreeMap<String, String> = fleet.strangers.iter().cloned().collect();
        let mut members = Vec::new();
        for node in &fleet.members {
            let mut input = node.answers.clone();
            if let Some(fields) = input.as_object_mut() {
                fields.insert("now".to_owned(), json!(fleet.now));
                if let Some(channels) = &fleet.listchannels {
                    fields.insert("listchannels".to_owned(), channels.clone());
                }
            }
            let mut envelope = caller.ask("snapshot.cln", &input)?;
            let snapshot = envelope.get_mut("decision").map_or(Json::Null, Json::take);
            let id = text(&snapshot, "/us/node_id").to_owned();
            names.insert(id.clone(), node.name.clone());
            for channel in channels(&snapshot) {
                let short = text(channel, "/short_channel_id");
                if !short.is_empty() {
                    names.insert(text(channel, "/channel_id").to_owned(), short.to_owned());
                }
            }
            let health = match snapshot.get("assess") {
                Some(assess) => caller.ask("health.assess", assess)?,
                None => Json::Null,
            };
            let mut judged = Vec::new();
            for (place, channel) in channels(&snapshot).iter().enumerate() {
                let mut envelope = caller.ask("liquidity.classify", channel)?;
                let decision = envelope.get_mut("decision").map(Json::take);
                judged.extend(decision.map(|decision| (place, decision)));
            }
            members.push(Member {
                node,
                id,
                snapshot,
                health,
                judged,
            });
        }
        Ok(Self {
            caller,
            fleet,
            members,
            names,
        })
    }

    /// The name of a node, or the beginning of its id.
    pub fn name(&self, id: &str) -> String {
        let short = || format!("{}…", id.chars().take(10).collect::<String>());
        self.names.get(id).cloned().unwrap_or_else(short)
    }

    fn external<'m>(&self, member: &'m Member<'_>) -> BTreeSet<&'m str> {
        let peers = channels(&member.snapshot)
            .iter()
            .map(|channel| text(channel, "/peer_id"));
        peers
            .filter(|peer| !self.members.iter().any(|other| other.id == *peer))
            .collect()
    }

    fn health(&self, member: &Member<'_>, page: &mut Page) -> Result<(), Failure> {
        let name = in_style(paint::TITLE, format_args!("{:4}", member.node.name));
        let id: String = member.id.chars().take(10).collect();
        let Some(health) = member.health.get("decision") else {
            page.line(format_args!(
                "{name} {id}…  health unknown: no listforwards.json"
            ));
            return Ok(());
        };
        let tier = text(health, "/tier");
        let tier = in_style(
            of_word(tier),
            format_args!("{tier} {}", shown(health, "/score")),
        );
        page.line(format_args!(
            "{name} {id}…  {tier} of 100   {} channels, {} sat   own budget x {}",
            shown(health, "/total"),
            grouped(shown(&member.snapshot, "/capacity_sats")),
            shown(health, "/budget_multiplier"),
        ));
        let points = |part: &str| rounded(health.pointer(&format!("/components/{part}")));
        page.line(format_args!(
            "     earning {}/40 + not losing {}/30 + balance {}/20 + trend {}/10 ({})",
            points("profitable"),
            points("underwater"),
            points("liquidity"),
            points("trend"),
            text(health, "/trend"),
        ));
        lift(health, page);
        self.reasons(&member.health, page)
    }

    /// Every reason that does not simply speak for the outcome, in words.
    pub fn reasons(&self, envelope: &Json, page: &mut Page) -> Result<(), Failure> {
        let reasons = envelope.get("reasons").and_then(Json::as_array);
        let sentences = self.caller.sentences(envelope)?;
        let mut tier_told = false;
        for (reason, sentence) in reasons.into_iter().flatten().zip(sentences) {
            // The tiers further up follow from the next one.
            let tier = text(reason, "/code").starts_with("below_");
            if text(reason, "/effect") != "allow" && !(tier && tier_told) {
                page.say("-", &paint::shortened(&self.named(&sentence)));
            }
            tier_told |= tier;
        }
        Ok(())
    }

    /// A sentence with the names of nodes in place of their ids.
    fn named(&self, sentence: &str) -> String {
        let mut sentence = sentence.to_owned();
        for (id, name) in &self.names {
            sentence = sentence.replace(id, name);
        }
        sentence
    }

    fn channels(&self, member: &Member<'_>, page: &mut Page) {
        let all = channels(&member.snapshot);
        for (place, judged) in &member.judged {
            let class = text(judged, "/class");
            let Some(channel) = all.get(*place) else {
                continue;
            };
            if !["depleted", "saturated"].contains(&class) {
                continue;
            }
            let place = [
                text(channel, "/short_channel_id"),
                text(channel, "/channel_id"),
            ];
            let place = place
                .into_iter()
                .find(|place| !place.is_empty())
                .unwrap_or_default();
            let peer = text(channel, "/peer_id");
            page.line(format_args!(
                "     {place:9} to {:4} {}  {} of {} sat ours, needs {} {} ({})",
                self.name(peer),
                in_style(of_word(class), format_args!("{class:9}")),
                grouped(shown(channel, "/local_sats")),
                grouped(shown(channel, "/capacity_sats")),
                grouped(shown(judged, "/amount_sats")),
                text(judged, "/need_type"),
                text(judged, "/severity"),
            ));
        }
    }

    fn splices(&self, member: &Member<'_>, page: &mut Page) -> Result<(), Failure> {
        for peer in self.external(member) {
            let envelope = self
                .caller
                .ask("splice.headroom", &self.splice_input(member, peer))?;
            let room = envelope.get("decision").unwrap_or(&Json::Null);
            let amount = room.get("headroom_sats").filter(|amount| !amount.is_null());
            let told = match amount {
                Some(amount) => format!("up to {} sat can leave safely", grouped(amount)),
                None => "nothing can be called safe".to_owned(),
            };
            page.line(format_args!(
                "     splice-out to {:4} {told}",
                self.name(peer)
            ));
            self.reasons(&envelope, page)?;
        }
        Ok(())
    }

    /// What the fleet holds with `peer`, each member's channels from its own answers.
    fn splice_input(&self, member: &Member<'_>, peer: &str) -> Json {
        let ours = with_peer(member, peer).map(|channel| {
            let mut ours = Map::new();
            for (field, from) in [
                ("capacity_sats", "capacity_sats"),
                ("after_pending_sats", "pending_capacity_sats"),
            ] {
                if let Some(amount) = channel.get(from) {
                    ours.insert(field.to_owned(), amount.clone());
                }
            }
            Json::Object(ours)
        });
        let others = self.members.iter().filter(|other| other.id != member.id);
        let others = others.map(|other| {
            let held = with_peer(other, peer).filter_map(|channel| channel.get("capacity_sats"));
            let held: Vec<&Json> = held.collect();
            json!({ "member_id": other.id, "at": self.fleet.now, "channels": held })
        });
        let mut input = json!({
            "peer_id": peer, "now": self.fleet.now,
            "ours": { "node_id": member.id, "channels": ours.collect::<Vec<_>>() },
            "others": others.collect::<Vec<_>>(),
        });
        let known = member
            .snapshot
            .get("public_capacities")
            .and_then(Json::as_array);
        let known = known
            .into_iter()
            .flatten()
            .find(|known| text(known, "/peer_id") == peer);
        if let (Some(capacity), Some(fields)) = (
            known.and_then(|known| known.get("capacity_sats")),
            input.as_object_mut(),
        ) {
            fields.insert("peer_public_sats".to_owned(), capacity.clone());
        }
        input
    }
}

/// What would lift the node a tier.
fn lift(health: &Json, page: &mut Page) {
    let Some(above) = health.get("tier_above").filter(|above| !above.is_null()) else {
        return page.line("     in the best tier");
    };
    let would = match above.get("profitable") {
        Some(Json::Number(count)) => format!(
            "; {count} earning channels instead of {} would do",
            shown(health, "/profitable")
        ),
        _ => "; earning channels alone would not do".to_owned(),
    };
    page.line(format_args!(
        "     {} points short of {}{would}",
        shown(above, "/missing"),
        text(above, "/tier"),
    ));
}

fn with_peer<'m>(member: &'m Member<'_>, peer: &str) -> impl Iterator<Item = &'m Json> {
    let channels = channels(&member.snapshot).iter();
    channels.filter(move |channel| text(channel, "/peer_id") == peer)
}

/// The channels of a snapshot.
pub fn channels(snapshot: &Json) -> &[Json] {
    let channels = snapshot.pointer("/us/channels").and_then(Json::as_array);
    channels.map_or(&[], Vec::as_slice)
}

/// A text inside, or none.
pub fn text<'j>(value: &'j Json, place: &str) -> &'j str {
    value
        .pointer(place)
        .and_then(Json::as_str)
        .unwrap_or_default()
}

/// Anything inside, as it is written.
pub fn shown(value: &Json, place: &str) -> String {
    match value.pointer(place) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "unknown".to_owned(),
    }
}

/// A float to one decimal, for a reader; the envelope has them all.
fn rounded(value: Option<&Json>) -> String {
    let number = value.and_then(Json::as_f64);
    number.map_or("?".to_owned(), |number| format!("{number:.1}"))
}
