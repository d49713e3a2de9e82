//! What the channels earned and cost, and when something last moved, from every source that knows.
//!
//! History may be missing from either of two sources: a splice changes the short_channel_id under
//! which forwards are kept, autoclean deletes forwards, books may begin late. So the larger of two
//! sums counts, and what no source reaches back to is unknown.

use super::listed::Listed;
use super::moves::{self, Moves};
use super::raw::{ClnInput, Forward, IncomeEvent};
use super::sums::{DAY, Days, FLOW_DAYS, FlowSums, PROFIT_DAYS, add_within, sum_of};
use super::{ChannelProfit, Unattributed};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{Channel, ChannelFlow, Demand};
use crate::fleet::health::profit::{ProfitInput, profit};
use crate::fleet::health::trend::too_short;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Table;
use crate::units::{Count, Msat, Sat, Seconds, Share};

const WEEK: u64 = 7 * DAY;
const WINDOWS: usize = 4;

/// The node's history, added up per channel.
pub(super) struct Ledger<'i> {
    now: u64,
    /// The place of each channel, by id.
    places: Table<&'i str, usize>,
    books: Vec<Books<'i>>,
    forwards: Option<Source>,
    income: Option<Source>,
    moves: Option<Moves>,
    pub unattributed: Unattributed,
}

/// One source of revenue.
#[derive(Clone, Copy, Default)]
struct Source {
    /// From when on it is whole.
    since: Option<u64>,
    windows: [Msat; WINDOWS],
}

/// What one channel earned and cost, and what moved in it.
#[derive(Default)]
struct Books<'i> {
    forwarded: u128,
    routed: u128,
    onchain: Net,
    opening: Net,
    lease: Net,
    /// The first on-chain fee in its books: when, and for which transaction.
    first_fee: Option<(u64, Option<&'i str>)>,
    /// The oldest event that is no forward.
    booked_since: Option<u64>,
    moved_at: Option<u64>,
    /// As the forwards tell.
    flow: FlowSums,
    /// Days with a `routed` credit in the books.
    days_routed: Days,
}

/// Debits and credits of one tag.
#[derive(Clone, Copy, Default)]
struct Net {
    debit: u128,
    credit: u128,
}

impl Net {
    fn add(&mut self, event: &IncomeEvent) {
        self.debit += u128::from(event.debit_msat.get().get());
        self.credit += u128::from(event.credit_msat.get().get());
    }

    /// Debits less credits, never below nothing.
    const fn cost(self) -> u128 {
        self.debit.saturating_sub(self.credit)
    }

    const fn gain(self) -> u128 {
        self.credit.saturating_sub(self.debit)
    }
}

impl Source {
    fn saw(&mut self, at: u64) {
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }

    fn earn(&mut self, age: u64, msat: u64) {
        let weeks = usize::try_from(age / WEEK).unwrap_or(WINDOWS);
        if let Some(window) = self.windows.iter_mut().rev().nth(weeks) {
            *window = sum_of(u128::from(window.get()) + u128::from(msat));
        }
    }

    fn total(&self) -> u128 {
        self.windows
            .iter()
            .map(|window| u128::from(window.get()))
            .sum()
    }
}

impl<'i> Ledger<'i> {
    pub fn of(config: &Config, input: &'i ClnInput, listed: &Listed<'i>, why: &mut Why) -> Self {
        let ids = listed.entries.iter().zip(0..);
        let ids = ids.filter_map(|(raw, place)| Some((raw.channel_id.as_ref()?.as_str(), place)));
        let places: Table<&str, usize> = ids.collect();
        let lately = u64::from(config.rebalance.flow_window_days.get()) * DAY;
        let mut ledger = Self {
            now: input.now.get(),
            books: places.keys().map(|_| Books::default()).collect(),
            places,
            forwards: None,
            income: None,
            moves: None,
            unattributed: Unattributed::default(),
        };
        ledger.read_forwards(input, listed, lately, why);
        ledger.read_income(input, why);
        ledger.moves = moves::read(input, &ledger.places, lately, why);
        ledger.explain_sums(listed, why);
        ledger
    }

    /// A clock a little ahead of ours must not lose its last forward.
    const fn age(&self, at: u64) -> u64 {
        self.now.saturating_sub(at)
    }

