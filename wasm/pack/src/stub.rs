//! The head of `python/trimtab/_native.pyi`: the functions and classes that the extension has by
//! hand, read from its Rust sources. What Rust does not tell of a type stands in [`KNOWN`].

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use syn::{Attribute, FnArg, ImplItem, ImplItemFn, Item, ItemMod, Meta, ReturnType, Signature};

use crate::python::docs;

/// The sources with functions and classes.
const SOURCES: [&str; 4] = ["lib.rs", "decision.rs", "book.rs", "policy.rs"];

/// What Rust knows as any object, text or list, and Python more exactly: who has it, what it is
/// called, its type. Where nobody is named, every argument of that name has the type.
const KNOWN: [(&str, &str, &str); 14] = [
    ("", "config", "t.ConfigOverrides | _Dataclass | None"),
    ("", "profile", "t.Profile"),
    ("", "view", "Literal[\"operator\", \"peer\"]"),
    ("", "record", "Any"),
    ("", "fields", "Any"),
    ("", "instance", "Policy | None"),
    ("Decision", "decision", "Any"),
    ("Decision", "policy", "dict[str, str]"),
    ("Decision", "quarantined", "list[t.Quarantined]"),
    ("Decision", "reasons", "list[t.Reason]"),
    ("Operation", "__call__", "Decision"),
    ("Operation", "__get__", "Any"),
    ("Policy", "config", "t.Config"),
    ("Policy", "profile", "t.Profile"),
];

/// What Python asks of a class behind its back is no part of the surface.
const HIDDEN: [&str; 7] = [
    "__dir__",
    "__doc__",
    "__getattribute__",
    "__getnewargs__",
    "__getstate__",
    "__repr__",
    "__text_signature__",
];

/// The head of the stub, and the text of each class.
pub struct Head {
    /// The functions of the module.
    pub functions: String,
    /// The classes.
    pub classes: Vec<Class>,
}

/// A class.
pub struct Class {
    /// Its name.
    pub name: String,
    /// Whether another class may stand on it.
    pub base: bool,
    /// What stands in it.
    pub body: String,
}

/// Reads the sources of the extension.
pub fn head(root: &Path) -> Result<Head> {
    let mut head = Head {
        functions: String::new(),
        classes: Vec::new(),
    };
    let mut used = BTreeSet::new();
    for source in SOURCES {
        let path = root.join("python/src").join(source);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
        read(&file.items, &mut head, &mut used).with_context(|| path.display().to_string())?;
    }
    for (owner, name, _) in KNOWN {
        ensure!(
            used.contains(&(owner, name)),
            "the type of {owner}.{name} is told, but nothing is called so"
        );
    }
    Ok(head)
}

type Used = BTreeSet<(&'static str, &'static str)>;

