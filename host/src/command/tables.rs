//! `trimtab ops`, `trimtab digest` and `trimtab config`.

use serde_json::json;
use trimtab_host::HostError;

use super::arguments::Asked;
use super::caller::{Host, Json, core, overrides};
use super::failure::Failure;
use super::paint::{self, Page, in_style};

/// The table of operations, as the module describes itself.
pub fn operations(json: bool, asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let described = host.asked(asked)?.ask("policy.describe", &json!({}))?;
    let rows = described
        .pointer("/decision/operations")
        .and_then(Json::as_array);
    let mut page = Page::default();
    if json {
        page.line(json!(rows));
        page.print()?;
        return Ok(0);
    }
    let rows: Vec<(&str, &str)> = rows
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row.get("name")?.as_str()?, row.get("summary")?.as_str()?)))
        .collect();
    let column = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    for (name, summary) in rows {
        if paint::is_terminal() {
            let text = paint::wrapped(summary, column, paint::width());
            let text = text.get(column..).unwrap_or(summary);
            page.line(format_args!(
                "{}{text}",
                in_style(paint::TITLE, format_args!("{name:column$}"))
            ));
        } else {
            page.line(format_args!("{name}\t{summary}"));
        }
    }
    if paint::is_terminal() {
        page.hint("trimtab call health.score INPUT.json --explain");
    }
    page.print()?;
    Ok(0)
}

/// What decides here: module, config, version, interface.
pub fn digests(json: bool, asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let stamp = caller.ask("policy.explain", &json!({ "reasons": [] }))?;
    let described = caller.ask("policy.describe", &json!({ "operation": "policy.explain" }))?;
    let policy = |key: &str| stamp.pointer(&format!("/policy/{key}")).cloned();
    let mut page = Page::default();
    let rows = [
        (
            "module",
            Some(json!(host.digest().unwrap_or("none: native"))),
        ),
        ("config", policy("config")),
        ("profile", policy("profile")),
        ("version", policy("version")),
        ("abi", described.pointer("/decision/abi").cloned()),
    ];
    if json {
        let rows = rows.map(|(name, value)| (name.to_owned(), value.unwrap_or_default()));
        page.line(Json::Object(rows.into_iter().collect()));
        page.print()?;
        return Ok(0);
    }
    for (name, value) in rows {
        let value = value.unwrap_or(Json::Null);
        let value = value.as_str().map_or(value.to_string(), str::to_owned);
        page.line(format_args!(
            "{} {value}",
            in_style(paint::DIM, format_args!("{name:8}"))
        ));
    }
    page.print()?;
    Ok(0)
}

/// Every setting in force. No operation tells them, so the core of this program does; whoever
/// decides must say that it decides by the same.
pub fn config(asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let changed = overrides(asked)?;
    let caller = host.policy(&asked.profile, changed.as_deref())?;
    let stamp = caller.ask("policy.explain", &json!({ "reasons": [] }))?;
    let core = core(&asked.profile, changed.as_deref())?;
    if stamp.pointer("/policy/config").and_then(Json::as_str) != Some(core.digest()) {
        let said = "the settings of this program are not those that the module decides by";
        return Err(HostError::BadModule(said.to_owned()).into());
    }
    let settings = serde_json::to_string_pretty(core.config())
        .map_err(|error| HostError::BadModule(format!("its config is no JSON: {error}")))?;
    let mut page = Page::default();
    page.line(settings);
    page.print()?;
    Ok(0)
}
