//! Whether a splice keeps the fleet connected to a peer; advice, the caller may always proceed.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("splice.check", br#"{
//!   "peer_id": "acinq", "type": "splice_out", "amount_sats": 1500000, "now": 1795000000,
//!   "ours": { "node_id": "us", "channels": [{ "capacity_sats": 2000000 }] },
//!   "others": [], "peer_public_sats": 20000000
//! }"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""safety":"coordinate""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! | file | decides |
//! |---|---|
//! | `ours` | what counts of our own channels, and what one of them can give |
//! | `others` | what the reports of other members say of a peer |
//! | `standing` | how the fleet stands once everything is counted |
//! | `rules` | what is said about an amount, one row a rule |
//!
//! Source: plan, phase 3. Unknown is never safe, stale never counts, we never cover ourselves, and a
//! splice never takes more than one channel of ours can give. Codes: `beyond_own_balance`,
//! `balance_unknown`, `hive_unreachable`, `peer_capacity_unknown`, `splice_in_adds`, `share_kept`,
//! `others_cover`, `partial_kept`, `share_below_minimum`, `capacity_below_minimum`,
//! `would_disconnect`, `capacity_above_public`, `capacity_absurd`, `capacity_estimated`,
//! `stale_capacity`, `own_report_ignored`, `exits_in_flight`, `not_in_normal_operation`.

use crate::config::Config;
use crate::entries::Entries;
use crate::error::Error;
use crate::fleet::channel::yes;
use crate::fleet::member::SpliceType;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{NodeId, Real, Sat, Seconds};

mod others;
mod ours;
mod rules;
mod standing;

pub use crate::config::splice::{SpliceConfig, Whole};
pub use others::{Announced, Answer, Other};
pub use ours::{Ours, OwnChannel};
pub(in crate::fleet) use standing::Situation;
use standing::Standing;

/// A splice that wants advice.
#[record]
pub struct CheckInput {
    /// How much.
    pub amount_sats: Sat,
    /// The channel of ours that would change; any with the peer when absent.
    pub channel_id: Option<NodeId>,
    /// Whether the other members could be asked at all.
    #[serde(default = "yes")]
    pub hive_reachable: bool,
    /// Our own exits from this peer that none of our channels shows as pending yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<Sat>,
    /// The time.
    pub now: Seconds,
    /// What the other members hold; a book has its own.
    #[serde(default)]
    pub others: Entries<Other>,
    /// What we hold; a book has its own.
    pub ours: Option<Ours>,
    /// The peer.
    pub peer_id: NodeId,
    /// The public capacity of the peer; unknown when absent. A book has its own.
    pub peer_public_sats: Option<Sat>,
    /// Whether what could not be checked is refused.
    #[serde(default)]
    pub strict: bool,
    /// Which way it goes.
    #[serde(rename = "type")]
    pub splice_type: SpliceType,
}

/// How much may leave a peer.
#[record]
pub struct HeadroomInput {
    /// The channel of ours that would change; any with the peer when absent.
    pub channel_id: Option<NodeId>,
    /// Whether the other members could be asked at all.
    #[serde(default = "yes")]
    pub hive_reachable: bool,
    /// Our own exits from this peer that none of our channels shows as pending yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<Sat>,
    /// The time.
    pub now: Seconds,
    /// What the other members hold; a book has its own.
    #[serde(default)]
    pub others: Entries<Other>,
    /// What we hold; a book has its own.
    pub ours: Option<Ours>,
    /// The peer.
    pub peer_id: NodeId,
    /// The public capacity of the peer; unknown when absent. A book has its own.
    pub peer_public_sats: Option<Sat>,
}

/// The advice about a splice.
#[choice]
pub enum Safety {
    /// The fleet stays connected.
    Safe,
    /// Too little is known to say.
    Unchecked,
    /// Wait until another member adds capacity.
    Coordinate,
    /// The fleet would lose the peer.
    Blocked,
}

