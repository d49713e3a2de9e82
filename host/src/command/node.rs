//! The raw answers of nodes: from a folder, or the ones this program carries.

use serde_json::json;
use std::path::Path;

use super::Failure;
use super::caller::Json;

/// The answers of one node, by the name of the question.
pub struct Node {
    pub name: String,
    pub answers: Json,
}

/// A fleet as it is on the disk.
pub struct Fleet {
    pub members: Vec<Node>,
    /// Names of nodes that are not members, where their answers tell them.
    pub strangers: Vec<(String, String)>,
    pub listchannels: Option<Json>,
    pub now: u64,
}

/// The answers that `snapshot.cln` reads, with the names of their files.
const ANSWERS: [(&str, &str); 4] = [
    ("getinfo", "getinfo.json"),
    ("listpeerchannels", "listpeerchannels.json"),
    ("listforwards", "listforwards.json"),
    ("bkpr_listincome", "bkpr-listincome.json"),
];

/// Where answers carry a time, in seconds.
const TIMES: [&str; 5] = [
    "last_stable_connection",
    "last_update",
    "received_time",
    "resolved_time",
    "timestamp",
];

macro_rules! carried {
    ($name:literal) => {
        (
            $name,
            [
                include_str!(concat!(
                    "../../../tests/fixtures/cln/",
                    $name,
                    "/getinfo.json"
                )),
                include_str!(concat!(
                    "../../../tests/fixtures/cln/",
                    $name,
                    "/listpeerchannels.json"
                )),
                include_str!(concat!(
                    "../../../tests/fixtures/cln/",
                    $name,
                    "/listforwards.json"
                )),
                include_str!(concat!(
                    "../../../tests/fixtures/cln/",
                    $name,
                    "/bkpr-listincome.json"
                )),
            ],
        )
    };
}

/// The nodes that this program carries: the real answers of a small test network.
const CARRIED: [(&str, [&str; 4]); 5] = [
    carried!("l1"),
    carried!("l2"),
    carried!("l3"),
    carried!("l4"),
    carried!("l5"),
];
const CARRIED_CHANNELS: &str = include_str!("../../../tests/fixtures/cln/listchannels.json");
const CARRIED_FLEET: &str = include_str!("../../../tests/fixtures/cln/fleet.json");

impl Fleet {
    /// The carried one.
    pub fn carried() -> Result<Self, Failure> {
        let nodes = CARRIED.iter().map(|(name, texts)| {
            let texts = texts.iter().map(|text| Some((*text).to_owned()));
            node(name, texts)
        });
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let channels = Some(parsed("listchannels.json", CARRIED_CHANNELS)?);
        let about = parsed("fleet.json", CARRIED_FLEET)?;
        Self::sorted(nodes, channels, &about, None, None)
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
            nodes.push(node(&name, texts.into_iter())?);
        }
        let optional = |file: &str| -> Result<Option<Json>, Failure> {
            text(&dir.join(file))?
                .map(|text| parsed(file, &text))
                .transpose()
        };
        let about = optional("fleet.json")?.unwrap_or(Json::Null);
        Self::sorted(nodes, optional("listchannels.json")?, &about, members, now)
    }

    fn sorted(
        nodes: Vec<Node>,
        listchannels: Option<Json>,
        about: &Json,
        members: Option<Vec<String>>,
        now: Option<u64>,
    ) -> Result<Self, Failure> {
        let named = about.get("members").and_then(Json::as_array).map(|names| {
            let names = names.iter().filter_map(Json::as_str);
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        let members = members.or(named);
        if let Some(absent) = members
            .iter()
            .flatten()
            .find(|member| !nodes.iter().any(|node| node.name == **member))
        {
            return Err(Failure::Usage(format!(
                "{absent}: no folder with the answers of this member"
            )));
        }
        let newest = nodes
            .iter()
            .map(|node| newest_time(&node.answers))
            .max()
            .unwrap_or(0);
        let newest = newest.max(listchannels.as_ref().map_or(0, newest_time));
        let now = now
            .or(about.get("now").and_then(Json::as_u64))
            .unwrap_or(newest);
        let is_member = |node: &Node| {
            members
                .as_ref()
                .is_none_or(|names| names.contains(&node.name))
        };
        let (members, others): (Vec<_>, Vec<_>) = nodes.into_iter().partition(is_member);
        if members.is_empty() {
            return Err(Failure::Usage(
                "no member: a folder per node with getinfo.json is needed".to_owned(),
            ));
        }
        let id = |node: &Node| {
            node.answers
                .pointer("/getinfo/id")?
                .as_str()
                .map(str::to_owned)
        };
        let strangers = others
            .iter()
            .filter_map(|node| Some((id(node)?, node.name.clone())));
        Ok(Self {
            strangers: strangers.collect(),
            members,
            listchannels,
            now,
        })
    }
}

/// The newest time in the answers: they know when they were given, our clock does not.
fn newest_time(answers: &Json) -> u64 {
    match answers {
        Json::Array(entries) => entries.iter().map(newest_time).max().unwrap_or(0),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, field)| match field {
                Json::Number(time) if TIMES.contains(&name.as_str()) => time
                    .as_u64()
                    .or(time.as_f64().map(|time| time as u64))
                    .unwrap_or(0),
                Json::Array(_) | Json::Object(_) => newest_time(field),
                _ => 0,
            })
            .max()
            .unwrap_or(0),
        _ => 0,
    }
}

fn node(name: &str, texts: impl Iterator<Item = Option<String>>) -> Result<Node, Failure> {
    let mut answers = json!({});
    for ((answer, file), text) in ANSWERS.iter().zip(texts) {
        let file = format!("{name}/{file}");
        match (text, answers.as_object_mut()) {
            (Some(text), Some(fields)) => {
                fields.insert((*answer).to_owned(), parsed(&file, &text)?);
            }
            (None, _) if ["getinfo", "listpeerchannels"].contains(answer) => {
                return Err(Failure::Usage(format!("{file} is missing")));
            }
            _ => {}
        }
    }
    Ok(Node {
        name: name.to_owned(),
        answers,
    })
}

/// The folders that hold a node, by name.
fn folders(dir: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("{}: {error}", dir.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().join("getinfo.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn text(file: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Usage(format!("{}: {error}", file.display()))),
    }
}

fn parsed(file: &str, text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Usage(format!("{file}: {error}")))
}
