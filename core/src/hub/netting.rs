//! The smallest claims with the same net positions: a minimum-cost flow in which each unit of a
//! claim that is kept costs one. Numbers only; [`crate::hub::cycles`] has the ids and the reasons.
//!
//! Distances from the parties that owe on balance never fall while flow is added, and are at most
//! the number of parties; so there are few phases, each of them one maximum flow among the paths
//! of the present distance. Edges are tried in the order given, so that the same claims always
//! give the same answer.

use ruint::aliases::U512;
use std::collections::VecDeque;

use crate::error::Error;

/// A claim: the places of debtor and creditor, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who owes.
    pub debtor: usize,
    /// Who is owed.
    pub creditor: usize,
    /// How much.
    pub amount: U512,
}

#[derive(Clone, Copy)]
struct Arc {
    to: usize,
    left: U512,
    cost: i64,
}

/// The residual graph. Arc `n ^ 1` is the way back of arc `n`.
struct Graph {
    arcs: Vec<Arc>,
    out: Vec<Vec<usize>>,
    distance: Vec<i64>,
    level: Vec<u32>,
    next: Vec<usize>,
}

const FAR: i64 = i64::MAX;
const UNSEEN: u32 = u32::MAX;

fn broken() -> Error {
    Error::internal("a claim names nobody")
}

impl Graph {
    fn new(parties: usize) -> Self {
        Self {
            arcs: Vec::new(),
            out: vec![Vec::new(); parties],
            distance: vec![FAR; parties],
            level: vec![UNSEEN; parties],
            next: vec![0; parties],
        }
    }

    fn join(&mut self, from: usize, to: usize, capacity: U512, cost: i64) -> Result<(), Error> {
        let ends = [(from, to, capacity, cost), (to, from, U512::ZERO, -cost)];
        for (from, to, left, cost) in ends {
            let arc = self.arcs.len();
            self.out.get_mut(from).ok_or_else(broken)?.push(arc);
            self.arcs.push(Arc { to, left, cost });
        }
        Ok(())
    }

    fn distance_of(&self, party: usize) -> i64 {
        self.distance.get(party).copied().unwrap_or(FAR)
    }

    /// The arcs out of `party` that can still carry something, with their places.
    fn open(&self, party: usize) -> impl Iterator<Item = (usize, Arc)> {
        let out = self.out.get(party).into_iter().flatten();
        out.filter_map(|at| Some((*at, *self.arcs.get(*at)?)))
            .filter(|(_, arc)| !arc.left.is_zero())
    }

    /// Whether an arc lies on a shortest path.
    fn is_tight(&self, from: usize, arc: &Arc) -> bool {
        let at = self.distance_of(from);
        at != FAR && self.distance_of(arc.to) == at.saturating_add(arc.cost)
    }

    /// Cheapest distances from `source`; costs may be negative, cycles of negative cost do not
    /// exist in a residual graph of least cost.
    fn measure(&mut self, source: usize) {
        self.distance.fill(FAR);
        let mut queue = VecDeque::from([source]);
        let mut queued = vec![false; self.distance.len()];
        if let Some(start) = self.distance.get_mut(source) {
            *start = 0;
        }
        while let Some(party) = queue.pop_front() {
            if let Some(mark) = queued.get_mut(party) {
                *mark = false;
            }
            let here = self.distance_of(party);
            let shorter: Vec<(usize, i64)> = self
                .open(party)
                .map(|(_, arc)| (arc.to, here.saturating_add(arc.cost)))
                .filter(|(to, distance)| *distance < self.distance_of(*to))
                .collect();
            for (to, distance) in shorter {
                let Some(old) = self.distance.get_mut(to) else {
                    continue;
                };
                *old = distance.min(*old);
                if let Some(mark) = queued.get_mut(to).filter(|mark| !**mark) {
                    *mark = true;
                    queue.push_back(to);
                }
            }
        }
    }

