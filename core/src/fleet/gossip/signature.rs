//! Signatures as Core Lightning's `signmessage` makes them, verified without node or graph.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"text":"is this compatible?",
//!   "signature":"rbgfioj114mh48d8egqx8o9qxqw4fmhe8jbeeabdioxnjk8z3t1ma1hu1fiswpakgucwwzwo6ofycffbsqusqdimugbh41n1g698hr9t",
//!   "pubkey":"02b80cabdf82638aac86948e4c06e82064f547768dcef977677b9ea931ea75bab5"}"#;
//! let answer = Policy::plan().call("gossip.verify", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""valid":true"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: spec "Gossip between members". Codes: `signature_valid`, `signature_malformed`,
//! `signature_high_s`, `signature_of_another`.

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::canonical::hex;
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::NodeId;

/// A signed text.
#[record]
pub struct VerifyInput {
    /// The public key that should have signed, 66 hexadecimal digits.
    pub pubkey: NodeId,
    /// The signature, as `signmessage` gives it in `zbase`.
    pub signature: String,
    /// The text.
    pub text: String,
}

/// Whether the key signed the text.
#[record(open)]
pub struct Verified {
    /// Whether the key signed the text.
    pub valid: bool,
}

/// Verifies a signed text.
pub fn verify(_: &Config, input: &VerifyInput, why: &mut Why) -> Result<Verified, Error> {
    let fault = check(&input.text, &input.signature, input.pubkey.as_str()).err();
    why.add(|| match fault {
        Some(fault) => Reason::new(fault.code(), Effect::Refuse),
        None => Reason::new(Code::SignatureValid, Effect::Allow).about(&input.pubkey),
    });
    Ok(Verified {
        valid: fault.is_none(),
    })
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no signature at all.
    Malformed,
    /// It is the second of the two forms of a signature; with both, one message has two texts.
    HighS,
    /// Somebody else signed, or something else was signed.
    Another,
}

impl Fault {
    pub(super) const fn code(self) -> Code {
        match self {
            Self::Malformed => Code::SignatureMalformed,
            Self::HighS => Code::SignatureHighS,
            Self::Another => Code::SignatureOfAnother,
        }
    }
}

/// Whether `pubkey` signed `text`.
pub(super) fn check(text: &str, signature: &str, pubkey: &str) -> Result<(), Fault> {
    let bytes = unzbase32(signature).ok_or(Fault::Malformed)?;
    let (header, compact) = bytes.split_first().ok_or(Fault::Malformed)?;
    let recovery = header.checked_sub(31).ok_or(Fault::Malformed)?;
    let recovery = RecoveryId::try_from(recovery).map_err(|_| Fault::Malformed)?;
    let signature = Signature::from_slice(compact).map_err(|_| Fault::Malformed)?;
    if signature.normalize_s() != signature {
        return Err(Fault::HighS);
    }
    let key = VerifyingKey::recover_from_prehash(&digest(text), &signature, recovery)
        .map_err(|_| Fault::Another)?;
    match hex(key.to_sec1_point(true).as_bytes()) == pubkey {
        true => Ok(()),
        false => Err(Fault::Another),
    }
}

/// What a Lightning node signs for a text.
fn digest(text: &str) -> [u8; 32] {
    let inner = Sha256::new()
        .chain_update(b"Lightning Signed Message:")
        .chain_update(text.as_bytes())
        .finalize();
    Sha256::digest(inner).into()
}

