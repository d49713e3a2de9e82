//! `trimtab fleet`: what is worth doing on each member now, and what stands against the rest. The
//! page only shows what `snapshot.cln`, `fleet.advise`, `liquidity.needs`, `liquidity.excess` and
//! `liquidity.state` answered.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use trimtab_core::canonical;
use trimtab_core::fleet::FleetInput;
use trimtab_core::fleet::advise::{
    LeftOutChannel, MoveAdvice, MoveOutcome, NodeAdvice, NodeAdviceInput, NodeExplainInput,
    NodeExplained, NotAdvised, RefusalCount, Standing,
};
use trimtab_core::fleet::channel::HopFee;
use trimtab_core::fleet::fees::Step;
use trimtab_core::fleet::health::Trend;
use trimtab_core::fleet::health::assess::Assessed;
use trimtab_core::fleet::liquidity::classify::LiquidityClass;
use trimtab_core::fleet::liquidity::{NeedType, Severity};
use trimtab_core::fleet::member::{Member, Us};
use trimtab_core::fleet::snapshot::Snapshot;
use trimtab_core::operations::{
    FleetAdvise, FleetExplain, LiquidityExcess, LiquidityNeeds, LiquidityState, SnapshotCln,
};
use trimtab_core::policy::Decided;
use trimtab_core::reason::{Code, Effect, Quarantined, Reason};
use trimtab_core::units::{Count, NodeId, Ppm, Sat, Seconds};
use trimtab_core::words;

use super::arguments::Asked;
use super::caller::{Caller, Host};
use super::failure::Failure;
use super::node::{Fleet, Node};
use super::paint::{self, Page, counted, grouped, in_style, of_word};

/// So many rebalances are shown.
const MOVES: usize = 10;
/// So many rows of any other kind are shown.
const ROWS: usize = 5;
/// All that follows where nobody knows the graph.
const NO_GRAPH: &str = "no listchannels.json: no public capacity is known, no splice-out checked";

/// What to show of a fleet.
pub struct Show<'a> {
    /// The channel or peer to explain, instead of the page.
    pub why: Option<&'a str>,
    /// JSON instead of a page.
    pub json: bool,
}

/// The command.
pub fn run(
    dir: &Path,
    members: Option<Vec<String>>,
    now: Option<u64>,
    show: &Show<'_>,
    asked: &Asked,
) -> Result<u8, Failure> {
    let fleet = Fleet::read(dir, members, now)?;
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let view = View::of(&caller, &fleet)?;
    let mut page = Page::default();
    match (show.why, show.json) {
        (Some(subject), true) => page.line(canonical::text(&view.explained(subject)?)?),
        (Some(subject), false) => view.explain(subject, &mut page)?,
        (None, true) => page.line(view.json()?),
        (None, false) => {
            view.show(&mut page)?;
            if let Some(subject) = view.unfilled() {
                page.hint(&paint::typed_with(&["--why", &subject]));
            }
        }
    }
    page.print()?;
    Ok(0)
}

/// Writes the page of a fleet.
pub fn show(caller: &Caller, fleet: &Fleet, page: &mut Page) -> Result<(), Failure> {
    View::of(caller, fleet)?.show(page)
}

/// The same as JSON.
pub fn json(caller: &Caller, fleet: &Fleet) -> Result<String, Failure> {
    View::of(caller, fleet)?.json()
}

/// What is known of one member.
struct Told<'f> {
    node: &'f Node,
    id: String,
    snapshot: Decided<Snapshot>,
    question: NodeAdviceInput,
    advice: Decided<NodeAdvice>,
}

/// Why nothing is rebalanced at a channel or peer of one member.
#[derive(Serialize)]
struct ExplainedMember<'t> {
    explained: Decided<NodeExplained>,
    name: &'t str,
}

/// The fleet with the names that people use.
struct View<'f> {
    caller: &'f Caller,
    now: Seconds,
    members: Vec<Told<'f>>,
    names: BTreeMap<String, String>,
}

