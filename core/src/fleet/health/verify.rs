//! Whether a health report fits what its receiver can see itself. A report carries raw counts and
//! sums, never a score: the score is derived here, so it cannot be claimed.
//!
//! Source: plan §1, "cannot spoof". Codes: `report_consistent`, `nothing_to_compare`,
//! `counts_do_not_add_up`, `channels_above_public`, `capacity_above_announced`,
//! `below_what_we_share`, `report_from_the_future`, `report_too_old`, `report_out_of_order`,
//! `score_jumped`.

use super::balance::points_of;
use super::{HealthConfig, ScoreInput, Spread, Tier, points, trend};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::member::{CLOCKS_DIFFER, is_ahead};
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{BasisPoints, Count, Msat, Points, Sat, Score, Seconds, Share};

/// A report and what we see.
#[record]
pub struct VerifyInput {
    /// What we see ourselves.
    pub evidence: Evidence,
    /// The present moment.
    pub now: Seconds,
    /// What the member reports.
    pub report: HealthReport,
}

/// The observations of a member about itself.
#[record]
pub struct HealthReport {
    /// When it was made.
    pub at: Seconds,
    /// The capacity of these channels.
    pub capacity_sats: Sat,
    /// How many announced channels it has in normal operation.
    pub channels: Count,
    /// Sum over its channels of `floor(|2*local - capacity| * 10000 / capacity)`.
    pub imbalance_bp: BasisPoints,
    /// Channels that earn.
    pub profitable: Count,
    /// Channels that lose and stand still.
    pub stagnant: Count,
    /// All channels that were judged.
    pub total: Count,
    /// Channels that lose.
    pub underwater: Count,
    /// Revenue per window, oldest first; none where the history is too short for a trend.
    pub windows: Vec<Msat>,
}

/// What the receiver can see itself.
#[record(Default)]
pub struct Evidence {
    /// What it holds together with us in announced channels.
    pub our_capacity_sats: Option<Sat>,
    /// How many announced channels it has with us.
    pub our_channels: Option<Count>,
    /// Its last accepted report.
    pub previous: Option<Previous>,
    /// Its public capacity; nothing is compared where it is unknown or 0.
    pub public_capacity_sats: Option<Sat>,
    /// How many public channels it has.
    pub public_channels: Option<Count>,
}

/// An earlier report.
#[record(Copy)]
pub struct Previous {
    /// When it was made.
    pub at: Seconds,
    /// The score that we derived from it.
    pub score: Points,
}

/// What a report is worth.
#[choice]
pub enum Verdict {
    /// It fits what we see.
    Consistent,
    /// It cannot be true.
    Implausible,
    /// We see too little to tell.
    Unchecked,
}

/// What a report is worth and what follows from it.
#[record(open, Copy)]
#[schemars(rename = "ReportVerdict")]
pub struct Verified {
    /// How balanced its channels are, from its sums.
    pub liquidity_score: Points,
    /// The score that follows from its counts.
    pub score: Points,
    /// The tier of the score.
    pub tier: Tier,
    /// What the report is worth.
    pub verdict: Verdict,
}

/// Holds a report against what we see.
pub fn verify(config: &Config, input: &VerifyInput, why: &mut Why) -> Result<Verified, Error> {
    let config = &config.health;
    let mut checks = Checks { why, failed: false };
    checks.counts(&input.report);
    let compared = checks.evidence(config, input);
    checks.time(config, input);
    let failed = checks.failed;
    let liquidity = liquidity_score(config, &input.report);
    let score = score_of(config, &input.report, liquidity);
    if let Some(previous) = input.evidence.previous {
        let jump = score.get().abs_diff(previous.score.get());
        if jump > config.max_jump.get() {
            why.add(|| {
                Reason::new(Code::ScoreJumped, Effect::Warn)
                    .observed(u64::from(jump))
                    .limit(config.max_jump)
            });
        }
    }
    let verdict = match (failed, compared) {
        (true, _) => Verdict::Implausible,
        (false, true) => Verdict::Consistent,
        (false, false) => Verdict::Unchecked,
    };
    match verdict {
        Verdict::Consistent => why.add(|| Reason::new(Code::ReportConsistent, Effect::Allow)),
        Verdict::Unchecked => why.add(|| Reason::new(Code::NothingToCompare, Effect::Unchecked)),
        Verdict::Implausible => {}
    }
    Ok(Verified {
        liquidity_score: liquidity,
        score,
        tier: Tier::of(config, score),
        verdict,
    })
}

