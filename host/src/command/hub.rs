//! `trimtab hub`: who can give, who should get, who is matched with whom, and the plan of one tick.

use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::path::Path;
use trimtab_core::error::Error;
use trimtab_core::reason::{Effect, Reason};
use trimtab_core::value::{self, Value};
use trimtab_core::words;

use super::arguments::Asked;
use super::caller::{Caller, Host, Json};
use super::failure::{Failure, bytes_of};
use super::paint::{self, Page, in_style, of_effect};

/// What to show of a hub.
pub struct Show<'a> {
    /// The account to explain, instead of the page.
    pub why: Option<&'a str>,
    /// JSON instead of a page.
    pub json: bool,
}

/// The command.
pub fn run(file: &Path, show: &Show<'_>, asked: &Asked) -> Result<u8, Failure> {
    let bytes = bytes_of(Some(file))?;
    let state: Json = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let mut page = Page::default();
    match (show.why, show.json) {
        (Some(account), json) => {
            let explained = explained(&caller, &state, account)?;
            match json {
                true => page.line(json!(explained)),
                false => why(&explained, &state, &mut page)?,
            }
        }
        (None, true) => page.line(Judged::of(&caller, &state)?.json()),
        (None, false) => {
            let judged = Judged::of(&caller, &state)?;
            judged.show(&state, &mut page)?;
            if let Some(account) = judged.unserved() {
                page.hint(&paint::typed_with(&["--why", account]));
            }
        }
    }
    page.print()?;
    Ok(0)
}

/// What the policies said of a hub.
pub struct Judged {
    detected: Json,
    matched: Json,
    planned: Json,
}

impl Judged {
    pub fn of(caller: &Caller, state: &Json) -> Result<Self, Failure> {
        let detected = caller.ask("hub.detect", state)?;
        let matched = caller.ask("hub.match", &match_input(&detected))?;
        let planned = caller.ask("hub.plan", state)?;
        Ok(Self {
            detected,
            matched,
            planned,
        })
    }

    /// The three envelopes.
    pub fn json(&self) -> Json {
        json!({ "detect": self.detected, "match": self.matched, "plan": self.planned })
    }

    /// Writes the page of a hub.
    pub fn show(&self, state: &Json, page: &mut Page) -> Result<(), Failure> {
        let accounts = state
            .get("accounts")
            .and_then(Json::as_array)
            .map_or(0, Vec::len);
        page.title(format_args!(
            "hub \"{}\", {}, reserves {}",
            text(state, "/hub_id"),
            paint::counted(accounts, "account", "accounts"),
            reserves(state),
        ));
        parties("can give", "spenders", &self.detected, state, page);
        parties("should get", "receivers", &self.detected, state, page);
        matches(&self.matched, state, page);
        plan(&self.planned, state, page);
        reasons(&self.planned, state, page)?;
        outcomes(&self.planned, state, page)
    }

    /// The first account that asked for collateral and got none.
    fn unserved(&self) -> Option<&str> {
        let outcomes = entries(&self.planned, "/decision/outcomes").iter();
        let mut unserved =
            outcomes.filter(|outcome| ["deferred", "refused"].contains(&text(outcome, "/outcome")));
        unserved.next().map(|outcome| text(outcome, "/account_id"))
    }
}

/// The answers of `hub.explain` about one account, for each token that it holds or asks for.
fn explained(caller: &Caller, state: &Json, account: &str) -> Result<Vec<Json>, Failure> {
    let mine = entries(state, "/accounts").iter();
    let mine = mine.filter(|entry| text(entry, "/account_id") == account);
    let rows = mine.flat_map(|entry| {
        let held = entries(entry, "/deltas").iter();
        held.chain(entries(entry, "/requests"))
    });
    let tokens: BTreeSet<u64> = rows
        .filter_map(|row| row.get("token_id").and_then(Json::as_u64))
        .collect();
    if tokens.is_empty() {
        return Err(Failure::Usage(format!(
            "{account}: no account of this hub that holds a token"
        )));
    }
    let asked = tokens.into_iter().map(|token| {
        let input = json!({ "account_id": account, "state": state, "token_id": token });
        Ok(caller.ask("hub.explain", &input)?)
    });
    asked.collect()
}