impl<'f> View<'f> {
    fn of(caller: &'f Caller, fleet: &'f Fleet) -> Result<Self, Failure> {
        let mut names: BTreeMap<String, String> = fleet.strangers.iter().cloned().collect();
        let mut read = Vec::new();
        for node in &fleet.members {
            let snapshot = caller.decide::<SnapshotCln>(&node.answers)?;
            let id = snapshot.decision.us.node_id.to_string();
            names.insert(id.clone(), node.name.clone());
            for channel in snapshot.decision.us.channels.readable() {
                if let Some(short) = &channel.short_channel_id {
                    names.insert(channel.channel_id.to_string(), short.to_string());
                }
            }
            read.push((node, id, snapshot));
        }
        // What a member tells the others does not depend on them.
        let mut reports: Vec<Member> = Vec::new();
        for (node, _, snapshot) in &read {
            let alone = question(node, &snapshot.decision, fleet.now, Vec::new());
            reports.push(caller.decide::<FleetAdvise>(&alone)?.decision.report);
        }
        let mut members = Vec::new();
        for (node, id, snapshot) in read {
            let others = reports.iter().filter(|one| one.member_id.as_str() != id);
            let others: Vec<Member> = others.cloned().collect();
            let question = question(node, &snapshot.decision, fleet.now, others);
            let advice = caller.decide::<FleetAdvise>(&question)?;
            members.push(Told {
                node,
                id,
                snapshot,
                question,
                advice,
            });
        }
        Ok(Self {
            caller,
            now: fleet.now,
            members,
            names,
        })
    }

    /// The name of a node or channel, or the beginning of its id.
    fn name(&self, id: &NodeId) -> String {
        self.named(id.as_str())
    }

    fn named(&self, id: &str) -> String {
        let known = self.names.get(id).cloned();
        known.unwrap_or_else(|| match id.chars().count() {
            0..=16 => id.to_owned(),
            _ => format!("{}…", id.chars().take(10).collect::<String>()),
        })
    }

    /// A reason in words for a reader, with the name of what it is about.
    fn sentence(&self, reason: &Reason) -> String {
        let mut named = reason.clone();
        named.subject = named.subject.map(|subject| self.named(&subject));
        named.sentence()
    }

    fn show(&self, page: &mut Page) -> Result<(), Failure> {
        let members: BTreeSet<&str> = self.members.iter().map(|told| told.id.as_str()).collect();
        let peers = self.members.iter().flat_map(Told::peers);
        let external: BTreeSet<&str> = peers.filter(|peer| !members.contains(peer)).collect();
        page.title(format_args!(
            "fleet of {}, {}, as of {}",
            counted(members.len(), "node", "nodes"),
            counted(external.len(), "external peer", "external peers"),
            words::moment(i128::from(self.now.get()))
        ));
        for told in &self.members {
            page.line("");
            self.health(told, page);
            self.left_out(told, page);
            self.moves(told, page);
            self.needs(told, page);
            self.sharing(told, page)?;
            self.fees(told, page);
            self.splices(told, page);
            self.new_channels(told, page);
        }
        Ok(())
    }

    fn health(&self, told: &Told<'_>, page: &mut Page) {
        let name = in_style(paint::TITLE, format_args!("{:4}", told.node.name));
        let id: String = told.id.chars().take(10).collect();
        let advice = &told.advice.decision;
        let told_of = format!(
            "{}, {} sat",
            counted(told.announced(), "channel", "channels"),
            grouped(told.snapshot.decision.capacity_sats),
        );
        match &advice.health {
            None => {
                page.line(format_args!(
                    "{name} {id}…  health unknown: no listforwards.json"
                ));
                page.line(format_args!("     {told_of}"));
            }
            Some(health) => {
                let tier = health.tier.as_str();
                let tier = in_style(of_word(tier), format_args!("{tier} {}", health.score));
                page.line(format_args!("{name} {id}…  {tier} of 100   {told_of}"));
                let points = &health.components;
                page.line(format_args!(
                    "     earning {:.1}/40 + not losing {:.1}/30 + balance {:.1}/20 + trend {:.1}/10",
                    points.profitable.get(),
                    points.underwater.get(),
                    points.liquidity.get(),
                    points.trend.get(),
                ));
                page.line(format_args!(
                    "     trend {}; own budget x {}",
                    trend_word(health.trend),
                    health.budget_multiplier,
                ));
                lift(health, page);
            }
        }
        for reason in told.about_health() {
            page.say("-", &self.sentence(reason));
        }
        let movable = |sats: Option<Sat>| {
            sats.map_or("unknown".to_owned(), |sats| {
                format!("{} sat", grouped(sats))
            })
        };
        page.line(format_args!(
            "     {} out {}, in {}",
            label("can move"),
            movable(advice.movable_out_sats),
            movable(advice.movable_in_sats),
        ));
        page.line(format_args!(
            "     {} rebalancing may cost {} sat",
            label("budget"),
            grouped(advice.budget.left_sats),
        ));
    }