    fn read_forwards(
        &mut self,
        input: &'i ClnInput,
        listed: &Listed<'i>,
        lately: u64,
        why: &mut Why,
    ) {
        let Some(answer) = &input.listforwards else {
            why.add(|| Reason::new(Code::ForwardsUnknown, Effect::Unchecked));
            return;
        };
        let names = names(listed, &self.places);
        let mut source = Source::default();
        let mut unknown = 0;
        let settled = answer.forwards.each(why).iter();
        for forward in settled.filter(|forward| forward.status == "settled") {
            self.add_forward(forward, &names, lately, &mut source, &mut unknown);
        }
        source.since = input.forwards_since.map(Seconds::get).or(source.since);
        self.forwards = Some(source);
        self.unattributed.forwards_msat = sum_of(unknown);
    }

    fn add_forward(
        &mut self,
        forward: &'i Forward,
        names: &Table<&str, Option<usize>>,
        lately: u64,
        source: &mut Source,
        unknown: &mut u128,
    ) {
        let Some(at) = forward.resolved_time.or(forward.received_time) else {
            return;
        };
        // Nodes give seconds with a fraction; a float cast truncates and saturates.
        let at = at.get() as u64;
        let age = self.age(at);
        let fee = forward.fee_msat.unwrap_or_default().get().get();
        source.saw(at);
        source.earn(age, fee);
        let place = |name: &str| names.get(name).copied();
        let out = forward
            .out_channel
            .as_ref()
            .map(|name| place(name.as_str()));
        if let Some(None) = out {
            add_within(unknown, fee, age, PROFIT_DAYS * DAY);
        }
        if let Some(books) = self.books_at(out.flatten().flatten()) {
            add_within(&mut books.forwarded, fee, age, PROFIT_DAYS * DAY);
            books.moved_at = books.moved_at.max(Some(at));
            let sent = forward.out_msat.unwrap_or_default().get().get();
            books.flow.send(age, lately, sent);
        }
        if let Some(books) = self.books_at(place(forward.in_channel.as_str()).flatten()) {
            books.moved_at = books.moved_at.max(Some(at));
            let received = forward.in_msat.unwrap_or_default().get().get();
            books.flow.receive(age, lately, received);
        }
    }

