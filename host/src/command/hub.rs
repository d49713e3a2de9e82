//! `trimtab hub`: who can give, who should get, who is matched with whom, and the plan of one tick.

use serde_json::{Map, json};
use std::path::Path;
use trimtab_core::policy::operation;

use super::caller::{Caller, Host, Json};
use super::fleet::{shown, text};
use super::paint::{self, Page, in_style, of_word};
use super::{Asked, Failure, bytes_of};

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
    let sides = detected.get("decision").unwrap_or(&Json::Null);
    parties("can give", "spenders", sides, state, page);
    parties("should get", "receivers", sides, state, page);
    reasons(caller, &detected, page)?;
    if operation("hub.match").is_ok() {
        let matched = caller.ask("hub.match", &match_input(sides))?;
        matches(&matched, state, page);
        reasons(caller, &matched, page)?;
    }
    if operation("hub.plan").is_ok() {
        let planned = caller.ask("hub.plan", state)?;
        plan(&planned, state, page);
        reasons(caller, &planned, page)?;
    }
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

fn parties(title: &str, side: &str, sides: &Json, state: &Json, page: &mut Page) {
    page.line("");
    for row in entries(sides, &format!("/{side}")) {
        let token = shown(row, "/token_id");
        page.line(format_args!(
            "  {} {:10} {:>14} of token {token}",
            in_style(paint::DIM, format_args!("{title:10}")),
            id(row),
            amount(row, &token, state),
        ));
    }
}

fn id(row: &Json) -> &str {
    let named = text(row, "/id");
    if named.is_empty() {
        text(row, "/account_id")
    } else {
        named
    }
}

/// The rows of `hub.detect`, as far as `hub.match` reads them.
fn match_input(sides: &Json) -> Json {
    let rows = |side: &str, fields: &[&str]| -> Vec<Json> {
        let rows = entries(sides, side).iter().map(|row| {
            let mut out = Map::new();
            out.insert("id".to_owned(), json!(id(row)));
            for field in fields {
                if let Some(value) = row.get(*field) {
                    out.insert((*field).to_owned(), value.clone());
                }
            }
            Json::Object(out)
        });
        rows.collect()
    };
    json!({
        "spenders": rows("/spenders", &["token_id", "amount"]),
        "receivers": rows("/receivers", &["token_id", "amount", "requested_at", "fee"]),
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
        let fields = action.as_object().into_iter().flatten();
        let told = fields
            .filter(|(name, _)| *name != "type" && *name != "kind")
            .map(|(name, field)| {
                let field = match (name.as_str(), field.as_str()) {
                    ("amount", Some(raw)) => paint::in_tokens(raw, decimals(state, &token)),
                    (_, Some(word)) => word.to_owned(),
                    _ => field.to_string(),
                };
                format!("{name} {field}")
            });
        let kind = [text(action, "/type"), text(action, "/kind")].concat();
        let told = told.collect::<Vec<_>>().join(", ");
        page.line(format_args!(
            "  {:2} {} {told}",
            index + 1,
            in_style(paint::TITLE, kind)
        ));
    }
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