    /// What the node lists and is not used, or told to nobody, in one block; and what is unknown.
    fn left_out(&self, told: &Told<'_>, page: &mut Page) {
        let out = &told.advice.decision.left_out;
        let listed = &out.listed;
        let of = |standing: Standing| self.standing(out, standing);
        let hidden = self.unannounced(told);
        let groups = [
            (listed.closing, "closing", of(Standing::Closing)),
            (listed.opening, "opening", of(Standing::Opening)),
            (listed.proposed, "proposed", of(Standing::Proposed)),
            (listed.unknown, "in an unknown state", of(Standing::Unknown)),
            (out.offline, "offline", of(Standing::Offline)),
            (
                out.closed_to_forwards,
                "closed to forwards",
                of(Standing::ClosedToForwards),
            ),
            (listed.unannounced, "not active in the graph", hidden),
            (listed.duplicate, "under an id that another has", Vec::new()),
            (listed.set_aside, "set aside", Vec::new()),
        ];
        let groups = groups.iter().filter(|(count, ..)| count.get() > 0);
        let groups: Vec<String> = groups
            .map(|(count, what, names)| format!("{count} {what}{}", shortened(names)))
            .collect();
        if !groups.is_empty() {
            page.say(&label("left out"), &groups.join("; "));
        }
        let aside = told.aside();
        for aside in aside.iter().take(ROWS) {
            let error = &aside.error;
            let said = format!(
                "{} set aside: {} (got {}, expected {})",
                self.named(&aside.subject),
                error.field,
                error.got,
                error.expected,
            );
            page.say("-", &said);
        }
        rest(aside.len(), ROWS, "more set aside", page);
        // Of single channels only what is odd: what is not known of them is said where it matters.
        let noted = told.snapshot.reasons.iter().filter(|reason| {
            is_noted(reason) && (reason.effect == Effect::Warn || reason.subject.is_none())
        });
        // What the operator decided of something that is not there has no other place.
        let decided = told.advice.reasons.iter();
        let decided = decided.filter(|reason| reason.code == Code::OperatorSubjectUnknown);
        // What the health already told is not said twice.
        let noted = noted.filter(|reason| {
            let told = told.about_health();
            told.into_iter().all(|told| told.code != reason.code)
        });
        let noted: Vec<&Reason> = noted.chain(decided).collect();
        for reason in noted.iter().take(ROWS) {
            match reason.code {
                // What follows from it is part of the line.
                Code::GraphUnknown => page.say("-", NO_GRAPH),
                _ => page.say("-", &self.sentence(reason)),
            }
        }
        rest(noted.len(), ROWS, "more of what was read", page);
    }

    /// The names of the channels that are left out for one reason.
    fn standing(&self, out: &NotAdvised, standing: Standing) -> Vec<String> {
        let found = out.channels.iter().filter(|one| one.standing == standing);
        let name = |one: &LeftOutChannel| match one.short_channel_id {
            Some(_) => self.name(&one.channel_id),
            None => format!("one to {}", self.name(&one.peer_id)),
        };
        found.map(name).collect()
    }

    /// The names of the channels that are used and that others cannot see now.
    fn unannounced(&self, told: &Told<'_>) -> Vec<String> {
        let channels = told.snapshot.decision.us.channels.readable().iter();
        let hidden = channels.filter(|one| one.counts() && !one.is_seen());
        hidden.map(|one| self.name(&one.channel_id)).collect()
    }