/// The advice with what it rests on.
#[record(open)]
pub struct Checked {
    /// Whether nothing refuses the splice. The advice is `safety`: with `coordinate` or `unchecked`,
    /// wait, although this is true.
    pub can_proceed: bool,
    /// What the fleet holds with the peer.
    pub fleet_sats: Sat,
    /// The fleet's share of the peer's capacity.
    pub fleet_share: Option<Real>,
    /// The most that one splice of ours can take out; absent where no balance is known.
    pub gives_sats: Option<Sat>,
    /// What the fleet will hold.
    pub new_fleet_sats: Sat,
    /// The fleet's share afterwards.
    pub new_share: Option<Real>,
    /// What the other members hold.
    pub others_sats: Sat,
    /// What we hold.
    pub ours_sats: Sat,
    /// What the shares are shares of.
    pub peer_total_sats: Option<Sat>,
    /// The advice.
    pub safety: Safety,
}

/// How much may leave a peer.
#[record(open)]
pub struct Headroom {
    /// What the fleet holds with the peer.
    pub fleet_sats: Sat,
    /// The most that one splice of ours can take out; absent where no balance is known.
    pub gives_sats: Option<Sat>,
    /// The largest amount that is safe; none when nothing is.
    pub headroom_sats: Option<Sat>,
    /// What the other members hold.
    pub others_sats: Sat,
    /// What we hold.
    pub ours_sats: Sat,
}

/// What both questions have in common, whoever answers them.
#[derive(Clone, Copy, Debug)]
pub(in crate::fleet) struct Question<'i> {
    channel_id: Option<&'i NodeId>,
    hive_reachable: bool,
    in_flight: &'i [Sat],
    now: Seconds,
    others: &'i Entries<Other>,
    ours: Option<&'i Ours>,
    pub peer_id: &'i NodeId,
    public: Option<Sat>,
}

macro_rules! question {
    ($($input:ident),*) => {
        $(impl $input {
            pub(in crate::fleet) fn question(&self) -> Question<'_> {
                Question {
                    channel_id: self.channel_id.as_ref(),
                    hive_reachable: self.hive_reachable,
                    in_flight: &self.in_flight,
                    now: self.now,
                    others: &self.others,
                    ours: self.ours.as_ref(),
                    peer_id: &self.peer_id,
                    public: self.peer_public_sats,
                }
            }
        })*
    };
}

question!(CheckInput, HeadroomInput);

