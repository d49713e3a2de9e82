//! `trimtab check`: what a policy module of a stranger is, wants and costs, and whether a host would
//! run it.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::path::Path;
use trimtab_host::HostError;
use trimtab_host::check::{self, Cost, Costs, Identity, LawFound, ModuleCheck, Outcome, Wants};

use super::arguments::Allowed;
use super::failure::Failure;
use super::paint::{self, Page, grouped, in_style};

/// The command. Exit codes: 0 a host would run it, 1 it would not.
pub fn run(module: &Path, json: bool, allowed: &Allowed) -> Result<u8, Failure> {
    let options = allowed.options();
    let bytes = read(module, options.limits.module_bytes)?;
    let found = check::module(&bytes, &options);
    if json {
        let text = serde_json::to_string(&found)
            .map_err(|error| Failure::Usage(format!("the report: {error}")))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
    } else {
        page(&found).print()?;
    }
    Ok(u8::from(!found.verdict.would_run))
}

/// No more than a module may have: what lies behind the name may never end.
fn read(module: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let named = |error: std::io::Error| Failure::Usage(format!("{}: {error}", module.display()));
    let mut bytes = Vec::new();
    let limited = |source: &mut dyn Read, bytes: &mut Vec<u8>| {
        source.take(most.saturating_add(1)).read_to_end(bytes)
    };
    if module.as_os_str() == "-" {
        limited(&mut std::io::stdin().lock(), &mut bytes)
    } else {
        let mut file = std::fs::File::open(module).map_err(named)?;
        limited(&mut file, &mut bytes)
    }
    .map_err(named)?;
    if bytes.len() as u64 > most {
        return Err(Failure::Call(HostError::BadModule(format!(
            "it has more than {most} bytes"
        ))));
    }
    Ok(bytes)
}

fn page(found: &ModuleCheck) -> Page {
    let mut page = Page::default();
    identity(&found.module, &mut page);
    if let Some(wants) = &found.wants {
        wanted(wants, &mut page);
    }
    costs(&found.costs, &mut page);
    page.line("");
    for law in &found.laws {
        kept(law, &mut page);
    }
    page.line("");
    verdict(found, &mut page);
    page
}

fn row(name: &str, text: impl std::fmt::Display, page: &mut Page) {
    page.line(format_args!(
        "{} {text}",
        in_style(paint::DIM, format_args!("{name:10}"))
    ));
}

fn identity(module: &Identity, page: &mut Page) {
    row("module", &module.sha256, page);
    let whose = if module.foreign {
        "foreign"
    } else {
        "trimtab's own"
    };
    let bytes = grouped(module.bytes);
    row("size", format_args!("{bytes} bytes, {whose}"), page);
    let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    let abi = module.abi.map(|abi| abi.to_string());
    row("interface", told(&abi), page);
    row("name", told(&module.name), page);
    row("version", told(&module.version), page);
}

fn wanted(wants: &Wants, page: &mut Page) {
    const SHOWN: usize = 5;
    let list = |names: Vec<String>| match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => {
            let some = names.get(..SHOWN).unwrap_or_default().join(", ");
            format!("{some} and {} more", count - SHOWN)
        }
        _ => names.join(", "),
    };
    // Names of a stranger go to a terminal here: quoted, so that they cannot steer it.
    let imports = wants.imports.iter();
    let imports = imports.map(|import| format!("{:?}.{:?}", import.module, import.name));
    row("imports", list(imports.collect()), page);
    let exports = wants.exports.iter().map(|export| &export.name);
    let plain = |name: &String| match name.chars().all(|c| c.is_ascii_graphic()) {
        true => name.clone(),
        false => format!("{name:?}"),
    };
    row("exports", list(exports.map(plain).collect()), page);
    let memory = wants.memory.map_or("none".to_owned(), |memory| {
        let most = memory
            .maximum_bytes
            .map_or("as far as let".to_owned(), grouped);
        format!(
            "{} bytes, may grow to {most}",
            grouped(memory.declared_bytes)
        )
    });
    row("memory", memory, page);
}

/// The dearest sample of each operation.
fn costs(costs: &Costs, page: &mut Page) {
    let milliseconds = costs.compile_microseconds / 1000;
    row(
        "compiling",
        format_args!("{} ms", grouped(milliseconds)),
        page,
    );
    if costs.operations.is_empty() {
        return;
    }
    row(
        "peak",
        format_args!("{} bytes of memory", grouped(costs.peak_memory_bytes)),
        page,
    );
    let mut dearest: BTreeMap<&str, &Cost> = BTreeMap::new();
    let asked = costs.operations.iter();
    for cost in asked.filter(|cost| cost.outcome != Outcome::NotOffered) {
        let slot = dearest.entry(&cost.operation).or_insert(cost);
        if cost.fuel > slot.fuel || cost.outcome == Outcome::Failed {
            *slot = cost;
        }
    }
    page.line("");
    if dearest.is_empty() {
        page.line("It answers none of trimtab's operations.");
        return;
    }
    page.line(in_style(
        paint::DIM,
        format_args!("{:24} {:>12} {:>10}", "operation", "fuel", "us"),
    ));
    for (operation, cost) in dearest {
        let fuel = cost.fuel.map_or_else(String::new, grouped);
        let note = match cost.outcome {
            Outcome::Decided => "",
            _ => cost.code.as_deref().unwrap_or("failed"),
        };
        let line = format!(
            "{operation:24} {fuel:>12} {:>10} {note}",
            grouped(cost.microseconds)
        );
        page.line(line.trim_end());
    }
}

fn kept(law: &LawFound, page: &mut Page) {
    let (word, style) = match law.kept {
        Some(true) => ("yes", paint::GOOD),
        Some(false) => ("NO", paint::BAD),
        None => ("not checked", paint::FAIR),
    };
    let word = in_style(style, format_args!("{word:11}"));
    page.line(format_args!("{word} {}", law.law.meaning()));
}

fn verdict(found: &ModuleCheck, page: &mut Page) {
    if found.verdict.would_run {
        page.line(in_style(paint::GOOD, "A host would run it."));
        return;
    }
    page.line(in_style(paint::BAD, "A host would not run it."));
    for reason in &found.verdict.reasons {
        let about = match (&reason.operation, &reason.sample) {
            (Some(operation), Some(sample)) => format!("{operation}, \"{sample}\": "),
            _ => String::new(),
        };
        let text = format!("{}: {about}{}", reason.code, reason.text);
        // Parts of it are the module's own words: they must not steer the terminal.
        page.tell("-", &text.replace(char::is_control, "?"));
    }
}