    fn moves(&self, told: &Told<'_>, page: &mut Page) {
        let advice = &told.advice.decision;
        let worth = |one: &&MoveAdvice| one.outcome != MoveOutcome::Refused;
        for one in advice.rebalances.iter().filter(worth).take(MOVES) {
            self.one_move(one, page);
        }
        let more = advice.rebalances.iter().filter(worth).count();
        rest(more, MOVES, "more that pay or wait", page);
        let refused = advice.rebalances.len() - more;
        if refused > 0 {
            page.line(format_args!(
                "     {} {refused} of {} {} not filled:",
                label("refused"),
                advice.rebalances.len(),
                if refused == 1 {
                    "depleted channels is"
                } else {
                    "depleted channels are"
                },
            ));
        }
        for count in &advice.refusals {
            self.refusal(count, page);
        }
    }

    fn one_move(&self, one: &MoveAdvice, page: &mut Page) {
        let channel = self.name(&one.channel_id);
        let to = format!("{channel} to {}", self.name(&one.peer_id));
        let mark = label("rebalance");
        let amount = one.amount_sats.map(grouped).unwrap_or_default();
        let from = one.source.as_ref().map(|source| self.name(source));
        let from = from.unwrap_or_default();
        let ev = one.ev.map_or(0.0, |ev| ev.get());
        let least = one.threshold.map_or(0.0, |least| least.get());
        let ppm = |ppm: Option<Ppm>| ppm.map_or("?".to_owned(), grouped);
        let hop = last_hop(one.last_hop);
        match one.outcome {
            MoveOutcome::WorthIt => {
                let word = in_style(paint::GOOD, "worth it");
                page.tell(&mark, &format!("{to} {word}: {amount} sat from {from}"));
                page.say(
                    " ",
                    &format!(
                        "value {ev:.1} sat (at least {least:.1}), the route costs {} ppm, pay at most {} ppm{hop}",
                        ppm(one.inbound_ppm),
                        ppm(one.max_fee_ppm),
                    ),
                );
            }
            MoveOutcome::PaysBelow => {
                let word = format_args!("pays up to {} ppm", ppm(one.pays_up_to_ppm));
                let word = in_style(paint::FAIR, word);
                let said = format!(
                    "{to} {word}: {amount} sat from {from}; what a route costs is unknown{hop}"
                );
                page.tell(&mark, &said);
            }
            MoveOutcome::Waits | MoveOutcome::Refused => {
                let word = in_style(paint::FAIR, "waits");
                page.tell(&mark, &format!("{to} {word}{hop}"));
                for reason in one.reasons.iter().filter(|reason| reason.binding).take(1) {
                    page.say("-", &self.sentence(reason));
                }
                return;
            }
        }
        // The value rests on what is not known.
        for reason in one.reasons.iter().filter(|reason| is_noted(reason)).take(1) {
            page.say("-", &self.sentence(reason));
        }
    }

    /// A count of refusals with the case that is closest to a yes.
    fn refusal(&self, count: &RefusalCount, page: &mut Page) {
        let closest = self.sentence(&count.closest);
        let said = format!(
            "{} x {}, closest: {closest}",
            count.count,
            count.code.entry().name
        );
        page.say("-", &said);
    }

    fn needs(&self, told: &Told<'_>, page: &mut Page) {
        for class in [LiquidityClass::Depleted, LiquidityClass::Saturated] {
            let needs = told.advice.decision.needs.iter();
            let needs: Vec<_> = needs.filter(|need| need.class == class).collect();
            for need in needs.iter().take(ROWS) {
                let (word, kind) = match class {
                    LiquidityClass::Depleted => ("depleted", "outbound"),
                    _ => ("saturated", "inbound"),
                };
                page.tell(
                    &in_style(of_word(word), format_args!("{word:10}")),
                    &format!(
                        "{} to {}: {} of {} sat ours",
                        self.name(&need.channel_id),
                        self.name(&need.peer_id),
                        grouped(need.local_sats),
                        grouped(need.capacity_sats),
                    ),
                );
                let severity = need.severity.map_or("", severity_word);
                let sells = match told.sells(&need.channel_id) {
                    true => format!("a month sells {} sat", grouped(need.demand_sats)),
                    false => "what it sells is unknown".to_owned(),
                };
                let mut moves = told.advice.decision.rebalances.iter();
                let filled = moves.find(|one| one.channel_id == need.channel_id);
                page.say(
                    " ",
                    &format!(
                        "{} sat {kind} to one half ({severity}); {sells}{}",
                        grouped(need.to_half_sats),
                        last_hop(filled.and_then(|one| one.last_hop)),
                    ),
                );
            }
            rest(needs.len(), ROWS, "more of them", page);
        }
    }