/// Every reason about one account.
fn why(explained: &[Json], state: &Json, page: &mut Page) -> Result<(), Failure> {
    for outcome in explained
        .iter()
        .flat_map(|envelope| entries(envelope, "/decision/outcomes"))
    {
        let token = shown(outcome, "/token_id");
        let wants = |name: &str| {
            let raw = text(outcome, &format!("/{name}"));
            match raw.is_empty() {
                true => String::new(),
                false => format!(", {name} {}", in_tokens(raw, decimals(state, &token))),
            }
        };
        page.title(format_args!(
            "{} token {token}: {}{}{}",
            text(outcome, "/account_id"),
            text(outcome, "/outcome"),
            wants("want"),
            wants("amount"),
        ));
        for mut reason in reasons_of(outcome)? {
            // The title has it already.
            reason.subject = None;
            say(&reason, state, &token, page);
        }
    }
    Ok(())
}

/// The reasons of an envelope or outcome.
fn reasons_of(answer: &Json) -> Result<Vec<Reason>, Failure> {
    let read = |reason: &Json| {
        let text = reason.to_string();
        let value = Value::from_json(text.as_bytes())?;
        value::decode(&value)
    };
    let reasons: Result<_, Error> = entries(answer, "/reasons").iter().map(read).collect();
    Ok(reasons?)
}

/// A reason in words, its amounts in whole tokens where the decimals are known.
fn say(reason: &Reason, state: &Json, token: &str, page: &mut Page) {
    let known = state
        .pointer(&format!("/tokens/{token}/decimals"))
        .is_some();
    let sentence = match known {
        true => reason.sentence_in_tokens(decimals(state, token)),
        false => reason.sentence(),
    };
    let mark = in_style(of_effect(reason.effect), "-");
    page.say(&mark, &sentence);
}

