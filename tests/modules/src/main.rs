//! Writes random modules and mutated bytes of given ones; the same ones for the same seed.
//!
//! `trimtab-random-modules OUT SEED COUNT SMALL OWN OWN_COUNT`: `COUNT` modules out of nothing and
//! out of `SMALL`, `OWN_COUNT` out of `OWN`, written to `OUT` as `<number>-<kind>.wasm`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, panic};

use arbitrary::Unstructured;
use wasm_encoder::{CodeSection, RawSection};
use wasm_mutate::WasmMutate;
use wasm_smith::{Config, Module};
use wasmparser::{Parser, Payload};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [out, seed, count, small, own, own_count] = arguments.as_slice() else {
        return Err("OUT SEED COUNT SMALL OWN OWN_COUNT".into());
    };
    let out = PathBuf::from(out);
    let (small, own) = (fs::read(small)?, fs::read(own)?);
    let mut random = Random(seed.parse::<u64>()? | 1);
    fs::create_dir_all(&out)?;
    // A mutation that gives up with a panic is no finding about the sandbox.
    panic::set_hook(Box::new(|_| ()));
    let count: usize = count.parse()?;
    for index in 0..count {
        let (kind, bytes) = match index % 10 {
            0..=3 => ("wild", smith(&mut random, None)),
            4..=6 => ("speaking", in_version_1(smith(&mut random, Some(&small)))),
            7 | 8 => ("mutant", mutant(&mut random, &small)),
            _ => ("bytes", flipped(&mut random, &small)),
        };
        write(&out, index, kind, &bytes)?;
    }
    for index in 0..own_count.parse()? {
        let (kind, bytes) = match index % 3 {
            0 => ("own-bytes", flipped(&mut random, &own)),
            1 => ("own-mutant", mutant(&mut random, &own)),
            _ => {
                let end = random.below(own.len());
                ("own-cut", own[..end].to_vec())
            }
        };
        write(&out, count + index, kind, &bytes)?;
    }
    Ok(())
}

fn write(out: &Path, index: usize, kind: &str, bytes: &[u8]) -> Outcome<()> {
    Ok(fs::write(
        out.join(format!("{index:05}-{kind}.wasm")),
        bytes,
    )?)
}

/// A module out of nothing; with the exports of `like`, where that is given.
fn smith(random: &mut Random, like: Option<&[u8]>) -> Vec<u8> {
    let size = 64 + random.below(4000);
    let seed: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
    let bytes = seed.clone();
    let config = Config {
        exports: like.map(<[u8]>::to_vec),
        // Whatever speaks the interface should be called, not refused for its imports or size.
        max_imports: if like.is_some() { 0 } else { 4 },
        max_memory32_bytes: if like.is_some() { 1 << 22 } else { 1 << 32 },
        memory64_enabled: like.is_none(),
        threads_enabled: like.is_none(),
        exceptions_enabled: like.is_none(),
        gc_enabled: like.is_none(),
        max_funcs: 20,
        // The memory that is exported is the only one.
        max_memories: usize::from(like.is_none()),
        reference_types_enabled: like.is_none(),
        relaxed_simd_enabled: like.is_none(),
        wide_arithmetic_enabled: like.is_none(),
        allow_invalid_funcs: like.is_none() && random.below(4) == 0,
        ..Config::default()
    };
    let made = panic::catch_unwind(move || {
        let mut input = Unstructured::new(&bytes);
        let module = Module::new(config, &mut input).ok()?;
        Some(module.to_bytes())
    });
    // Where the generator gives up, its input is random bytes too.
    made.ok().flatten().unwrap_or(seed)
}

/// The same module, but its `tt_abi` answers 1: otherwise nothing else of it would ever be called.
fn in_version_1(bytes: Vec<u8>) -> Vec<u8> {
    answering_1(&bytes).unwrap_or(bytes)
}

fn answering_1(bytes: &[u8]) -> Option<Vec<u8>> {
    let payloads = || Parser::new(0).parse_all(bytes);
    let exports = payloads().find_map(|payload| match payload {
        Ok(Payload::ExportSection(exports)) => Some(exports),
        _ => None,
    });
    let mut exports = exports?.into_iter().flatten();
    // No function is imported, so the place of a function is the place of its body.
    let wanted = exports.find(|export| export.name == "tt_abi")?.index;
    let mut module = wasm_encoder::Module::new();
    let mut code = CodeSection::new();
    let mut place = 0;
    for payload in payloads() {
        match payload.ok()? {
            Payload::CodeSectionStart { .. } => {}
            Payload::CodeSectionEntry(body) => {
                let same = &bytes[body.range().start as usize..body.range().end as usize];
                code.raw(if place == wanted { ONE } else { same });
                place += 1;
            }
            Payload::End(_) => break,
            other => {
                if place > 0 && code.len() > 0 {
                    module.section(&std::mem::take(&mut code));
                }
                if let Some((id, range)) = other.as_section() {
                    let data = &bytes[range.start as usize..range.end as usize];
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    if code.len() > 0 {
        module.section(&code);
    }
    Some(module.finish())
}

/// The body of a function: no locals, `i32.const 1`, `end`.
const ONE: &[u8] = &[0, 0x41, 1, 0x0b];

/// One to five mutations, one on top of the other.
fn mutant(random: &mut Random, of: &[u8]) -> Vec<u8> {
    let mut bytes = of.to_vec();
    for _ in 0..=random.below(5) {
        let seed = random.next();
        let next = panic::catch_unwind(|| {
            let mut mutate = WasmMutate::default();
            mutate.seed(seed).fuel(300);
            let mut found = mutate.run(&bytes).ok()?;
            found.next()?.ok()
        });
        match next {
            Ok(Some(next)) => bytes = next,
            _ => break,
        }
    }
    bytes
}

/// One to eight bytes changed.
fn flipped(random: &mut Random, of: &[u8]) -> Vec<u8> {
    let mut bytes = of.to_vec();
    for _ in 0..=random.below(8) {
        let place = random.below(bytes.len());
        bytes[place] = random.next() as u8;
    }
    bytes
}

/// Xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