fn read(items: &[Item], head: &mut Head, used: &mut Used) -> Result<()> {
    for item in items {
        match item {
            Item::Mod(ItemMod {
                content: Some((_, items)),
                ..
            }) => read(items, head, used)?,
            Item::Fn(function) if has(&function.attrs, "pyfunction") => {
                let name = function.sig.ident.to_string();
                if name.starts_with('_') {
                    continue;
                }
                let of = Method {
                    owner: "",
                    attrs: &function.attrs,
                    signature: &function.sig,
                };
                let text = of.text("", used)?;
                writeln!(head.functions, "{text}")?;
            }
            Item::Struct(class) if has(&class.attrs, "pyclass") => {
                let mut body = String::new();
                docs(&mut body, "    ", &about(&class.attrs))?;
                body.push('\n');
                head.classes.push(Class {
                    name: class.ident.to_string(),
                    base: list_of(&class.attrs, "pyclass").contains("subclass"),
                    body,
                });
            }
            Item::Impl(block) if has(&block.attrs, "pymethods") => {
                let syn::Type::Path(path) = &*block.self_ty else {
                    continue;
                };
                let owner = path.path.segments.last().context("no class")?;
                let owner = owner.ident.to_string();
                let class = head.classes.iter_mut().find(|class| class.name == owner);
                let class = class.with_context(|| format!("no class {owner}"))?;
                for item in &block.items {
                    if let ImplItem::Fn(method) = item {
                        class.body.push_str(&self::method(&owner, method, used)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn method(owner: &str, method: &ImplItemFn, used: &mut Used) -> Result<String> {
    if HIDDEN.contains(&method.sig.ident.to_string().as_str()) {
        return Ok(String::new());
    }
    let method = Method {
        owner,
        attrs: &method.attrs,
        signature: &method.sig,
    };
    method.text("    ", used)
}

/// A function or a method.
struct Method<'s> {
    owner: &'s str,
    attrs: &'s [Attribute],
    signature: &'s Signature,
}

impl Method<'_> {
    fn text(&self, indent: &str, used: &mut Used) -> Result<String> {
        let (name, first, decorator) = self.kind();
        let mut arguments: Vec<String> = first.into_iter().map(str::to_owned).collect();
        arguments.extend(self.arguments(used)?);
        let answer = match name.as_str() {
            "__new__" => self.owner.to_owned(),
            _ => self.answer(used)?,
        };
        let mut out = String::new();
        if let Some(decorator) = decorator {
            writeln!(out, "{indent}@{decorator}")?;
        }
        let head = format!("{indent}def {name}({}) -> {answer}:", arguments.join(", "));
        let about = about(self.attrs);
        if about.is_empty() {
            writeln!(out, "{head} ...")?;
        } else {
            writeln!(out, "{head}")?;
            docs(&mut out, &format!("{indent}    "), &about)?;
        }
        Ok(out)
    }

    /// The name in Python, the first argument, the decorator.
    fn kind(&self) -> (String, Option<&'static str>, Option<&'static str>) {
        let name = self.signature.ident.to_string();
        if self.owner.is_empty() {
            (name, None, None)
        } else if has(self.attrs, "new") {
            ("__new__".to_owned(), Some("cls"), None)
        } else if has(self.attrs, "staticmethod") {
            (name, None, Some("staticmethod"))
        } else if has(self.attrs, "getter") {
            (name, Some("self"), Some("property"))
        } else {
            (name, Some("self"), None)
        }
    }

    fn arguments(&self, used: &mut Used) -> Result<Vec<String>> {
        let Some(told) = self.signature_attribute() else {
            let mut arguments = Vec::new();
            for argument in &self.signature.inputs {
                if let Some((name, kind)) = parameter(argument)
                    && !["py", "slf"].contains(&name.as_str())
                {
                    let name = name.trim_start_matches('_');
                    let python = self.argument(name, &kind, used)?;
                    let may_be_absent = kind.starts_with("Option<") && python == "object";
                    let default = if may_be_absent { " = None" } else { "" };
                    arguments.push(format!("{name}: {python}{default}"));
                }
            }
            // The interpreter hands both to a descriptor by place.
            if self.signature.ident == "__get__" {
                arguments.push("/".to_owned());
            }
            return Ok(arguments);
        };
        let mut arguments = Vec::new();
        for part in told.split(',').map(str::trim) {
            let (name, default) = match part.split_once('=') {
                Some((name, default)) => (name.trim(), Some(default.trim())),
                None => (part, None),
            };
            let stars = name.len() - name.trim_start_matches('*').len();
            let (stars, bare) = name.split_at(stars);
            let bare = bare.trim();
            if bare.is_empty() || bare == "/" {
                arguments.push(name.to_owned());
                continue;
            }
            let mut parameters = self.signature.inputs.iter().filter_map(parameter);
            let found = parameters.find(|(name, _)| name == bare);
            let (_, kind) = found.with_context(|| format!("no argument {bare}"))?;
            let kind = self.argument(bare, &kind, used)?;
            let default = match default {
                None => String::new(),
                Some("true") => " = True".to_owned(),
                Some("false") => " = False".to_owned(),
                Some(other) => format!(" = {other}"),
            };
            arguments.push(format!("{stars}{bare}: {kind}{default}"));
        }
        Ok(arguments)
    }

    fn argument(&self, name: &str, kind: &str, used: &mut Used) -> Result<String> {
        if let Some(known) = known("", name, used) {
            return Ok(known);
        }
        Ok(match kind {
            "Bytes" => "_Json".to_owned(),
            "&str" | "String" => "str".to_owned(),
            "bool" => "bool".to_owned(),
            "Option<u64>" => "int | None".to_owned(),
            "Bound<PyDict>" => "dict[str, Any]".to_owned(),
            "&Bound<PyAny>" => "object".to_owned(),
            "&Bound<Policy>" => "Policy".to_owned(),
            "Option<&Bound<PyAny>>" => "object".to_owned(),
            other => anyhow::bail!("an argument of the type {other}"),
        })
    }

    fn answer(&self, used: &mut Used) -> Result<String> {
        let name = self.signature.ident.to_string();
        if let Some(known) = known(self.owner, &name, used) {
            return Ok(known);
        }
        let ReturnType::Type(_, kind) = &self.signature.output else {
            return Ok("None".to_owned());
        };
        let kind = plain(&quote::quote!(#kind).to_string());
        let inner = kind
            .strip_prefix("PyResult<")
            .and_then(|rest| rest.strip_suffix('>'));
        self.python(inner.unwrap_or(&kind))
    }

    fn python(&self, kind: &str) -> Result<String> {
        if let Some(entry) = kind.strip_prefix("Vec<").and_then(|e| e.strip_suffix('>')) {
            return Ok(format!("list[{}]", self.python(entry)?));
        }
        if let Some(parts) = kind.strip_prefix('(').and_then(|p| p.strip_suffix(')')) {
            let parts: Result<Vec<String>> = parts
                .split(',')
                .map(|part| self.python(part.trim()))
                .collect();
            return Ok(format!("tuple[{}]", parts?.join(", ")));
        }
        Ok(match kind {
            "&str" | "String" => "str",
            "Bound<PyBytes>" => "bytes",
            "Bound<PyDict>" => "dict[str, Any]",
            "BoundOperation" => "Callable[..., Decision]",
            "Self" => self.owner,
            other => anyhow::bail!("{} gives a {other}", self.signature.ident),
        }
        .to_owned())
    }

    /// The text of `#[pyo3(signature = (…))]`.
    fn signature_attribute(&self) -> Option<String> {
        let told = list_of(self.attrs, "pyo3");
        let (_, inside) = told.strip_prefix("signature")?.split_once('(')?;
        let (inside, _) = inside.rsplit_once(')')?;
        Some(inside.to_owned())
    }
}

/// The name and the type of an argument; `self` has neither.
fn parameter(argument: &FnArg) -> Option<(String, String)> {
    let FnArg::Typed(argument) = argument else {
        return None;
    };
    let (pattern, kind) = (&argument.pat, &argument.ty);
    let name = quote::quote!(#pattern).to_string();
    Some((name, plain(&quote::quote!(#kind).to_string())))
}

/// A type without lifetimes and blanks.
fn plain(kind: &str) -> String {
    let mut text = String::new();
    for word in kind.split_whitespace() {
        if !word.starts_with('\'') {
            text.push_str(word);
        }
    }
    text.replace("<,", "<").replace("&'static", "&")
}

fn known(owner: &str, name: &str, used: &mut Used) -> Option<String> {
    let (owner, name, kind) = KNOWN
        .into_iter()
        .find(|entry| entry.0 == owner && entry.1 == name)?;
    used.insert((owner, name));
    Some(kind.to_owned())
}

/// What stands in the parentheses of an attribute.
fn list_of(attrs: &[Attribute], name: &str) -> String {
    let mut lists = attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident(name) => Some(list.tokens.to_string()),
        _ => None,
    });
    lists.next().unwrap_or_default()
}

fn has(attrs: &[Attribute], name: &str) -> bool {
    attrs
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

fn about(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
