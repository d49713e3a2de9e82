//! The raw answers of nodes: from a folder, or the ones this program carries.

use std::path::Path;

use trimtab_core::entries::Entries;
use trimtab_core::fleet::advise::{OperatorDecision, SpentBudget};
use trimtab_core::fleet::snapshot::ClnInput;
use trimtab_core::fleet::snapshot::raw::ListChannels;
use trimtab_core::units::Seconds;
use trimtab_core::value::{self, FromValue, Value};

use super::failure::Failure;

/// One member: its answers, and what its operator decided.
pub struct Node {
    pub name: String,
    pub answers: ClnInput,
    pub operator: Entries<OperatorDecision>,
    pub budget: SpentBudget,
}

/// A fleet as it is on the disk.
pub struct Fleet {
    pub members: Vec<Node>,
    /// Names of nodes that are not members, where their answers tell them: id and name.
    pub strangers: Vec<(String, String)>,
    pub now: Seconds,
}

/// The answers that `snapshot.cln` reads, with the names of their files.
const ANSWERS: [(&str, &str); 7] = [
    ("getinfo", "getinfo.json"),
    ("listpeerchannels", "listpeerchannels.json"),
    ("listforwards", "listforwards.json"),
    ("bkpr_listincome", "bkpr-listincome.json"),
    ("listchannelmoves", "listchannelmoves.json"),
    ("bkpr_listaccountevents", "bkpr-listaccountevents.json"),
    ("listpeers", "listpeers.json"),
];

/// What a node cannot be without: one of each row. Before 23.02 `listpeers` told the channels.
const NEEDED: [&[&str]; 2] = [&["getinfo"], &["listpeerchannels", "listpeers"]];

/// Where answers carry a time, in seconds.
const TIMES: [&str; 5] = [
    "last_stable_connection",
    "last_update",
    "received_time",
    "resolved_time",
    "timestamp",
];

macro_rules! carried {
    ($of:literal, $name:literal, $($file:literal)+) => {
        ($name, [$(include_str!(concat!("../../demo/", $of, "/", $name, "/", $file))),+])
    };
    ($of:literal, $name:literal) => {
        carried!($of, $name,
            "getinfo.json" "listpeerchannels.json" "listforwards.json" "bkpr-listincome.json")
    };
}

/// The nodes that this program carries: the real answers of a small test network.
const CARRIED: [(&str, [&str; 4]); 5] = [
    carried!("cln", "l1"),
    carried!("cln", "l2"),
    carried!("cln", "l3"),
    carried!("cln", "l4"),
    carried!("cln", "l5"),
];
const CARRIED_CHANNELS: &str = include_str!("../../demo/cln/listchannels.json");
const CARRIED_FLEET: &str = include_str!("../../demo/cln/fleet.json");

/// A real node of another test network, while four of its channels close.
const CLOSING: [(&str, [&str; 4]); 1] = [carried!("closing", "l1")];
const CLOSING_CHANNELS: &str = include_str!("../../demo/closing/listchannels.json");

/// The files of one node, parsed.
struct Folder {
    name: String,
    answers: Vec<(&'static str, Value<'static>)>,
    operator: Option<Value<'static>>,
    budget: Option<Value<'static>>,
}

/// What `fleet.json` says.
#[derive(Default, FromValue)]
#[serde(deny_unknown_fields)]
struct About {
    /// The folders of the members.
    #[serde(default)]
    members: Option<Vec<String>>,
    /// The moment of the answers.
    #[serde(default)]
    now: Option<Seconds>,
}

impl Fleet {
    /// The carried one.
    pub fn carried() -> Result<Self, Failure> {
        let about = read("fleet.json", &parsed("fleet.json", CARRIED_FLEET)?)?;
        Self::of_texts(&CARRIED, CARRIED_CHANNELS, about)
    }

    /// The carried node with channels that close.
    pub fn closing() -> Result<Self, Failure> {
        Self::of_texts(&CLOSING, CLOSING_CHANNELS, About::default())
    }

    fn of_texts(nodes: &[(&str, [&str; 4])], graph: &str, about: About) -> Result<Self, Failure> {
        let folders = nodes.iter().map(|(name, texts)| {
            let texts = texts.iter().map(|text| Some((*text).to_owned()));
            Folder::of(name, texts)
        });
        let folders = folders.collect::<Result<Vec<_>, _>>()?;
        let channels = Some(parsed("listchannels.json", graph)?);
        Self::sorted(folders, channels, about, None, None)
    }

    /// The answers in `dir`.
    pub fn read(
        dir: &Path,
        members: Option<Vec<String>>,
        now: Option<u64>,
    ) -> Result<Self, Failure> {
        let mut nodes = Vec::new();
        for name in folders(dir)? {
            let texts = ANSWERS
                .iter()
                .map(|(_, file)| text(&dir.join(&name).join(file)));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            let mut folder = Folder::of(&name, texts.into_iter())?;
            let own = |file: &str| optional(&dir.join(&name), &format!("{name}/{file}"), file);
            (folder.operator, folder.budget) = (own("operator.json")?, own("budget.json")?);
            nodes.push(folder);
        }
        let about = optional(dir, "fleet.json", "fleet.json")?;
        let about = about.map(|about| read("fleet.json", &about)).transpose()?;
        let channels = optional(dir, "listchannels.json", "listchannels.json")?;
        Self::sorted(nodes, channels, about.unwrap_or_default(), members, now)
    }