/// The score of a report; counts that do not add up are cut to what they could be at most.
fn score_of(config: &HealthConfig, report: &HealthReport, liquidity: Points) -> Points {
    let share = |part: Count, unknown: f64| match report.total.get() {
        0 => Share::clamped(unknown),
        total => Share::clamped(f64::from(part.get()) / f64::from(total)),
    };
    let scoring = ScoreInput {
        profitable_pct: share(report.profitable, 0.5),
        underwater_pct: share(report.underwater, 0.0),
        liquidity_score: Score::clamped(f64::from(liquidity.get())),
        trend: trend::trend_of(config, &report.windows, &mut Why::off()),
    };
    points(config, &scoring)
}

/// The liquidity score from integers alone, as gossip carries them.
fn liquidity_score(config: &HealthConfig, report: &HealthReport) -> Points {
    let channels = f64::from(report.channels.get());
    let per_point = match config.spread {
        Spread::Half => 200.0,
        Spread::Full => 100.0,
    };
    match report.channels {
        Count::MIN => const { Points::constant(50) },
        _ => points_of(100.0 - report.imbalance_bp.as_f64() / (per_point * channels)),
    }
}

/// The checks, each with its reason.
struct Checks<'w> {
    why: &'w mut Why,
    failed: bool,
}

impl Checks<'_> {
    fn fail(&mut self, reason: impl FnOnce() -> Reason) {
        self.failed = true;
        self.why.add(reason);
    }

    fn counts(&mut self, report: &HealthReport) {
        let parts = [report.profitable, report.underwater, report.stagnant];
        let parts: u64 = parts.iter().map(|part| u64::from(part.get())).sum();
        let most = u64::from(report.total.get().min(report.channels.get()));
        let worst = u64::from(report.channels.get()).saturating_mul(10_000);
        if parts > most || report.total > report.channels || report.imbalance_bp.get() > worst {
            self.fail(|| {
                Reason::new(Code::CountsDoNotAddUp, Effect::Refuse)
                    .observed(parts.max(u64::from(report.total.get())))
                    .limit(most)
            });
        }
    }

    /// Whether there was anything to compare with.
    fn evidence(&mut self, config: &HealthConfig, input: &VerifyInput) -> bool {
        let (report, seen) = (&input.report, &input.evidence);
        let public = seen
            .public_capacity_sats
            .filter(|public| *public > Sat::MIN);
        if let Some(public) = public {
            let most = Sat::clamped((public.as_f64() * config.capacity_slack.get()) as u64);
            if report.capacity_sats > most {
                self.fail(|| {
                    Reason::new(Code::CapacityAboveAnnounced, Effect::Refuse)
                        .observed(report.capacity_sats)
                        .limit(most)
                        .flip("report.capacity_sats", most)
                });
            }
        }
        let channels = seen.public_channels.filter(|public| *public > Count::MIN);
        if let Some(public) = channels {
            let slack = config.announced_slack.get().max(public.get() / 2);
            let most = Count::clamped(public.get().saturating_add(slack));
            if report.channels > most {
                self.fail(|| {
                    Reason::new(Code::ChannelsAbovePublic, Effect::Refuse)
                        .observed(report.channels)
                        .limit(most)
                        .flip("report.channels", most)
                });
            }
        }
        let shared = seen.our_capacity_sats.unwrap_or_default();
        let together = seen.our_channels.unwrap_or_default();
        if report.capacity_sats < shared || report.channels < together {
            self.fail(|| {
                Reason::new(Code::BelowWhatWeShare, Effect::Refuse)
                    .observed(report.capacity_sats)
                    .limit(shared)
            });
        }
        public.is_some() || channels.is_some()
    }

    fn time(&mut self, config: &HealthConfig, input: &VerifyInput) {
        let (at, now) = (input.report.at, input.now);
        if is_ahead(at, now) {
            let latest = Seconds::clamped(now.get().saturating_add(CLOCKS_DIFFER.get()));
            self.fail(|| {
                Reason::new(Code::ReportFromTheFuture, Effect::Refuse)
                    .observed(at)
                    .limit(latest)
                    .flip("report.at", latest)
            });
        }
        if now.less(at) > config.max_report_age_s {
            let earliest = now.less(config.max_report_age_s);
            self.fail(|| {
                Reason::new(Code::ReportTooOld, Effect::Refuse)
                    .observed(at)
                    .limit(earliest)
                    .flip("report.at", earliest)
            });
        }
        let previous = input.evidence.previous.filter(|previous| at <= previous.at);
        if let Some(previous) = previous {
            let next = Seconds::clamped(previous.at.get().saturating_add(1));
            self.fail(|| {
                Reason::new(Code::ReportOutOfOrder, Effect::Refuse)
                    .observed(at)
                    .limit(previous.at)
                    .flip("report.at", next)
            });
        }
    }
}