/// 65 bytes in 104 letters of five bits each; nothing is left over, so there is no padding that
/// could differ.
fn unzbase32(text: &str) -> Option<[u8; 65]> {
    const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let mut bytes = [0_u8; 65];
    let letters = text.as_bytes();
    if letters.len() != 104 {
        return None;
    }
    // Eight letters are five bytes.
    for (group, out) in letters.chunks_exact(8).zip(bytes.chunks_exact_mut(5)) {
        let mut bits = 0_u64;
        for letter in group {
            let value = ALPHABET.iter().position(|known| known == letter)?;
            bits = bits << 5 | value as u64;
        }
        for (place, byte) in out.iter_mut().enumerate() {
            *byte = (bits >> (32 - 8 * place)) as u8;
        }
    }
    Some(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use k256::ecdsa::SigningKey;

    /// What `signmessage` of a node with this key would answer.
    pub(in crate::fleet::gossip) fn sign(key: &SigningKey, text: &str) -> String {
        let (signature, recovery) = key.sign_prehash_recoverable(&digest(text));
        let mut bytes = vec![recovery.to_byte() + 31];
        bytes.extend_from_slice(&signature.to_bytes());
        zbase32(&bytes)
    }

    const SIGNED: &str = include_str!("../../../../tests/fixtures/cln/signmessage.json");
    const LETTERS: &str = "ybndrfg8ejkmcpqxot1uwisza345h769";

    fn samples() -> Vec<(String, String, String)> {
        let samples: Vec<serde_json::Value> = serde_json::from_str(SIGNED).unwrap();
        let text = |sample: &serde_json::Value, key: &str| sample[key].as_str().unwrap().to_owned();
        samples
            .iter()
            .map(|one| {
                (
                    text(one, "message"),
                    text(one, "zbase"),
                    text(one, "pubkey"),
                )
            })
            .collect()
    }

    fn zbase32(bytes: &[u8]) -> String {
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
            .collect();
        let letter = |five: &[u8]| five.iter().fold(0, |n, bit| n << 1 | usize::from(*bit));
        bits.chunks(5)
            .map(|five| LETTERS.as_bytes()[letter(five)] as char)
            .collect()
    }

    #[test]
    fn every_signature_of_a_real_node_holds_and_no_other_key_or_text() {
        let samples = samples();
        assert_eq!(samples.len(), 30);
        for (text, signature, pubkey) in &samples {
            assert_eq!(check(text, signature, pubkey), Ok(()), "{text}");
            assert_eq!(
                check(&format!("{text} "), signature, pubkey),
                Err(Fault::Another)
            );
            for (_, _, other) in samples.iter().filter(|(_, _, other)| other != pubkey) {
                assert_eq!(check(text, signature, other), Err(Fault::Another));
            }
            assert!(check(text, signature, &pubkey.to_uppercase()).is_err());
        }
    }

    #[test]
    fn every_changed_letter_and_every_truncation_is_refused() {
        for (nth, (text, signature, pubkey)) in samples().into_iter().enumerate() {
            for place in 0..signature.len() {
                assert!(check(&text, &signature[..place], &pubkey).is_err());
                // All 31 other letters at each place of two samples, one at each of the others.
                let others = LETTERS.chars().chain("v2lVYB= \u{1}".chars());
                let others = others.skip(if nth < 2 { 0 } else { place % 31 });
                for letter in others.take(if nth < 2 { 41 } else { 1 }) {
                    let mut changed: Vec<char> = signature.chars().collect();
                    if changed[place] == letter {
                        continue;
                    }
                    changed[place] = letter;
                    let changed: String = changed.into_iter().collect();
                    assert!(check(&text, &changed, &pubkey).is_err(), "{changed}");
                }
            }
            assert!(check(&text, &format!("{signature}y"), &pubkey).is_err());
        }
    }

    #[test]
    fn the_second_form_of_a_signature_is_refused() {
        for (text, signature, pubkey) in samples() {
            let bytes = unzbase32(&signature).unwrap();
            assert_eq!(zbase32(&bytes), signature);
            let first = Signature::from_slice(&bytes[1..]).unwrap();
            let (r, s) = first.split_scalars();
            let negated = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
            let mut second = vec![((bytes[0] - 31) ^ 1) + 31];
            second.extend_from_slice(&negated.to_bytes());
            let second = zbase32(&second);
            assert_eq!(check(&text, &second, &pubkey), Err(Fault::HighS));
        }
    }
}
