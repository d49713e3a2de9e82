//! `parity`: every vector on every surface; exit code 1 and the name of surface, operation and case
//! where one answers otherwise than core.

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use trimtab_tests::parity::{self, Answer, Difference, Job, Runner, Surface, Way};
use trimtab_tests::vectors;

/// Differences beyond these are counted, not shown.
const SHOWN: usize = 20;

/// Runs every vector on every surface and compares the answers with those of core.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these surfaces (core is always the measure).
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "native,wasmtime,node,bun,pyo3,wasmtime-py"
    )]
    surfaces: Vec<Surface>,
    /// Changes one answer of this surface: the run must turn red.
    #[arg(long, value_enum)]
    plant: Option<Surface>,
    /// Which of its two answers.
    #[arg(long, value_enum, default_value = "bytes")]
    plant_in: Way,
    /// The program of Node.
    #[arg(long, default_value = "node")]
    node: String,
    /// The program of Bun.
    #[arg(long, default_value = "bun")]
    bun: String,
    /// The Python that has the wheel installed.
    #[arg(long, default_value = "python3")]
    python: String,
    /// Where the jobs and answers are written.
    #[arg(long, default_value = "target/parity")]
    folder: PathBuf,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let suites = vectors::load()?;
    let jobs = parity::jobs(&suites);
    ensure!(!jobs.is_empty(), "there is no vector");
    write_jobs(&jobs, &arguments.folder)?;
    let mut rows = answers(&arguments, &jobs)?;
    let core = parity::native(&jobs)?;
    for (surface, answers) in &mut rows {
        if arguments.plant == Some(*surface) {
            parity::plant(answers, 0, arguments.plant_in);
        }
    }
    let mut found = Vec::new();
    for (surface, answers) in &rows {
        found.extend(parity::differences(*surface, &jobs, &core, answers));
    }
    report(&jobs, &rows, &found)?;
    prove(&jobs, &core, &rows)?;
    Ok(if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write_jobs(jobs: &[Job<'_>], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = std::io::BufWriter::new(fs::File::create(folder.join("cases.jsonl"))?);
    for job in jobs {
        serde_json::to_writer(&mut file, job)?;
        writeln!(file)?;
    }
    Ok(file.flush()?)
}

type Row = (Surface, Vec<Answer>);

/// The runners of other languages work while this program does its own part.
fn answers(arguments: &Arguments, jobs: &[Job<'_>]) -> Result<Vec<Row>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity");
    let start = |surface: &Surface| {
        let (program, script) = match surface {
            Surface::Native | Surface::Wasmtime => return Ok(None),
            Surface::Node => (&arguments.node, "run.mjs"),
            Surface::Bun => (&arguments.bun, "run.mjs"),
            Surface::Pyo3 | Surface::WasmtimePy => (&arguments.python, "run.py"),
        };
        Runner::start(*surface, program, &scripts.join(script), &arguments.folder).map(Some)
    };
    let runners = arguments
        .surfaces
        .iter()
        .map(start)
        .collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for (surface, runner) in arguments.surfaces.iter().zip(runners) {
        let answers = match runner {
            Some(runner) => runner.answers(),
            None if *surface == Surface::Native => parity::native(jobs),
            None => parity::wasmtime(jobs),
        };
        rows.push((*surface, answers.with_context(|| surface.to_string())?));
    }
    Ok(rows)
}

fn report(jobs: &[Job<'_>], rows: &[Row], found: &[Difference]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:12} {:>6}  {:16}  {:>6}  {:16}",
        "surface", "cases", "bytes", "typed", "decisions"
    )?;
    for (surface, answers) in rows {
        let (bytes, outcomes) = parity::digests(answers);
        let typed = answers
            .iter()
            .filter(|answer| answer.typed.is_some())
            .count();
        writeln!(
            out,
            "{surface:12} {:6}  {bytes:.16}  {typed:6}  {outcomes:.16}",
            answers.len()
        )?;
    }
    for difference in found.iter().take(SHOWN) {
        writeln!(out, "{difference}")?;
    }
    if found.len() > SHOWN {
        writeln!(out, "and {} more", found.len() - SHOWN)?;
    }
    writeln!(
        out,
        "{} cases on {} surfaces, {} differences",
        jobs.len(),
        rows.len(),
        found.len()
    )?;
    Ok(())
}

/// A harness that finds nothing proves nothing: one answer of each surface is changed in each way,
/// and each change must be found, and found where it was made.
fn prove(jobs: &[Job<'_>], core: &[Answer], rows: &[Row]) -> Result<()> {
    for (surface, answers) in rows {
        for (index, way) in [(0, Way::Bytes), (jobs.len() / 2, Way::Typed)] {
            let clean = parity::differences(*surface, jobs, core, answers).len();
            let mut changed = answers.clone();
            parity::plant(&mut changed, index, way);
            let seen = parity::differences(*surface, jobs, core, &changed).len();
            ensure!(
                seen > clean || clean > 0,
                "{surface}: a planted difference was not found"
            );
        }
    }
    writeln!(
        std::io::stdout(),
        "a planted difference was found on each of {} surfaces",
        rows.len()
    )?;
    Ok(())
}