    /// What the other members need and have, as this one sees it.
    fn sharing(&self, told: &Told<'_>, page: &mut Page) -> Result<(), Failure> {
        if self.members.len() < 2 {
            return Ok(());
        }
        let asked = FleetInput {
            first: Some(Count::new(ROWS as u32)?),
            members: told.question.members.clone(),
            now: self.now,
            us: Us {
                tier: told.advice.decision.tier,
                ..told.snapshot.decision.us.clone()
            },
        };
        let needs = self.caller.decide::<LiquidityNeeds>(&asked)?;
        for need in &needs.decision.fleet_needs {
            let kind = match need.need_type {
                NeedType::Inbound => "inbound",
                NeedType::Outbound => "outbound",
            };
            page.tell(
                &label("need"),
                &format!(
                    "{} ({}) lacks {kind} at {} ({}), our relevance {:.2}",
                    self.name(&need.member_id),
                    need.tier.as_str(),
                    self.name(&need.peer_id),
                    severity_word(need.severity),
                    need.our_relevance.get(),
                ),
            );
        }
        let excess = self.caller.decide::<LiquidityExcess>(&asked)?;
        for spare in &excess.decision.fleet_excess {
            page.tell(
                &label("excess"),
                &format!(
                    "{} ({}) has {} sat to spare at {}",
                    self.name(&spare.member_id),
                    spare.tier.as_str(),
                    grouped(spare.amount_sats),
                    self.name(&spare.peer_id),
                ),
            );
        }
        let state = self.caller.decide::<LiquidityState>(&asked)?;
        let peers = state.decision.common_bottleneck_peers.iter();
        let peers: Vec<String> = peers.map(|peer| self.name(peer)).collect();
        if !peers.is_empty() {
            page.say(&label("bottleneck"), &peers.join(", "));
        }
        Ok(())
    }

    fn fees(&self, told: &Told<'_>, page: &mut Page) {
        let fees = &told.advice.decision.fees;
        for fee in fees.iter().take(ROWS) {
            if let Some(refused) = fee.reasons.iter().find(|reason| reason.binding) {
                page.say(&label("fee"), &self.sentence(refused));
                continue;
            }
            let channel = format!(
                "{} to {}",
                self.name(&fee.channel_id),
                self.name(&fee.peer_id)
            );
            let way = match fee.step {
                Step::Lowered => "one step below",
                Step::Raised => "one step above",
                Step::Unchanged => "stays at",
            };
            let to = match fee.fee_ppm {
                Some(to) => format!("{} ppm, {way} the fee you intend", grouped(to)),
                None => format!("{way} the fee you intend"),
            };
            let whom = match fee.for_tier {
                Some(tier) => format!(": the neediest member there is {}", tier.as_str()),
                None => String::new(),
            };
            page.say(&label("fee"), &format!("{channel} {to}{whom}"));
        }
        rest(fees.len(), ROWS, "more fees", page);
    }

    fn splices(&self, told: &Told<'_>, page: &mut Page) {
        let advice = &told.advice.decision;
        for splice in advice.splices.iter().take(ROWS) {
            let amount = match splice.headroom_sats {
                Some(amount) if amount.get() > 0 => {
                    format!("up to {} sat can leave safely", grouped(amount))
                }
                _ => "nothing can be called safe".to_owned(),
            };
            page.tell(
                "splice-out",
                &format!("to {} {amount}", self.name(&splice.peer_id)),
            );
            let said = splice.reasons.iter();
            let said = said.filter(|reason| reason.effect != Effect::Allow);
            for reason in said.take(1) {
                page.say("-", &self.sentence(reason));
            }
        }
        rest(advice.splices.len(), ROWS, "more peers", page);
        let unchecked = advice.splices_unchecked;
        if unchecked.get() > 0 && !told.lacks_graph() {
            let peers = counted(unchecked, "peer", "peers");
            page.say(
                " ",
                &format!("splice-out: not checked for {peers} without a known public capacity"),
            );
        }
    }

