//! Signatures of real nodes against the C library that nodes use, and what refusing a message costs.

use anyhow::{Context as _, Result, ensure};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::process::Command;
use trimtab_core::policy::Policy;
use trimtab_host::Sandbox;
use trimtab_tests::vectors;

use super::{Row, script, times, told};

/// One answer of `signmessage`.
#[derive(Deserialize)]
struct Sample {
    pubkey: String,
    message: String,
    zbase: String,
}

/// Every row.
pub fn rows(node: &str) -> Result<Vec<Row>> {
    let mut rows = verifying(node)?;
    rows.extend(refusing()?);
    Ok(rows)
}

/// All samples one after the other, in microseconds each.
fn verifying(node: &str) -> Result<Vec<Row>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cln/signmessage.json");
    let samples: Vec<Sample> = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let inputs: Vec<String> = samples
        .iter()
        .map(|one| {
            json!({ "pubkey": one.pubkey, "signature": one.zbase, "text": one.message }).to_string()
        })
        .collect();
    let policy = Policy::plan();
    let sandbox = Sandbox::new()?;
    let mut pinned = sandbox.open("policy", b"{}")?;
    let holds = |answer: Vec<u8>| -> Result<()> {
        let text = String::from_utf8(answer)?;
        ensure!(text.contains("\"valid\":true"), "{text}");
        Ok(())
    };
    let taken = times(
        15,
        [
            &mut || {
                let mut each = inputs.iter();
                each.try_for_each(|input| holds(policy.call("gossip.verify", input.as_bytes())?))
            },
            &mut || {
                let mut each = inputs.iter();
                each.try_for_each(|input| holds(pinned.call_on("gossip.verify", input.as_bytes())?))
            },
            &mut || samples.iter().try_for_each(by_the_c_library),
        ],
    )?;
    let [native, sandboxed, peer] = taken.map(|time| time * 1e3 / samples.len() as f64);
    let name = |how: &str| format!("gossip.verify of real signatures, {how}, against libsecp256k1");
    let told = told(Command::new(node).arg(script("verify.mjs")).arg(file))?;
    let in_node: f64 = told.trim().parse()?;
    Ok(vec![
        Row::new(name("native, JSON"), native, peer, "us"),
        Row::new(name("wasmtime, JSON"), sandboxed, peer, "us"),
        Row::new(name("Node, JSON"), in_node, peer, "us"),
    ])
}

fn by_the_c_library(sample: &Sample) -> Result<()> {
    let bytes = unpacked(&sample.zbase)?;
    let (head, compact) = bytes.split_first().context("an empty signature")?;
    let id = RecoveryId::try_from(i32::from(*head) - 31)?;
    let signature = RecoverableSignature::from_compact(compact, id)?;
    let text = format!("Lightning Signed Message:{}", sample.message);
    let digest: [u8; 32] = Sha256::digest(Sha256::digest(text)).into();
    let key = signature.recover(secp256k1::Message::from_digest(digest))?;
    ensure!(key.to_string() == sample.pubkey, "another key");
    Ok(())
}

fn unpacked(zbase: &str) -> Result<Vec<u8>> {
    const ALPHABET: &str = "ybndrfg8ejkmcpqxot1uwisza345h769";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in zbase.chars() {
        let value = ALPHABET.find(letter).context("no letter of zbase32")?;
        bits = (bits << 5 | u32::try_from(value)?) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff)?);
        }
    }
    Ok(bytes)
}

/// What each kind of refusal costs: the cases of `gossip.accept` that end in it.
fn refusing() -> Result<Vec<Row>> {
    const CALLS: u32 = 200;
    let suite = vectors::suite(&vectors::folder().join("gossip.accept.json"))?;
    let codes = [
        "sender_not_connected",
        "sender_exhausted",
        "message_malformed",
        "reporter_not_member",
        "message_not_fresh",
        "signature_of_another",
    ];
    let mut rows = Vec::new();
    for code in codes {
        let told = format!("\"code\":\"{code}\"");
        let ends_so = |case: &&vectors::Case| {
            case.expect
                .as_ref()
                .is_some_and(|expect| expect.get().contains(&told))
        };
        let case = suite.cases.iter().find(ends_so).context(code)?;
        let (policy, input) = (case.policy()?, case.bytes().as_bytes());
        let [time] = times(
            15,
            [&mut || {
                for _ in 0..CALLS {
                    policy.call("gossip.accept", input)?;
                }
                Ok(())
            }],
        )?;
        let each = time * 1e3 / f64::from(CALLS);
        let name = format!("gossip.accept refuses: {code}, {:.0} a second", 1e6 / each);
        rows.push(Row::new(name, each, None, "us"));
    }
    Ok(rows)
}