    fn books_at(&mut self, place: Option<usize>) -> Option<&mut Books<'i>> {
        self.books.get_mut(place?)
    }

    fn read_income(&mut self, input: &'i ClnInput, why: &mut Why) {
        let Some(answer) = &input.bkpr_listincome else {
            why.add(|| Reason::new(Code::CostUnknown, Effect::Unchecked));
            return;
        };
        let events = answer.income_events.each(why);
        let mut source = Source::default();
        let mut rebalances = Net::default();
        for event in events {
            let age = self.age(event.timestamp.get());
            if event.tag == "routed" {
                source.saw(event.timestamp.get());
                source.earn(age, event.credit_msat.get().get());
            }
            if event.tag == "rebalance_fee" && age < PROFIT_DAYS * DAY {
                rebalances.add(event);
            }
            self.add_event(event, age);
        }
        for event in events.iter().filter(|event| event.tag == "onchain_fee") {
            self.add_opening(event);
        }
        source.since = input.income_since.map(Seconds::get).or(source.since);
        self.income = Some(source);
        // Where the moves are known they tell which channel was filled.
        self.unattributed.rebalances_msat = sum_of(rebalances.cost());
    }

    fn add_event(&mut self, event: &'i IncomeEvent, age: u64) {
        let at = event.timestamp.get();
        let place = self.places.get(event.account.as_str()).copied();
        let Some(books) = self.books_at(place) else {
            return;
        };
        let counts = age < PROFIT_DAYS * DAY;
        match event.tag.as_str() {
            "routed" => {
                let credit = event.credit_msat.get().get();
                add_within(&mut books.routed, credit, age, PROFIT_DAYS * DAY);
                books.moved_at = books.moved_at.max(Some(at));
                books.days_routed.add(age);
                return;
            }
            "onchain_fee" => {
                let first = (at, event.txid.as_deref());
                books.first_fee = Some(books.first_fee.map_or(first, |known| known.min(first)));
                if counts {
                    books.onchain.add(event);
                }
            }
            "lease_fee" if counts => books.lease.add(event),
            _ => {}
        }
        books.booked_since = Some(books.booked_since.map_or(at, |known| known.min(at)));
    }

    /// What a splice cost later is no part of the opening.
    fn add_opening(&mut self, event: &'i IncomeEvent) {
        let age = self.age(event.timestamp.get());
        let place = self.places.get(event.account.as_str()).copied();
        let Some(books) = self.books_at(place) else {
            return;
        };
        let opens = books.first_fee.is_some_and(|(at, txid)| match txid {
            Some(_) => event.txid.as_deref() == txid,
            None => event.timestamp.get() == at,
        });
        if opens && age < PROFIT_DAYS * DAY {
            books.opening.add(event);
        }
    }

    /// What was paid to fill a channel that is still listed and counts no more is in no number of a
    /// channel: it goes to the sum of the node, as that of a channel that is gone.
    fn explain_sums(&mut self, listed: &Listed<'_>, why: &mut Why) {
        if let Some(moves) = &self.moves {
            let places = listed.channels.iter().enumerate();
            let uncounted = places.filter(|(_, channel)| !channel.counts());
            let costs = uncounted.map(|(place, _)| moves.cost(place));
            self.unattributed.rebalances_msat = sum_of(moves.gone + costs.sum::<u128>());
        }
        for (sum, code) in [
            (
                self.unattributed.forwards_msat,
                Code::ForwardsOfUnknownChannels,
            ),
            (
                self.unattributed.rebalances_msat,
                Code::RebalanceCostUnattributed,
            ),
        ] {
            if sum > Msat::MIN {
                why.add(|| Reason::new(code, Effect::Warn).observed(sum));
            }
        }
    }

    /// Whether anything is known of what the channels earned.
    pub const fn is_known(&self) -> bool {
        self.forwards.is_some() || self.income.is_some()
    }

    /// Fees of the last four weeks, whole from the source that has more of them.
    pub fn windows(&self) -> [Msat; WINDOWS] {
        let forwards = self.forwards.unwrap_or_default();
        let income = self.income.unwrap_or_default();
        match forwards.total() > income.total() {
            true => forwards.windows,
            false => income.windows,
        }
    }

    /// Whether a source reaches back to before the oldest window. A new node is not improving, nor
    /// is one whose history was deleted.
    pub fn shows_trend(&self, why: &mut Why) -> bool {
        let sources = [self.forwards, self.income].into_iter().flatten();
        let since = sources.filter_map(|source| source.since).min();
        let weeks = since.map_or(0, |since| self.age(since) / WEEK);
        let shows = weeks >= WINDOWS as u64;
        if !shows {
            why.add(|| too_short(weeks, WINDOWS as u64));
        }
        shows
    }

    /// What others sent through each channel, what rebalances into it cost, and its age.
    pub fn fill(&self, channels: &mut [Channel], why: &mut Why) -> Option<Demand> {
        for (place, channel) in channels.iter_mut().enumerate() {
            let Some(books) = self.books.get(place) else {
                continue;
            };
            if let (Some(age), Some(since)) = (channel.age_days, books.booked_since) {
                let booked = u32::try_from(self.age(since) / DAY).unwrap_or(u32::MAX);
                channel.age_days = Some(age.max(Count::clamped(booked)));
            }
            channel.route_cost_ppm = self
                .moves
                .as_ref()
                .and_then(|moves| moves.route_cost(place));
            if let Some(flow) = self.flow(place, books) {
                channel.flow = Some(flow.told());
                channel.recent_flow = Some(flow.lately());
            }
        }
        let mut usable = channels.iter().filter(|channel| channel.counts());
        if usable.any(|channel| channel.route_cost_ppm.is_none()) {
            why.add(|| Reason::new(Code::RouteCostUnknown, Effect::Unchecked));
        }
        demand(channels)
    }

    /// Moves keep the channel's own id; forwards are kept under the names of their day, and lose
    /// the past of a channel that was spliced.
    fn flow(&self, place: usize, books: &Books<'_>) -> Option<FlowSums> {
        if let Some(moves) = self.moves.as_ref().filter(|moves| moves.tell_flow) {
            return moves.flow(place);
        }
        self.forwards?;
        let mut flow = books.flow;
        flow.also_sent_on(books.days_routed);
        Some(flow)
    }

    /// The books of every channel that counts and what they say.
    pub fn profits(
        &self,
        config: &Config,
        listed: &Listed<'_>,
        why: &mut Why,
    ) -> Result<Vec<ChannelProfit>, Error> {
        if !self.is_known() {
            return Ok(Vec::new());
        }
        let mut unclear = 0;
        let mut profits = Vec::with_capacity(listed.channels.len());
        for (place, (channel, raw)) in listed.channels.iter().zip(&listed.entries).enumerate() {
            let Some(books) = self.books.get(place).filter(|_| channel.counts()) else {
                continue;
            };
            let idle = self.idle(config, channel, place, books);
            unclear += usize::from(idle.is_none());
            let rebalances = self.moves.as_ref().map_or(0, |moves| moves.cost(place));
            let costs = books.onchain.cost() + books.lease.cost() + rebalances;
            let ours = raw.opener.as_deref() != Some("remote");
            let books = ProfitInput {
                age_days: channel.age_days,
                channel_id: Some(channel.channel_id.clone()),
                cost_msat: self.income.map(|_| sum_of(costs)),
                idle_s: idle,
                opening_msat: Some(sum_of(books.opening.cost()))
                    .filter(|opening| ours && *opening > Msat::MIN),
                revenue_msat: sum_of(books.forwarded.max(books.routed) + books.lease.gain()),
            };
            let profit = profit(config, &books, &mut Why::off())?;
            profits.push(ChannelProfit { books, profit });
        }
        if unclear > 0 {
            why.add(|| {
                Reason::new(Code::IdleUnknown, Effect::Unchecked)
                    .observed(unclear as u64)
                    .limit(profits.len() as u64)
            });
        }
        Ok(profits)
    }

    /// From when on a forward would show in either direction. The books know those out alone: that
    /// they have none says nothing of a channel that only receives, unless they are all there is.
    fn sees_both_ways_since(&self) -> Option<u64> {
        let moves = self.moves.as_ref().filter(|moves| moves.tell_flow);
        if self.forwards.is_none() && moves.is_none() {
            return self.income?.since;
        }
        let forwards = self.forwards.and_then(|source| source.since);
        let sources = [forwards, moves.and_then(|moves| moves.since)];
        sources.into_iter().flatten().min()
    }

    /// How long nothing moved; nothing where no source reaches back over the days that matter.
    fn idle(
        &self,
        config: &Config,
        channel: &Channel,
        place: usize,
        books: &Books<'_>,
    ) -> Option<Seconds> {
        let moves = self.moves.as_ref();
        let moved = books
            .moved_at
            .max(moves.and_then(|moves| moves.moved_at(place)));
        if let Some(at) = moved {
            return Some(Seconds::clamped(self.age(at)));
        }
        let since = self.sees_both_ways_since()?;
        let matters = u64::from(config.health.stagnant_days.get()) * DAY;
        let reach = self.age(since);
        let open = channel
            .age_days
            .map_or(reach, |days| u64::from(days.get()) * DAY);
        (reach >= matters).then(|| Seconds::clamped(reach.min(open)))
    }
}

