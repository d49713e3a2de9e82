//! `trimtab hub`: who can give, who should get, who is matched with whom, and the plan of one tick.

use serde_json::{Map, json};
use std::path::Path;

use super::arguments::Asked;
use super::caller::{Caller, Host, Json};
use super::failure::{Failure, bytes_of};
use super::paint::{self, Page, in_style, of_word};

/// The command.
pub fn run(state: &Path, asked: &Asked) -> Result<u8, Failure> {
    let bytes = bytes_of(Some(state))?;
    let state: Json = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Usage(format!("{}: {error}", state.display())))?;
    let host = Host::of(asked)?;
    let mut page = Page::default();
    show(&host.asked(asked)?, &state, &mut page)?;
    page.print()?;
    Ok(0)
}

/// Writes the page of a hub.
pub fn show(caller: &Caller, state: &Json, page: &mut Page) -> Result<(), Failure> {
    let accounts = state
        .get("accounts")
        .and_then(Json::as_array)
        .map_or(0, Vec::len);
    page.title(format_args!(
        "hub \"{}\", {accounts} accounts, reserves {}",
        text(state, "/hub_id"),
        reserves(state),
    ));
    let detected = caller.ask("hub.detect", state)?;
    parties("can give", "spenders", &detected, state, page);
    parties("should get", "receivers", &detected, state, page);
    let matched = caller.ask("hub.match", &match_input(&detected))?;
    matches(&matched, state, page);
    let planned = caller.ask("hub.plan", state)?;
    plan(&planned, state, page);
    reasons(caller, &planned, page)?;
    outcomes(caller, &planned, page)?;
    Ok(())
}

fn reserves(state: &Json) -> String {
    let reserves = state.get("reserves").and_then(Json::as_object);
    let told = reserves.into_iter().flatten().map(|(token, amount)| {
        let amount = amount.as_str().unwrap_or_default();
        format!(
            "{} of token {token}",
            paint::in_tokens(amount, decimals(state, token))
        )
    });
    told.collect::<Vec<_>>().join(", ")
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
    paint::in_tokens(text(row, "/amount"), decimals(state, token))
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
    page.line("");
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
            paint::in_tokens(text(token, &place), decimals(state, &id))
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
        let mut told: Vec<String> = ["account_id", "source"]
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
    let moved = paint::in_tokens(moved.unwrap_or_default(), decimals(state, &token));
    format!("{} {moved} of token {token}", text(op, "/type"))
}

/// What became of the requests that were not served, in words.
fn outcomes(caller: &Caller, planned: &Json, page: &mut Page) -> Result<(), Failure> {
    for outcome in entries(planned, "/decision/outcomes") {
        let said = caller.sentences(outcome)?;
        let binding = entries(outcome, "/reasons").iter().zip(said);
        let binding =
            binding.filter(|(reason, _)| reason.get("binding") == Some(&Json::Bool(true)));
        for (reason, sentence) in binding {
            let mark = in_style(of_word(text(reason, "/effect")), "-");
            let who = text(outcome, "/account_id");
            let sentence = match sentence.contains(who) {
                true => sentence,
                false => format!("{who}: {sentence}"),
            };
            page.say(&mark, &paint::shortened(&sentence));
        }
    }
    Ok(())
}

/// What was not simply allowed, in words; what was set aside, with its mistake.
fn reasons(caller: &Caller, envelope: &Json, page: &mut Page) -> Result<(), Failure> {
    let sentences = caller.sentences(envelope)?;
    for (reason, sentence) in entries(envelope, "/reasons").iter().zip(sentences) {
        let effect = text(reason, "/effect");
        if effect != "allow" {
            page.say(
                &in_style(of_word(effect), "-"),
                &paint::shortened(&sentence),
            );
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
