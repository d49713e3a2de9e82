//! No file is in a circle of imports: read from the `use` lines of the source itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by the names on its path.
type Module = Vec<String>;

/// The source of every module, without its tests.
fn modules(folder: &Path, path: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let inner: Module = path.iter().cloned().chain([name.clone()]).collect();
        if file.is_dir() {
            modules(&file, &inner, found);
        } else if file.extension().is_some_and(|kind| kind == "rs") {
            let module = if name == "mod" { path.clone() } else { inner };
            let text = std::fs::read_to_string(&file).unwrap();
            let source = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            found.insert(module, source.to_owned());
        }
    }
}

/// Every path of one `use`: `a::{b, c::d}` names two.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        return vec![path.trim().to_owned()];
    };
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(letter),
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| paths(part))
        .map(|path| format!("{}{path}", head.trim()))
        .collect()
}

/// The modules that `module` imports from.
fn imports(module: &Module, source: &str, all: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    let statements = source.split(';').filter_map(|statement| {
        let at = statement
            .rfind("\nuse ")
            .or_else(|| statement.rfind("\npub use "))?;
        statement
            .get(at..)?
            .trim_start()
            .split_once("use ")
            .map(|(_, tree)| tree)
    });
    for path in statements.flat_map(paths) {
        let mut steps = path.split("::").map(str::trim).peekable();
        let mut target: Module = match steps.peek() {
            Some(&"crate") => Vec::new(),
            Some(&"super" | &"self") => module.clone(),
            _ => continue,
        };
        for step in steps {
            match step {
                "crate" | "self" => {}
                "super" => drop(target.pop()),
                name => target.push(name.to_owned()),
            }
        }
        while !target.is_empty() && !all.contains_key(&target) {
            target.pop();
        }
        if !target.is_empty() && target != *module {
            found.insert(target);
        }
    }
    found
}

/// Whether `from` reaches `to`.
fn reaches(graph: &BTreeMap<Module, BTreeSet<Module>>, from: &Module, to: &Module) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(here) = open.pop() {
        if here == to {
            return true;
        }
        if seen.insert(here) {
            open.extend(graph.get(here).into_iter().flatten());
        }
    }
    false
}

#[test]
fn no_file_is_in_a_circle_of_imports() {
    let mut sources = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    modules(&root, &Vec::new(), &mut sources);
    let is_test = |name: &String| {
        ["tests", "laws", "stories", "circles", "proofs"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    sources.retain(|module, _| {
        module
            .last()
            .is_some_and(|name| name != "lib" && !is_test(name))
    });
    assert!(sources.len() > 60, "only {} modules", sources.len());
    let graph: BTreeMap<Module, BTreeSet<Module>> = sources
        .iter()
        .map(|(module, source)| (module.clone(), imports(module, source, &sources)))
        .collect();
    let mut circles = Vec::new();
    for (from, targets) in &graph {
        for to in targets.iter().filter(|to| reaches(&graph, to, from)) {
            circles.push(format!("{} -> {}", from.join("::"), to.join("::")));
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}