    fn new_channels(&self, told: &Told<'_>, page: &mut Page) {
        for peer in told.advice.decision.new_channels.iter().take(ROWS) {
            let helps: Vec<String> = peer.helps.iter().map(|member| self.name(member)).collect();
            page.tell(
                &label("channel"),
                &format!(
                    "to {} would help {}",
                    self.name(&peer.peer_id),
                    helps.join(", "),
                ),
            );
            for reason in peer
                .reasons
                .iter()
                .filter(|reason| is_noted(reason))
                .take(1)
            {
                page.say("-", &self.sentence(reason));
            }
        }
    }

    /// The first channel that is not filled, by the name that people use.
    fn unfilled(&self) -> Option<String> {
        let moves = self.members.iter();
        let mut moves = moves.flat_map(|told| &told.advice.decision.rebalances);
        let refused = moves.find(|one| one.outcome == MoveOutcome::Refused)?;
        Some(self.name(&refused.channel_id))
    }

    /// Why nothing is rebalanced at one channel or peer, as each member that has it sees it.
    fn explained(&self, subject: &str) -> Result<Vec<ExplainedMember<'_>>, Failure> {
        let subject = NodeId::new(subject)?;
        let knows = |told: &&Told<'_>| {
            let channels = told.snapshot.decision.us.channels.readable().iter();
            channels.into_iter().any(|channel| {
                channel.channel_id == subject
                    || channel.peer_id == subject
                    || channel.short_channel_id.as_ref() == Some(&subject)
            })
        };
        let mut explained = Vec::new();
        for told in self.members.iter().filter(knows) {
            let asked = NodeExplainInput {
                asked: told.question.clone(),
                first: Some(Count::new(ROWS as u32)?),
                subject: subject.clone(),
            };
            explained.push(ExplainedMember {
                explained: self.caller.decide::<FleetExplain>(&asked)?,
                name: &told.node.name,
            });
        }
        if explained.is_empty() {
            return Err(Failure::Usage(format!(
                "{subject}: no channel or peer of a member"
            )));
        }
        Ok(explained)
    }

    /// The same as a page.
    fn explain(&self, subject: &str, page: &mut Page) -> Result<(), Failure> {
        for member in self.explained(subject)? {
            let explained = member.explained.decision;
            for channel in &explained.channels {
                page.title(format_args!(
                    "{} {} to {}: {} of {} sat ours",
                    member.name,
                    self.name(&channel.channel_id),
                    self.name(&channel.peer_id),
                    grouped(channel.local_sats),
                    grouped(channel.capacity_sats),
                ));
                for reason in &channel.reasons {
                    page.say("-", &self.sentence(reason));
                }
                if let Some(advice) = &channel.advice {
                    if let Some(hop) = advice.last_hop {
                        page.say("-", &hop_words(hop));
                    }
                    for reason in &advice.reasons {
                        page.say("-", &self.sentence(reason));
                    }
                }
                for (title, pairs) in [
                    ("filled from", &channel.into),
                    ("gives to", &channel.out_of),
                ] {
                    page.line(format_args!(
                        "     {} {} tried, {}",
                        label(title),
                        pairs.tried,
                        counted(pairs.pay, "pays", "pay"),
                    ));
                    for count in &pairs.refusals {
                        self.refusal(count, page);
                    }
                }
                for reason in channel.fee.iter().flat_map(|fee| &fee.reasons) {
                    page.say("- fee:", &self.sentence(reason));
                }
            }
            for splice in &explained.splices {
                for reason in &splice.reasons {
                    page.say("- splice-out:", &self.sentence(reason));
                }
            }
        }
        Ok(())
    }

    /// The page as JSON: what was answered about each member.
    fn json(&self) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct OfMember<'t> {
            advice: &'t Decided<NodeAdvice>,
            name: &'t str,
            node_id: &'t str,
            snapshot: &'t Decided<Snapshot>,
        }
        #[derive(Serialize)]
        struct OfFleet<'t> {
            members: Vec<OfMember<'t>>,
            now: Seconds,
        }
        let members = self.members.iter().map(|told| OfMember {
            advice: &told.advice,
            name: &told.node.name,
            node_id: &told.id,
            snapshot: &told.snapshot,
        });
        Ok(canonical::text(&OfFleet {
            members: members.collect(),
            now: self.now,
        })?)
    }
}

