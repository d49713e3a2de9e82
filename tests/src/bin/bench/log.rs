//! The decision log: what writing a line adds to a call, and what asking it again takes.

use anyhow::{Result, ensure};
use trimtab_core::log::read::Line;
use trimtab_core::policy::Policy;
use trimtab_host::Sandbox;
use trimtab_host::log::{
    Compared, Decider, Entry, Fsync, LogOptions, Native, Observed, PolicyNote, Reader, Replayed,
    Replayer, Sandboxed, Writer,
};

use super::{Row, times};

const LINES: usize = 20_000;
/// At least 100,000 small decisions a second natively.
const MOST_US: f64 = 10.0;

/// Microseconds of each line.
pub fn rows() -> Result<Vec<Row>> {
    let folder = std::env::temp_dir().join(format!("trimtab-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("decisions.jsonl");
    let (policy, note) = (Policy::plan(), PolicyNote::of("plan", None)?);
    let inputs: Vec<String> = (0..LINES)
        .map(|n| format!(r#"{{"ev":{}.5,"min_ev":10}}"#, n % 40))
        .collect();
    let options = LogOptions {
        fsync: Fsync::Never,
        max_bytes: None,
        ..LogOptions::new(&path, "native")
    };
    let writer = Writer::open(options)?;
    let each = |milliseconds: f64| milliseconds * 1e3 / LINES as f64;
    let ask = |input: &String| policy.call("rebalance.accept", input.as_bytes());
    let [plain, logged] = times(
        1,
        [
            &mut || {
                for input in &inputs {
                    ask(input)?;
                }
                Ok(())
            },
            &mut || {
                for input in &inputs {
                    let answer = ask(input)?;
                    let input = input.as_bytes();
                    writer.append(&Observed::new("rebalance.accept", &note, input, &answer))?;
                }
                Ok(())
            },
        ],
    )?;
    writer.close()?;
    let sandbox = Sandbox::builder().cached().build()?;
    let [native, sandboxed] = times(
        3,
        [&mut || replay(&path, Native), &mut || {
            replay(&path, Sandboxed(sandbox.clone()))
        }],
    )?;
    std::fs::remove_dir_all(&folder)?;
    // The log holds the warm-up too.
    let line = |milliseconds: f64| each(milliseconds) / 2.0;
    Ok(vec![
        Row::new(
            "log: a small call with its line; without one",
            each(logged),
            each(plain),
            "us",
        ),
        Row::new(
            "log: replay of a small decision, native; at most",
            line(native),
            MOST_US,
            "us",
        ),
        Row::new(
            "log: replay of a small decision, sandbox; native",
            line(sandboxed),
            line(native),
            "us",
        ),
    ])
}

fn replay<D: Decider>(path: &std::path::Path, decider: D) -> Result<()> {
    let (mut reader, mut replayer) = (Reader::open(path)?, Replayer::new(decider));
    let (mut entry, mut same) = (Entry::empty(), 0);
    while reader.read_into(&mut entry)? {
        let replayed = replayer.replay(&Line::read(&entry.bytes)?)?;
        let is_same = matches!(
            replayed,
            Replayed::Asked {
                compared: Compared::Same,
                ..
            }
        );
        same += usize::from(is_same);
    }
    ensure!(same == LINES * 2, "{same} lines are decided alike");
    Ok(())
}