fn reserves(state: &Json) -> String {
    let reserves = state.get("reserves").and_then(Json::as_object);
    let told = reserves.into_iter().flatten().map(|(token, amount)| {
        let amount = amount.as_str().unwrap_or_default();
        format!(
            "{} of token {token}",
            in_tokens(amount, decimals(state, token))
        )
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Whole tokens as they are, in groups of three digits.
fn in_tokens(raw: &str, decimals: usize) -> String {
    words::exact(&words::in_tokens(raw, decimals))
}

/// An unknown token shows its smallest unit.
fn decimals(state: &Json, token: &str) -> usize {
    let known = state
        .pointer(&format!("/tokens/{token}/decimals"))
        .and_then(Json::as_u64);
    known
        .and_then(|decimals| usize::try_from(decimals).ok())
        .unwrap_or(0)
}

fn amount(row: &Json, token: &str, state: &Json) -> String {
    in_tokens(text(row, "/amount"), decimals(state, token))
}

fn entries<'j>(value: &'j Json, place: &str) -> &'j [Json] {
    value
        .pointer(place)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The rows of one side of `hub.detect`, of every token.
fn sides<'j>(detected: &'j Json, side: &str) -> impl Iterator<Item = (&'j Json, &'j Json)> {
    let place = format!("/{side}");
    entries(detected, "/decision/tokens")
        .iter()
        .flat_map(move |token| entries(token, &place).iter().map(move |row| (token, row)))
}

fn parties(title: &str, side: &str, detected: &Json, state: &Json, page: &mut Page) {
    if sides(detected, side).next().is_some() {
        page.line("");
    }
    for (token, row) in sides(detected, side) {
        let token = shown(token, "/token_id");
        page.line(format_args!(
            "  {} {:10} {:>14} of token {token}",
            in_style(paint::DIM, format_args!("{title:10}")),
            text(row, "/account_id"),
            amount(row, &token, state),
        ));
    }
}

/// The rows of `hub.detect` as `hub.match` reads them.
fn match_input(detected: &Json) -> Json {
    let rows = |side: &str, fields: &[&str]| -> Vec<Json> {
        let rows = sides(detected, side).map(|(token, row)| {
            let mut out = Map::new();
            out.insert("id".to_owned(), json!(text(row, "/account_id")));
            let of = |record: &Json, field: &str| {
                let value = record.get(field).cloned().unwrap_or_default();
                (field.to_owned(), value)
            };
            out.extend([of(token, "token_id")]);
            out.extend(fields.iter().map(|field| of(row, field)));
            Json::Object(out)
        });
        rows.collect()
    };
    json!({
        "spenders": rows("spenders", &["amount"]),
        "receivers": rows("receivers", &["amount", "requested_at", "fee"]),
    })
}

fn matches(matched: &Json, state: &Json, page: &mut Page) {
    for token in entries(matched, "/decision/tokens") {
        let id = shown(token, "/token_id");
        page.line("");
        for pair in entries(token, "/matches") {
            page.line(format_args!(
                "  {} {:10} -> {:10} {:>14} of token {id}",
                in_style(paint::DIM, "match     "),
                text(pair, "/spender"),
                text(pair, "/receiver"),
                amount(pair, &id, state),
            ));
        }
        let proof = |part: &str| {
            let place = format!("/proof/{part}");
            in_tokens(text(token, &place), decimals(state, &id))
        };
        page.line(format_args!(
            "  {} in {} = out {}, {} from the reserve, {} operations",
            in_style(paint::DIM, "proof     "),
            proof("sum_in"),
            proof("sum_out"),
            proof("reserve_used"),
            shown(token, "/proof/operations"),
        ));
    }
}

/// The actions of a tick, in their order.
fn plan(planned: &Json, state: &Json, page: &mut Page) {
    page.line("");
    page.title("plan of this tick");
    for (index, action) in entries(planned, "/decision/actions").iter().enumerate() {
        let token = shown(action, "/token_id");
        let mut told: Vec<String> = ["account_id", "source", "code"]
            .iter()
            .map(|name| text(action, &format!("/{name}")).to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        if action.get("amount").is_some() {
            told.push(format!(
                "{} of token {token}",
                amount(action, &token, state)
            ));
        }
        told.extend(entries(action, "/ops").iter().map(|op| step(op, state)));
        let kind = in_style(paint::TITLE, format_args!("{:14}", text(action, "/type")));
        page.line(format_args!("  {:2} {kind} {}", index + 1, told.join("  ")));
    }
}

/// One operation of a settlement.
fn step(op: &Json, state: &Json) -> String {
    let token = shown(op, "/token_id");
    let moved = ["amount", "left_diff", "right_diff"].iter();
    let moved = moved.map(|name| text(op, &format!("/{name}")));
    let moved = moved
        .map(|raw| raw.trim_start_matches('-'))
        .find(|raw| !raw.is_empty());
    let moved = in_tokens(moved.unwrap_or_default(), decimals(state, &token));
    format!("{} {moved} of token {token}", text(op, "/type"))
}

/// What became of the requests that were not served, in words.
fn outcomes(planned: &Json, state: &Json, page: &mut Page) -> Result<(), Failure> {
    for outcome in entries(planned, "/decision/outcomes") {
        let who = text(outcome, "/account_id");
        for mut reason in reasons_of(outcome)? {
            if reason.binding {
                reason.subject = reason.subject.or_else(|| Some(who.to_owned()));
                say(&reason, state, &shown(outcome, "/token_id"), page);
            }
        }
    }
    Ok(())
}

/// What was not simply allowed, in words; what was set aside, with its mistake.
fn reasons(envelope: &Json, state: &Json, page: &mut Page) -> Result<(), Failure> {
    for mut reason in reasons_of(envelope)? {
        if reason.effect != Effect::Allow {
            // A reason about a reserve is about its token.
            let token = reason.subject.clone().unwrap_or_default();
            if token.parse::<u32>().is_ok() {
                reason.subject = Some(format!("token {token}"));
            }
            say(&reason, state, &token, page);
        }
    }
    for aside in entries(envelope, "/quarantined") {
        let said = format!(
            "{} set aside: {} (got {}, expected {})",
            text(aside, "/subject"),
            text(aside, "/error/field"),
            text(aside, "/error/got"),
            text(aside, "/error/expected"),
        );
        page.say(&in_style(paint::BAD, "-"), &said);
    }
    Ok(())
}

/// A text inside, or none.
fn text<'j>(value: &'j Json, place: &str) -> &'j str {
    value
        .pointer(place)
        .and_then(Json::as_str)
        .unwrap_or_default()
}

/// Anything inside, as it is written.
fn shown(value: &Json, place: &str) -> String {
    match value.pointer(place) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "unknown".to_owned(),
    }
}