/// Every name under which a channel forwards, to its place; to none where it is in no number. A name
/// of two channels is a name of neither: nobody can tell which of them forwarded.
fn names<'i>(listed: &Listed<'i>, places: &Table<&'i str, usize>) -> Table<&'i str, Option<usize>> {
    let named = listed.all.iter().flat_map(|raw| {
        let id = raw.channel_id.as_ref();
        let place = id.and_then(|id| places.get(id.as_str()).copied());
        let alias = raw.alias.as_ref().and_then(|alias| alias.local.as_ref());
        let names = alias.into_iter().chain(&raw.short_channel_id);
        names.map(move |name| (name.as_str(), place))
    });
    let mut named: Vec<(&str, Option<usize>)> = named.collect();
    sorting::once(&mut named, Ord::cmp);
    let same = named.chunk_by(|a, b| a.0 == b.0);
    let clear = same.filter_map(|places| match places {
        [only] => Some(*only),
        _ => None,
    });
    clear.collect()
}

/// How much the usable channels are asked for, on average.
fn demand(channels: &[Channel]) -> Option<Demand> {
    let usable = channels.iter().filter(|channel| channel.counts());
    let flows: Option<Vec<ChannelFlow>> = usable.map(|channel| channel.flow).collect();
    let flows = flows.filter(|flows| !flows.is_empty())?;
    let days: u64 = flows
        .iter()
        .map(|flow| u64::from(flow.days_out.get()))
        .sum();
    let sats: u128 = flows
        .iter()
        .map(|flow| u128::from(flow.sats_out.get()))
        .sum();
    let all = flows.len() as f64 * f64::from(FLOW_DAYS);
    Some(Demand {
        lambda: Some(Share::clamped(days as f64 / all)),
        sats_per_active_day: sats
            .checked_div(u128::from(days))
            .and_then(|sats| u64::try_from(sats).ok())
            .map(Sat::clamped),
    })
}