    fn sorted(
        folders: Vec<Folder>,
        listchannels: Option<Value<'static>>,
        about: About,
        members: Option<Vec<String>>,
        now: Option<u64>,
    ) -> Result<Self, Failure> {
        let members = members.or(about.members);
        let named = |name: &String| folders.iter().any(|folder| folder.name == *name);
        if let Some(absent) = members.iter().flatten().find(|member| !named(member)) {
            return Err(Failure::Usage(format!(
                "{absent}: no folder with the answers of this member"
            )));
        }
        let told = folders.iter().flat_map(|folder| &folder.answers);
        let told = told.map(|(_, answer)| newest_time(answer));
        let newest = told.chain(listchannels.as_ref().map(newest_time)).max();
        let now = match (now, about.now) {
            (Some(now), _) => Seconds::named("now", now)?,
            (None, Some(now)) => now,
            (None, None) => Seconds::named("now", newest.unwrap_or(0))?,
        };
        let channels: Option<ListChannels> = listchannels
            .map(|channels| read("listchannels.json", &channels))
            .transpose()?;
        let mut fleet = Self {
            members: Vec::new(),
            strangers: Vec::new(),
            now,
        };
        for folder in folders {
            let is_member = members
                .as_ref()
                .is_none_or(|names| names.contains(&folder.name));
            let node = folder.node(now, channels.as_ref())?;
            match is_member {
                true => fleet.members.push(node),
                false => {
                    let id = node.answers.getinfo.id.to_string();
                    fleet.strangers.push((id, node.name));
                }
            }
        }
        if fleet.members.is_empty() {
            return Err(Failure::Usage(
                "no member: a folder per node with getinfo.json is needed".to_owned(),
            ));
        }
        Ok(fleet)
    }
}

/// The newest time in the answers: they know when they were given, our clock does not.
fn newest_time(answers: &Value<'_>) -> u64 {
    match answers {
        Value::List(entries) => entries.iter().map(newest_time).max().unwrap_or(0),
        Value::Map(fields) => {
            let times = fields.iter().map(|(name, field)| match field {
                Value::Unsigned(time) if TIMES.contains(&name.as_ref()) => *time,
                // A float cast truncates and saturates.
                Value::Float(time) if TIMES.contains(&name.as_ref()) => *time as u64,
                Value::List(_) | Value::Map(_) => newest_time(field),
                _ => 0,
            });
            times.max().unwrap_or(0)
        }
        _ => 0,
    }
}

impl Folder {
    fn of(name: &str, texts: impl Iterator<Item = Option<String>>) -> Result<Self, Failure> {
        let mut answers = Vec::new();
        for ((answer, file), text) in ANSWERS.iter().zip(texts) {
            if let Some(text) = text {
                answers.push((*answer, parsed(&format!("{name}/{file}"), &text)?));
            }
        }
        let is_there = |one: &&str| answers.iter().any(|(answer, _)| answer == one);
        let absent = NEEDED.iter().find(|any| !any.iter().any(&is_there));
        if let Some(first) = absent.and_then(|any| any.first()) {
            return Err(Failure::Usage(format!("{name}/{first}.json is missing")));
        }
        Ok(Self {
            name: name.to_owned(),
            answers,
            operator: None,
            budget: None,
        })
    }

    fn node(self, now: Seconds, channels: Option<&ListChannels>) -> Result<Node, Failure> {
        let answers = self.answers.into_iter();
        let mut fields: Vec<_> = answers
            .map(|(name, answer)| (name.into(), answer))
            .collect();
        fields.push(("now".into(), Value::Unsigned(now.get())));
        let mut answers: ClnInput = read(&self.name, &Value::Map(fields))?;
        answers.listchannels = channels.cloned();
        let operator = self.operator.as_ref();
        let operator =
            operator.map(|operator| read(&format!("{}/operator.json", self.name), operator));
        let budget = self.budget.as_ref();
        let budget = budget.map(|budget| read(&format!("{}/budget.json", self.name), budget));
        Ok(Node {
            answers,
            operator: operator.transpose()?.unwrap_or_default(),
            budget: budget.transpose()?.unwrap_or_default(),
            name: self.name,
        })
    }
}

/// The folders that hold a node, by name.
fn folders(dir: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("{}: {error}", dir.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_there = |(_, file): &(_, &str)| entry.path().join(file).is_file();
        // One answer makes a node: a folder that lacks another is refused, and not overlooked.
        if ANSWERS.iter().any(is_there) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A file that may be missing, by the name that people know it by.
fn optional(dir: &Path, name: &str, file: &str) -> Result<Option<Value<'static>>, Failure> {
    text(&dir.join(file))?
        .map(|text| parsed(name, &text))
        .transpose()
}

fn text(file: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Usage(format!("{}: {error}", file.display()))),
    }
}

fn parsed(file: &str, text: &str) -> Result<Value<'static>, Failure> {
    let parsed = Value::from_json(text.as_bytes()).map(Value::into_owned);
    parsed.map_err(|error| Failure::Usage(format!("{file}: {error}")))
}

fn read<T: FromValue>(file: &str, value: &Value<'_>) -> Result<T, Failure> {
    value::decode(value).map_err(|error| Failure::Usage(format!("{file}: {error}")))
}