impl Told<'_> {
    fn peers(&self) -> impl Iterator<Item = &str> {
        let channels = self.snapshot.decision.us.channels.readable();
        channels.iter().map(|channel| channel.peer_id.as_str())
    }

    /// How many channels the health and the capacity are over: those that others are told of.
    fn announced(&self) -> u64 {
        let held = self.snapshot.decision.report.capacities.iter();
        let channels = held.filter_map(|one| one.channels);
        channels.map(|count| u64::from(count.get())).sum()
    }

    /// Whether it is known what others send through a channel.
    fn sells(&self, channel_id: &NodeId) -> bool {
        let mut channels = self.snapshot.decision.us.channels.readable().iter();
        channels.any(|one| one.channel_id == *channel_id && one.flow.is_some())
    }

    /// Whether nobody gave the graph.
    fn lacks_graph(&self) -> bool {
        let mut reasons = self.snapshot.reasons.iter();
        reasons.any(|reason| reason.code == Code::GraphUnknown)
    }

    /// What is said of the health besides the score. The tiers further up follow from the next one,
    /// which has a line of its own.
    fn about_health(&self) -> Vec<&Reason> {
        let reasons = self.advice.reasons.iter();
        let said = reasons.filter(|reason| {
            reason.effect != Effect::Allow
                && reason.effect != Effect::Adjust
                && reason.code.entry().is_returned_by("health.assess")
        });
        match self.advice.decision.health {
            Some(_) => said.collect(),
            None => Vec::new(),
        }
    }

    /// Every entry that was set aside, once.
    fn aside(&self) -> Vec<&Quarantined> {
        let mut aside: Vec<&Quarantined> = Vec::new();
        for one in self
            .snapshot
            .quarantined
            .iter()
            .chain(&self.advice.quarantined)
        {
            if !aside.contains(&one) {
                aside.push(one);
            }
        }
        aside
    }
}

/// The question of `fleet.advise` about one member.
fn question(
    node: &Node,
    snapshot: &Snapshot,
    now: Seconds,
    members: Vec<Member>,
) -> NodeAdviceInput {
    NodeAdviceInput {
        budget: node.budget.clone(),
        exits: Vec::new(),
        fee_steps: Vec::new().into(),
        first: None,
        health: None,
        members: members.into(),
        now,
        operator: node.operator.clone(),
        snapshot: snapshot.clone(),
    }
}

/// What would lift the node a tier.
fn lift(health: &Assessed, page: &mut Page) {
    let Some(above) = &health.tier_above else {
        return page.line("     in the best tier");
    };
    let would = match above.profitable {
        Some(count) => format!(
            "; with {count} earning instead of {} it would be",
            health.profitable
        ),
        None => "; earning channels alone would not do".to_owned(),
    };
    page.line(format_args!(
        "     {} below {}{would}",
        counted(above.missing, "point", "points"),
        above.tier.as_str(),
    ));
}

const fn trend_word(trend: Trend) -> &'static str {
    match trend {
        Trend::Improving => "improving",
        Trend::Stable => "stable",
        Trend::Declining => "declining",
    }
}

const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
    }
}

/// Whether a reason says that something is odd or not known.
fn is_noted(reason: &Reason) -> bool {
    matches!(reason.effect, Effect::Warn | Effect::Unchecked)
}

/// What the peer takes for the last hop, where it is told: a base fee hides in no rate.
fn last_hop(hop: Option<HopFee>) -> String {
    hop.map_or_else(String::new, |hop| format!("; {}", hop_words(hop)))
}

fn hop_words(hop: HopFee) -> String {
    let (base, ppm) = (grouped(hop.base_msat), grouped(hop.ppm));
    format!("last hop {base} msat + {ppm} ppm")
}

/// The first names of a group, and how many more there are.
fn shortened(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(ROWS).map(String::as_str).collect();
    match names.len() {
        0 => String::new(),
        all if all > ROWS => format!(" ({} and {} more)", shown.join(", "), all - ROWS),
        _ => format!(" ({})", shown.join(", ")),
    }
}

/// One line for the rows that are not shown.
fn rest(all: usize, shown: usize, what: &str, page: &mut Page) {
    if all > shown {
        page.line(format_args!(
            "     {} and {} {what}",
            label(""),
            all - shown
        ));
    }
}

fn label(word: &str) -> String {
    in_style(paint::DIM, format_args!("{word:10}"))
}