impl<'i> Question<'i> {
    /// The situation as the input tells it.
    fn told(self) -> Result<Situation<'i>, Error> {
        let ours = self.ours.ok_or_else(|| Error::missing("ours"))?;
        ours.each_once()?;
        self.within(ours, self.public)
    }

    /// The situation as a book knows it, which takes no other word for it.
    pub fn known(self, ours: &'i Ours, public: Option<Sat>) -> Result<Situation<'i>, Error> {
        let given = [
            ("others", !self.others.is_empty()),
            ("ours", self.ours.is_some()),
            ("peer_public_sats", self.public.is_some()),
        ];
        if let Some((field, _)) = given.into_iter().find(|(_, given)| *given) {
            return Err(Error::out_of_range(
                field,
                "a value",
                "none: the book has it",
            ));
        }
        self.within(ours, public)
    }

    fn within(self, ours: &'i Ours, public: Option<Sat>) -> Result<Situation<'i>, Error> {
        if let Some(id) = self.channel_id {
            let mut channels = ours.channels.iter();
            if !channels.any(|channel| channel.channel_id.as_ref() == Some(id)) {
                let expected = "a channel of ours with the peer";
                return Err(Error::out_of_range("channel_id", id, expected));
            }
        }
        Ok(Situation {
            channel_id: self.channel_id,
            hive_reachable: self.hive_reachable,
            in_flight: self.in_flight,
            now: self.now,
            ours,
            public,
        })
    }
}

/// Advises about one splice.
pub fn check(config: &Config, input: &CheckInput, why: &mut Why) -> Result<Checked, Error> {
    let situation = input.question().told()?;
    let others = input.others.usable(why);
    advise(config, &situation, others, input, why)
}

/// Advises about one splice, the other members by id.
pub(in crate::fleet) fn advise<'o>(
    config: &Config,
    situation: &Situation<'_>,
    others: impl IntoIterator<Item = &'o Other>,
    input: &CheckInput,
    why: &mut Why,
) -> Result<Checked, Error> {
    let amount = input.amount_sats;
    let coming = match input.splice_type {
        SpliceType::SpliceIn => amount,
        SpliceType::SpliceOut => Sat::MIN,
    };
    let standing = situation.standing(&config.splice, others, coming, why)?;
    let (safety, new) = match input.splice_type {
        SpliceType::SpliceIn => {
            why.add(|| Reason::new(Code::SpliceInAdds, Effect::Allow).observed(amount));
            (Safety::Safe, standing.fleet.plus(amount)?)
        }
        SpliceType::SpliceOut => {
            tell_secrets(situation, why);
            (exit(&standing, amount, why)?, standing.fleet.less(amount))
        }
    };
    let share = |sats: Sat| match standing.total {
        Some(_) => Real::new(standing.share(sats.get())).map(Some),
        None => Ok(None),
    };
    let refused = match safety {
        Safety::Blocked => true,
        Safety::Unchecked => input.strict,
        Safety::Safe | Safety::Coordinate => false,
    };
    Ok(Checked {
        can_proceed: !refused,
        fleet_sats: standing.fleet,
        fleet_share: share(standing.fleet)?,
        gives_sats: standing.gives,
        new_fleet_sats: new,
        new_share: share(new)?,
        others_sats: standing.others,
        ours_sats: standing.ours,
        peer_total_sats: standing.total,
        safety,
    })
}

/// The largest splice-out that is safe.
pub fn headroom(config: &Config, input: &HeadroomInput, why: &mut Why) -> Result<Headroom, Error> {
    let situation = input.question().told()?;
    let others = input.others.usable(why);
    room(config, &situation, others, why)
}

/// The largest splice-out that is safe, the other members by id.
pub(in crate::fleet) fn room<'o>(
    config: &Config,
    situation: &Situation<'_>,
    others: impl IntoIterator<Item = &'o Other>,
    why: &mut Why,
) -> Result<Headroom, Error> {
    let standing = situation.standing(&config.splice, others, Sat::MIN, why)?;
    tell_secrets(situation, why);
    let most = flip::last_integer(0, standing.ours.get(), |amount| {
        rules::verdict(&standing, amount) == Safety::Safe
    });
    rules::explain(&standing, most.unwrap_or(0), why);
    Ok(Headroom {
        fleet_sats: standing.fleet,
        gives_sats: standing.gives,
        headroom_sats: most.map(Sat::new).transpose()?,
        others_sats: standing.others,
        ours_sats: standing.ours,
    })
}

fn exit(standing: &Standing<'_>, amount: Sat, why: &mut Why) -> Result<Safety, Error> {
    let bound = rules::is_beyond(standing, amount.get());
    if standing.is_known() && !bound && amount > standing.ours {
        let most = format_args!("0..={}, what we hold with the peer", standing.ours).to_string();
        return Err(Error::out_of_range("amount_sats", amount, most));
    }
    rules::explain(standing, amount.get(), why);
    Ok(rules::verdict(standing, amount.get()))
}

fn tell_secrets(situation: &Situation<'_>, why: &mut Why) {
    if situation.ours.keeps_a_secret(situation.channel_id) {
        why.add(|| Reason::new(Code::BalanceUnknown, Effect::Warn));
    }
}

#[cfg(test)]
mod tests;