    /// Numbers the parties by their steps from `source` on shortest paths: paths of equal cost
    /// may hold loops, which the levels cut. Whether `sink` is reached.
    fn number(&mut self, source: usize, sink: usize) -> bool {
        self.level.fill(UNSEEN);
        self.next.fill(0);
        let mut queue = VecDeque::from([(source, 0)]);
        while let Some((party, level)) = queue.pop_front() {
            match self.level.get_mut(party) {
                Some(seen) if *seen == UNSEEN => *seen = level,
                _ => continue,
            }
            let tight = self
                .open(party)
                .filter(|(_, arc)| self.is_tight(party, arc));
            queue.extend(tight.map(|(_, arc)| (arc.to, level.saturating_add(1))));
        }
        self.level.get(sink).is_some_and(|level| *level != UNSEEN)
    }

    /// The next arc out of `party` that goes one level up on a shortest path.
    fn step(&mut self, party: usize) -> Option<(usize, Arc)> {
        let level = self.level.get(party).copied()?.saturating_add(1);
        loop {
            let tried = self.next.get(party).copied()?;
            let at = *self.out.get(party)?.get(tried)?;
            let arc = *self.arcs.get(at)?;
            let up = self.level.get(arc.to) == Some(&level);
            if up && !arc.left.is_zero() && self.is_tight(party, &arc) {
                return Some((at, arc));
            }
            *self.next.get_mut(party)? = tried.saturating_add(1);
        }
    }

    /// Sends all that the numbered paths carry.
    fn fill(&mut self, source: usize, sink: usize) -> Result<(), Error> {
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut here = source;
        loop {
            if here == sink {
                self.push(&path)?;
                path.clear();
                here = source;
            } else if let Some((at, arc)) = self.step(here) {
                path.push((here, at));
                here = arc.to;
            } else if let Some((before, _)) = path.pop() {
                // A dead end: the arc that led here is not tried again.
                let tried = self.next.get_mut(before).ok_or_else(broken)?;
                *tried = tried.saturating_add(1);
                here = before;
            } else {
                return Ok(());
            }
        }
    }

    fn push(&mut self, path: &[(usize, usize)]) -> Result<(), Error> {
        let narrowest = path
            .iter()
            .filter_map(|(_, at)| self.arcs.get(*at))
            .map(|arc| arc.left)
            .min();
        let amount = narrowest.ok_or_else(broken)?;
        for (_, at) in path {
            let forth = self.arcs.get_mut(*at).ok_or_else(broken)?;
            forth.left = forth.left.saturating_sub(amount);
            let back = self.arcs.get_mut(at ^ 1).ok_or_else(broken)?;
            back.left = back
                .left
                .checked_add(amount)
                .ok_or_else(|| Error::overflow(""))?;
        }
        Ok(())
    }
}

/// What remains of each claim: at most what it was, every net position as before, the total as
/// small as can be.
pub fn smallest(parties: usize, claims: &[Claim]) -> Result<Vec<U512>, Error> {
    let (source, sink) = (parties, parties.saturating_add(1));
    let mut graph = Graph::new(parties.saturating_add(2));
    let (mut owes, mut owed) = (vec![U512::ZERO; parties], vec![U512::ZERO; parties]);
    for claim in claims {
        graph.join(claim.debtor, claim.creditor, claim.amount, 1)?;
        for (sums, party) in [(&mut owes, claim.debtor), (&mut owed, claim.creditor)] {
            let sum = sums.get_mut(party).ok_or_else(broken)?;
            *sum = sum
                .checked_add(claim.amount)
                .ok_or_else(|| Error::overflow(""))?;
        }
    }
    for (party, (owes, owed)) in owes.into_iter().zip(owed).enumerate() {
        if owes > owed {
            graph.join(source, party, owes.saturating_sub(owed), 0)?;
        } else if owed > owes {
            graph.join(party, sink, owed.saturating_sub(owes), 0)?;
        }
    }
    loop {
        graph.measure(source);
        if graph.distance_of(sink) == FAR {
            break;
        }
        while graph.number(source, sink) {
            graph.fill(source, sink)?;
        }
    }
    let kept = |(at, _): (usize, &Claim)| {
        // What the way back can return is what the claim carries.
        let back = graph.arcs.get(at.saturating_mul(2).saturating_add(1));
        back.map(|arc| arc.left).ok_or_else(broken)
    };
    claims.iter().enumerate().map(kept).collect()
}
