//! How the fleet stands with a peer, once everything is counted.

use super::{Other, Ours, SpliceConfig, Whole};
use crate::error::Error;
use crate::fleet::view::set_aside;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{NodeId, Sat, Seconds};

/// What both questions are asked with.
pub(in crate::fleet) struct Situation<'i> {
    pub channel_id: Option<&'i NodeId>,
    pub hive_reachable: bool,
    pub in_flight: &'i [Sat],
    pub now: Seconds,
    pub ours: &'i Ours,
    pub public: Option<Sat>,
}

/// What the rules are asked with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'c> {
    pub config: &'c SpliceConfig,
    pub fleet: Sat,
    /// The most that one splice of ours can take out; none where no balance is known.
    pub gives: Option<Sat>,
    pub others: Sat,
    pub ours: Sat,
    /// Whether the other members could be asked at all.
    pub reachable: bool,
    /// What the shares are shares of; none when unknown.
    pub total: Option<Sat>,
}

impl Standing<'_> {
    /// Whether enough is known to speak of shares.
    pub const fn is_known(&self) -> bool {
        self.reachable && self.total.is_some()
    }

    pub fn left(&self, amount: u64) -> u64 {
        self.fleet.get().saturating_sub(amount)
    }

    pub fn share(&self, sats: u64) -> f64 {
        let total = self.total.map_or(0.0, Sat::as_f64);
        if total > 0.0 {
            sats as f64 / total
        } else {
            0.0
        }
    }
}

impl Situation<'_> {
    /// Counts what the fleet holds; `coming` will be added to it.
    pub(super) fn standing<'c, 'o>(
        &self,
        config: &'c SpliceConfig,
        all: impl IntoIterator<Item = &'o Other>,
        coming: Sat,
        why: &mut Why,
    ) -> Result<Standing<'c>, Error> {
        let named = self.channel_id;
        let own = self.ours.count(named, self.in_flight, why);
        let own = own.map_err(|_| Error::overflow("ours"))?;
        let ours = own.held;
        let mut held = Vec::new();
        for other in all {
            held.push((self.other_sats(config, other, why)?, &other.member_id));
        }
        let ahead = ours.plus(coming);
        let ahead = ahead.map_err(|_| Error::overflow("amount_sats"))?;
        let others = set_aside(ahead, held, why);
        let fleet = ours.plus(others).map_err(|_| Error::overflow("others"))?;
        let public = self.public.filter(|public| *public > Sat::MIN);
        let total = public.map(|public| match config.whole {
            Whole::Public => public,
            Whole::AtLeastFleet => public.max(fleet),
        });
        if let (Some(public), true) = (public.filter(|public| fleet > *public), self.hive_reachable)
        {
            why.add(|| {
                Reason::new(Code::CapacityAbovePublic, Effect::Warn)
                    .observed(fleet)
                    .limit(public)
                    .flip("peer_public_sats", fleet)
            });
        }
        Ok(Standing {
            config,
            fleet,
            gives: own.gives,
            others,
            ours,
            reachable: self.hive_reachable,
            total,
        })
    }

    /// What counts of one member, in sats that need not be possible.
    fn other_sats(
        &self,
        config: &SpliceConfig,
        other: &Other,
        why: &mut Why,
    ) -> Result<u128, Error> {
        if self.ours.node_id.as_ref() == Some(&other.member_id) {
            why.add(|| Reason::new(Code::OwnReportIgnored, Effect::Adjust).about(&other.member_id));
            return Ok(0);
        }
        let answer = other.answer.as_ref();
        let answer = answer.filter(|answer| self.fresh(config, answer.at, config.max_answer_age_s));
        let held = match answer {
            Some(answer) => u128::from(answer.capacity_sats.get()),
            None if self.fresh(config, other.at, config.max_report_age_s) => reported(other, why)?,
            None => {
                let oldest = self.now.less(config.max_report_age_s);
                let latest = self.now.plus(config.max_skew_s)?;
                why.add(|| {
                    Reason::new(Code::StaleCapacity, Effect::Warn)
                        .about(&other.member_id)
                        .observed(other.at)
                        .limit(oldest)
                        .flip("at", other.at.clamp(oldest, latest))
                });
                0
            }
        };
        let open = other
            .announced
            .iter()
            .filter(|exit| exit.expires > self.now);
        Ok(open.fold(held, |held, exit| {
            held.saturating_sub(u128::from(exit.amount_sats.get()))
        }))
    }

    fn fresh(&self, config: &SpliceConfig, at: Seconds, max_age: Seconds) -> bool {
        self.now.less(at) <= max_age && at.less(self.now) <= config.max_skew_s
    }
}

/// What a fresh report says, at best channel by channel.
fn reported(other: &Other, why: &mut Why) -> Result<u128, Error> {
    if let Some(channels) = &other.channels {
        return Ok(channels.iter().map(|sats| u128::from(sats.get())).sum());
    }
    let node = other.node_capacity_sats.unwrap_or_default().get();
    let channels = u64::from(other.node_channels.unwrap_or_default().get());
    let estimate = Sat::new(node.checked_div(channels).unwrap_or(0))?;
    why.add(|| {
        Reason::new(Code::CapacityEstimated, Effect::Warn)
            .about(&other.member_id)
            .observed(estimate)
    });
    Ok(estimate.get().into())
}
