//! The one model of core's description: what the writers of TypeScript, Python and the reference
//! print from.
//!
//! Every form that a schema of core may take is a [`Shape`]. A form that is not known here is an
//! error, so that no writer can lose a part of a type without anybody noticing.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};

use crate::names;

/// Everything that is told of core.
#[derive(Debug)]
pub struct Model {
    /// The types, by name. A variant of a tagged union is a type of its own.
    pub definitions: BTreeMap<String, Definition>,
    /// The operations, in the order of core's table.
    pub operations: Vec<Operation>,
    /// The kinds of books.
    pub handles: Vec<Handle>,
    /// The codes of reasons.
    pub reasons: Vec<Reason>,
    /// The codes of errors.
    pub errors: Vec<Code>,
    /// The limits of a call: what is limited, and where.
    pub limits: Vec<(String, String)>,
}

/// A named type.
#[derive(Debug)]
pub struct Definition {
    /// What it is, in words.
    pub about: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Its form.
    pub shape: Shape,
}

/// The form of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Another definition.
    Named(String),
    /// Named fields.
    Record(Vec<Field>),
    /// Values of one form by key; a key is a text.
    Map(Box<Shape>),
    /// One of several records, told apart by the word in one field: the name of that field, and of
    /// the definition of each record.
    Tagged(String, Vec<String>),
    /// One of a closed set of words.
    Words(Vec<Word>),
    /// A value of one of several forms.
    Choice(Vec<Shape>),
    /// Values of one form, in order; how many, where that is fixed.
    List(Box<Shape>, Option<u64>),
    /// A value or null.
    Option(Box<Shape>),
    /// An integer.
    Integer(Bounds),
    /// A float.
    Number(Bounds),
    /// An integer of any size: a decimal text in JSON, an integer of the host's language elsewhere.
    Amount,
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// Any JSON value.
    Json,
    /// Any JSON object.
    JsonObject,
    /// Some fields of a record, at any depth.
    Overrides(String),
}

/// What a number may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least value.
    pub least: Option<Number>,
    /// The largest value.
    pub most: Option<Number>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// What it is, in words.
    pub about: String,
    /// Its unit, if its type does not tell it.
    pub unit: Option<String>,
    /// Its form.
    pub shape: Shape,
    /// Whether it must be given.
    pub required: bool,
    /// What it is where it is not given.
    pub default: Option<Value>,
}

/// A word of a closed set.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The word.
    pub word: String,
    /// What it means.
    pub about: String,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// `family.verb`.
    pub name: String,
    /// The name of its typed method.
    pub method: String,
    /// What it decides.
    pub summary: String,
    /// What it is asked with.
    pub input: String,
    /// What it decides.
    pub decision: String,
    /// The codes of the reasons it may give.
    pub reasons: Vec<String>,
}

/// One kind of book.
#[derive(Debug)]
pub struct Handle {
    /// `hub_book`.
    pub kind: String,
    /// What it keeps.
    pub summary: String,
    /// What it is opened with.
    pub open: String,
    /// What it can be asked.
    pub methods: Vec<Operation>,
}

/// The code of a reason.
#[derive(Debug)]
pub struct Reason {
    /// The code.
    pub code: String,
    /// What it means.
    pub meaning: String,
    /// The unit of its numbers.
    pub unit: String,
    /// The field that would end it.
    pub flips: String,
    /// Which operations give it.
    pub operations: Vec<String>,
}

/// The code of an error.
#[derive(Debug)]
pub struct Code {
    /// The code.
    pub code: String,
    /// What it means.
    pub meaning: String,
}

impl Model {
    /// The model of a description.
    pub fn new(description: &Value) -> Result<Self> {
        let definitions = definitions(description)?;
        let mut model = Self {
            definitions,
            operations: list(description, "operations")
                .map(|operation| Operation::of(operation, "decision"))
                .collect::<Result<_>>()?,
            handles: list(description, "handles")
                .map(Handle::of)
                .collect::<Result<_>>()?,
            reasons: list(description, "reasons").map(Reason::of).collect(),
            errors: list(description, "errors")
                .map(|error| Code {
                    code: text(error, "code").to_owned(),
                    meaning: text(error, "meaning").to_owned(),
                })
                .collect(),
            limits: Vec::new(),
        };
        let limits = description.get("limits").and_then(Value::as_object);
        for (name, value) in limits.into_iter().flatten() {
            model.limits.push((name.clone(), value.to_string()));
        }
        model.check()?;
        Ok(model)
    }

    /// The definition of that name.
    pub fn definition(&self, name: &str) -> Result<&Definition> {
        let found = self.definitions.get(name);
        found.with_context(|| format!("no definition of {name}"))
    }

    /// The fields of a record; none of another form.
    pub fn fields(&self, name: &str) -> Result<&[Field]> {
        Ok(match &self.definition(name)?.shape {
            Shape::Record(fields) => fields,
            _ => &[],
        })
    }

    /// Whether a record has no field that must be given: then it need not be given at all.
    pub fn may_be_left_out(&self, name: &str) -> Result<bool> {
        Ok(self.fields(name)?.iter().all(|field| !field.required))
    }

    /// The names and all that they mention.
    pub fn closure<'m>(
        &'m self,
        from: impl IntoIterator<Item = &'m str>,
    ) -> Result<BTreeSet<&'m str>> {
        let mut open: Vec<&str> = from.into_iter().collect();
        let mut found = BTreeSet::new();
        while let Some(name) = open.pop() {
            if found.insert(name) {
                open.extend(self.definition(name)?.shape.mentions());
            }
        }
        Ok(found)
    }

    /// Every record that stands in the overridden one without a list or a map between.
    pub fn overridden<'m>(&'m self, record: &'m str) -> Result<BTreeSet<&'m str>> {
        let mut open = vec![record];
        let mut found = BTreeSet::new();
        while let Some(name) = open.pop() {
            if self.fields(name)?.is_empty() || !found.insert(name) {
                continue;
            }
            for field in self.fields(name)? {
                if let Shape::Named(inner) = field.shape.present() {
                    open.push(inner);
                }
            }
        }
        Ok(found)
    }

    /// Every name refers to something, and says what it is.
    fn check(&self) -> Result<()> {
        for (name, definition) in &self.definitions {
            names::check(name)?;
            for mentioned in definition.shape.mentions() {
                self.definition(mentioned)
                    .with_context(|| format!("in {name}"))?;
            }
        }
        let methods = self.handles.iter().flat_map(|handle| &handle.methods);
        for operation in self.operations.iter().chain(methods) {
            self.definition(&operation.input)?;
            self.definition(&operation.decision)?;
        }
        for handle in &self.handles {
            self.definition(&handle.open)?;
        }
        Ok(())
    }
}

impl Operation {
    fn of(entry: &Value, answer: &str) -> Result<Self> {
        let name = text(entry, "name").to_owned();
        let reference = |key: &str| -> Result<String> {
            let found = entry.get(key).and_then(reference);
            let found = found.with_context(|| format!("{name}: {key} is no type of its own"))?;
            Ok(found.to_owned())
        };
        let (input, decision) = (reference("input")?, reference(answer)?);
        let method = match text(entry, "method") {
            "" => &name,
            method => method,
        };
        Ok(Self {
            method: method.to_owned(),
            summary: text(entry, "summary").to_owned(),
            input,
            decision,
            reasons: texts(entry, "reasons"),
            name,
        })
    }
}

impl Handle {
    fn of(entry: &Value) -> Result<Self> {
        let open = entry.get("open").and_then(reference);
        Ok(Self {
            kind: text(entry, "kind").to_owned(),
            summary: text(entry, "summary").to_owned(),
            open: open.context("what a book is opened with")?.to_owned(),
            methods: list(entry, "methods")
                .map(|method| Operation::of(method, "answer"))
                .collect::<Result<_>>()?,
        })
    }

    /// The name of its class.
    pub fn class(&self) -> String {
        names::pascal(&self.kind)
    }
}

impl Reason {
    fn of(entry: &Value) -> Self {
        Self {
            code: text(entry, "code").to_owned(),
            meaning: text(entry, "meaning").to_owned(),
            unit: text(entry, "unit").to_owned(),
            flips: text(entry, "flips").to_owned(),
            operations: texts(entry, "operations"),
        }
    }
}

impl Shape {
    /// The form of a value that is there.
    pub fn present(&self) -> &Self {
        match self {
            Self::Option(inner) => inner,
            other => other,
        }
    }

    /// Every definition that it names.
    pub fn mentions(&self) -> Vec<&str> {
        match self {
            Self::Named(name) | Self::Overrides(name) => vec![name],
            Self::Record(fields) => fields
                .iter()
                .flat_map(|field| field.shape.mentions())
                .collect(),
            Self::Tagged(_, variants) => variants.iter().map(String::as_str).collect(),
            Self::Choice(shapes) => shapes.iter().flat_map(Self::mentions).collect(),
            Self::Map(inner) | Self::List(inner, _) | Self::Option(inner) => inner.mentions(),
            Self::Words(_)
            | Self::Integer(_)
            | Self::Number(_)
            | Self::Amount
            | Self::Text
            | Self::Flag
            | Self::Json
            | Self::JsonObject => Vec::new(),
        }
    }
}

impl Bounds {
    /// Whether a float of 64 bits may lose digits of the integer.
    pub fn pass_2_53(&self) -> bool {
        const MOST: f64 = 9_007_199_254_740_991.0;
        let beyond = |bound: &Option<Number>| {
            let bound = bound.as_ref().and_then(Number::as_f64);
            bound.is_none_or(|bound| bound.abs() > MOST)
        };
        beyond(&self.least) || beyond(&self.most)
    }
}

/// These say something about a schema and nothing about its form.
const ABOUT: [&str; 4] = ["title", "description", "default", "x-unit"];

fn definitions(description: &Value) -> Result<BTreeMap<String, Definition>> {
    let schemas = description.get("definitions").and_then(Value::as_object);
    let mut reader = Reader::default();
    for (name, schema) in schemas.context("no definitions")? {
        let shape = reader
            .definition(name, schema)
            .with_context(|| format!("the schema of {name}"))?;
        reader.add(name.clone(), schema, shape)?;
    }
    Ok(reader.definitions)
}

/// Reads schemas; what stands inside another and deserves a name becomes a definition.
#[derive(Default)]
struct Reader {
    definitions: BTreeMap<String, Definition>,
}

impl Reader {
    fn add(&mut self, name: String, schema: &Value, shape: Shape) -> Result<()> {
        let definition = Definition {
            about: text(schema, "description").to_owned(),
            unit: unit(schema),
            shape,
        };
        ensure!(
            !self.definitions.contains_key(&name),
            "two types are named {name}"
        );
        self.definitions.insert(name, definition);
        Ok(())
    }

    /// A record and a tagged union have a name; they stand nowhere else.
    fn definition(&mut self, name: &str, schema: &Value) -> Result<Shape> {
        if let Some(fields) = record(schema)? {
            return Ok(Shape::Record(fields));
        }
        match schema.get("oneOf").and_then(Value::as_array) {
            Some(options) if only(schema, &["oneOf"]).is_ok() => self.one_of(name, options),
            _ => shape(schema),
        }
    }

    fn one_of(&mut self, name: &str, options: &[Value]) -> Result<Shape> {
        if let Some(tag) = tag_of(options) {
            let mut variants = Vec::new();
            for option in options {
                let word = constant(option.get("properties").and_then(|fields| fields.get(tag)));
                let variant = names::pascal(word.unwrap_or_default()) + name;
                self.variant(&variant, option)?;
                variants.push(variant);
            }
            return Ok(Shape::Tagged(tag.to_owned(), variants));
        }
        let mut words = Vec::new();
        let mut others = Vec::new();
        for option in options {
            if let Some(word) = word(option)? {
                words.push(word);
            } else if let Some([field]) = record(option)?.as_deref() {
                // One field whose name tells which of the forms it is.
                let variant = names::pascal(&field.name) + name;
                self.variant(&variant, option)?;
                others.push(Shape::Named(variant));
            } else {
                others.push(shape(option)?);
            }
        }
        Ok(choice(words, others))
    }

    fn variant(&mut self, name: &str, schema: &Value) -> Result<()> {
        let fields = record(schema)?.with_context(|| format!("{name} is no record"))?;
        self.add(name.to_owned(), schema, Shape::Record(fields))
    }
}

/// The field that has one word in each of the records, another in each.
fn tag_of(options: &[Value]) -> Option<&str> {
    let fields = options.first()?.get("properties")?.as_object()?;
    let tells = |name: &str| {
        let words: Option<BTreeSet<&str>> = options
            .iter()
            .map(|option| constant(option.get("properties").and_then(|fields| fields.get(name))))
            .collect();
        words.is_some_and(|words| words.len() == options.len())
    };
    fields.keys().map(String::as_str).find(|name| tells(name))
}

fn constant(schema: Option<&Value>) -> Option<&str> {
    schema?.get("const")?.as_str()
}

fn word(schema: &Value) -> Result<Option<Word>> {
    let Some(constant) = schema.get("const") else {
        return Ok(None);
    };
    only(schema, &["const", "type"])?;
    let word = constant.as_str().context("a constant that is no text")?;
    Ok(Some(Word {
        word: word.to_owned(),
        about: text(schema, "description").to_owned(),
    }))
}

/// The fields of a record; nothing if it is no record.
fn record(schema: &Value) -> Result<Option<Vec<Field>>> {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let empty = closed && schema.get("patternProperties").is_none();
    if text(schema, "type") != "object" || (schema.get("properties").is_none() && !empty) {
        return Ok(None);
    }
    let known = ["type", "properties", "required", "additionalProperties"];
    only(schema, &known)?;
    ensure!(
        closed || schema.get("additionalProperties").is_none(),
        "a record with other fields of any name"
    );
    let required = texts(schema, "required");
    let mut fields = Vec::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        fields.push(Field {
            name: name.clone(),
            about: text(field, "description").to_owned(),
            unit: unit(field),
            shape: shape(field).with_context(|| format!("the field {name}"))?,
            required: required.contains(name),
            default: field.get("default").cloned(),
        });
    }
    for name in required {
        ensure!(
            fields.iter().any(|field| field.name == name),
            "no field {name}"
        );
    }
    Ok(Some(fields))
}

/// The form of a value inside another.
fn shape(schema: &Value) -> Result<Shape> {
    let Value::Object(entries) = schema else {
        bail!("{schema} is no schema");
    };
    if let Some(name) = reference(schema) {
        only(schema, &["$ref"])?;
        return Ok(Shape::Named(name.to_owned()));
    }
    if let Some(word) = word(schema)? {
        return Ok(Shape::Words(vec![word]));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(options) = entries.get(key).and_then(Value::as_array) {
            only(schema, &[key])?;
            return any_of(options);
        }
    }
    match entries.get("type") {
        None => {
            only(schema, &[])?;
            Ok(Shape::Json)
        }
        Some(Value::String(kind)) => of_kind(kind, entries, schema),
        Some(Value::Array(kinds)) => {
            let mut shapes = Vec::new();
            for kind in kinds.iter().filter_map(Value::as_str) {
                if kind != "null" {
                    shapes.push(of_one_of(kind, kinds.len(), entries, schema)?);
                }
            }
            Ok(nullable(
                choice(Vec::new(), shapes),
                kinds.contains(&Value::from("null")),
            ))
        }
        Some(other) => bail!("the type {other}"),
    }
}

/// One of several kinds: what is said of one of them may be said beside the others.
fn of_one_of(
    kind: &str,
    kinds: usize,
    entries: &Map<String, Value>,
    schema: &Value,
) -> Result<Shape> {
    if kinds == 2
        && entries
            .get("type")
            .is_some_and(|kinds| is_listed(kinds, "null"))
    {
        return of_kind(kind, entries, schema);
    }
    only(schema, &["type", "pattern", "minimum", "maximum"])?;
    match kind {
        "string" => Ok(Shape::Text),
        "integer" => Ok(Shape::Integer(bounds(entries)?)),
        other => bail!("the type {other} beside others"),
    }
}

fn is_listed(kinds: &Value, wanted: &str) -> bool {
    let kinds = kinds.as_array();
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == wanted))
}

fn any_of(options: &[Value]) -> Result<Shape> {
    let is_null = |option: &Value| text(option, "type") == "null";
    let mut words = Vec::new();
    let mut others = Vec::new();
    for option in options.iter().filter(|option| !is_null(option)) {
        match word(option)? {
            Some(word) => words.push(word),
            None => others.push(shape(option)?),
        }
    }
    Ok(nullable(choice(words, others), options.iter().any(is_null)))
}

fn choice(words: Vec<Word>, mut others: Vec<Shape>) -> Shape {
    if !words.is_empty() {
        others.insert(0, Shape::Words(words));
    }
    match (others.len(), others.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            others.extend(last);
            Shape::Choice(others)
        }
    }
}

fn nullable(shape: Shape, null: bool) -> Shape {
    match null {
        true => Shape::Option(Box::new(shape)),
        false => shape,
    }
}

fn of_kind(kind: &str, entries: &Map<String, Value>, schema: &Value) -> Result<Shape> {
    match kind {
        "boolean" => only(schema, &["type"]).map(|()| Shape::Flag),
        "integer" => {
            only(schema, &["type", "minimum", "maximum", "format"])?;
            Ok(Shape::Integer(bounds(entries)?))
        }
        "number" => {
            only(schema, &["type", "minimum", "maximum", "format"])?;
            Ok(Shape::Number(bounds(entries)?))
        }
        "string" => {
            only(
                schema,
                &["type", "pattern", "minLength", "maxLength", "x-native"],
            )?;
            match entries.get("x-native").map(Value::as_str) {
                None => Ok(Shape::Text),
                Some(Some("integer")) => Ok(Shape::Amount),
                Some(other) => bail!("x-native {other:?}"),
            }
        }
        "array" => {
            only(schema, &["type", "items", "minItems", "maxItems"])?;
            let entry = shape(entries.get("items").context("a list of what?")?)?;
            let [least, most] = ["minItems", "maxItems"].map(|key| entries.get(key));
            let length = match (least.and_then(Value::as_u64), most.and_then(Value::as_u64)) {
                (None | Some(0), None) => None,
                (Some(least), Some(most)) if least == most => Some(most),
                other => bail!("a list of {other:?} entries"),
            };
            Ok(Shape::List(Box::new(entry), length))
        }
        "object" => object(entries, schema),
        other => bail!("the type {other}"),
    }
}

/// Values by key. A record has a name of its own and is not read here.
fn object(entries: &Map<String, Value>, schema: &Value) -> Result<Shape> {
    if let Some(whole) = entries.get("x-overrides").and_then(Value::as_str) {
        only(schema, &["type", "x-overrides"])?;
        return Ok(Shape::Overrides(whole.to_owned()));
    }
    only(
        schema,
        &["type", "additionalProperties", "patternProperties"],
    )?;
    let others = entries.get("additionalProperties");
    let patterns = entries.get("patternProperties").and_then(Value::as_object);
    let value = match (others, patterns) {
        (None, None) => return Ok(Shape::JsonObject),
        (Some(value @ Value::Object(_)), None) => value,
        (None | Some(Value::Bool(false)), Some(patterns)) if patterns.len() == 1 => {
            patterns.values().next().context("a map of what?")?
        }
        _ => bail!("a map whose values have several forms"),
    };
    Ok(Shape::Map(Box::new(shape(value)?)))
}

fn bounds(entries: &Map<String, Value>) -> Result<Bounds> {
    let bound = |key: &str| match entries.get(key) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    let (mut least, mut most) = (bound("minimum"), bound("maximum"));
    match entries.get("format").and_then(Value::as_str) {
        Some("uint8") => most = most.or_else(|| Some(u8::MAX.into())),
        Some("uint16") => most = most.or_else(|| Some(u16::MAX.into())),
        Some("uint32") => most = most.or_else(|| Some(u32::MAX.into())),
        Some("int32") => {
            most = most.or_else(|| Some(i32::MAX.into()));
            least = least.or_else(|| Some(i32::MIN.into()));
        }
        None | Some("uint64" | "int64" | "uint" | "double") => {}
        Some(other) => bail!("the format {other}"),
    }
    Ok(Bounds { least, most })
}

/// Refuses a keyword that this model would lose.
fn only(schema: &Value, known: &[&str]) -> Result<()> {
    for key in schema.as_object().into_iter().flatten().map(|(key, _)| key) {
        ensure!(
            ABOUT.contains(&key.as_str()) || known.contains(&key.as_str()),
            "the keyword `{key}` is not known here: {schema}"
        );
    }
    Ok(())
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn unit(schema: &Value) -> Option<String> {
    let unit = schema.get("x-unit").and_then(Value::as_str);
    unit.map(str::to_owned)
}

fn list<'d>(value: &'d Value, key: &str) -> impl Iterator<Item = &'d Value> {
    let entries = value.get(key).and_then(Value::as_array);
    entries.into_iter().flatten()
}

fn text<'d>(value: &'d Value, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let found = list(value, key).filter_map(Value::as_str);
    found.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use serde_json::json;

    fn model(definitions: Value) -> Result<Model> {
        Model::new(&json!({ "definitions": definitions }))
    }

    fn refusal(definitions: Value) -> String {
        format!("{:#}", model(definitions).unwrap_err())
    }

    fn shape_of(schema: Value) -> Shape {
        let model = model(json!({ "Held": { "type": "integer" }, "Thing": schema })).unwrap();
        model.definition("Thing").unwrap().shape.clone()
    }

    #[test]
    fn the_description_of_core_is_known_whole() {
        let description = trimtab_core::operations::description().unwrap();
        let model = Model::new(&description).unwrap();
        let Shape::Record(state) = &model.definition("HubState").unwrap().shape else {
            panic!("HubState is a record");
        };
        let of = |name: &str| &state.iter().find(|field| field.name == name).unwrap().shape;
        let amounts = Shape::Map(Box::new(Shape::Named("TokenAmount".to_owned())));
        assert_eq!(of("reserves"), &amounts);
        assert_eq!(of("open_debts"), &amounts);
        let Shape::Tagged(tag, actions) = &model.definition("Action").unwrap().shape else {
            panic!("Action is told by a tag");
        };
        assert_eq!(tag, "type");
        assert!(actions.contains(&"DepositAction".to_owned()));
        assert!(model.definitions.contains_key("DepositAction"));
    }

    #[test]
    fn a_map_has_the_form_of_its_values() {
        let held = || Box::new(Shape::Named("Held".to_owned()));
        let by_pattern = json!({
            "type": "object", "additionalProperties": false,
            "patternProperties": { "^\\d+$": { "$ref": "#/$defs/Held" } },
        });
        assert_eq!(shape_of(by_pattern.clone()), Shape::Map(held()));
        let of_lists = json!({
            "type": "object",
            "additionalProperties": { "type": "array", "items": { "$ref": "#/$defs/Held" } },
        });
        let lists = Box::new(Shape::List(held(), None));
        assert_eq!(shape_of(of_lists), Shape::Map(lists));
        let nested = json!({ "type": "object", "additionalProperties": by_pattern });
        let nested = shape_of(nested);
        assert_eq!(nested, Shape::Map(Box::new(Shape::Map(held()))));
    }

    #[test]
    fn a_value_that_may_be_null_is_an_option() {
        let flag = || Shape::Option(Box::new(Shape::Flag));
        assert_eq!(shape_of(json!({ "type": ["boolean", "null"] })), flag());
        let either = json!({ "anyOf": [{ "type": "boolean" }, { "type": "null" }] });
        assert_eq!(shape_of(either), flag());
    }

    #[test]
    fn a_form_that_is_not_known_fails() {
        for odd in [
            json!({ "allOf": [{ "$ref": "#/$defs/Thing" }] }),
            json!({ "type": "array" }),
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
            json!({ "type": "array", "prefixItems": [{ "type": "string" }] }),
            json!({ "type": "integer", "multipleOf": 2 }),
            json!({ "type": "integer", "format": "uint128" }),
            json!({ "type": "string", "x-native": "date" }),
            json!({ "const": 3 }),
            json!({ "not": { "type": "string" } }),
            json!({ "type": "object", "properties": { "a": true } }),
            json!({ "type": "object", "properties": {}, "additionalProperties": true }),
            json!({ "type": "object", "properties": {}, "required": ["gone"] }),
            json!({ "type": "object", "patternProperties": {
                "^a$": { "type": "string" }, "^b$": { "type": "boolean" } } }),
            json!({ "type": "object", "properties": {
                "in": { "type": "object", "properties": { "a": { "type": "string" } } } } }),
        ] {
            let told = refusal(json!({ "Thing": odd }));
            assert!(told.starts_with("the schema of Thing"), "{odd}: {told}");
        }
    }

    #[test]
    fn a_reference_to_nothing_fails() {
        let told = refusal(json!({ "Thing": { "$ref": "#/$defs/Gone" } }));
        assert!(told.contains("no definition of Gone"), "{told}");
    }

    #[test]
    fn a_variant_with_the_name_of_another_type_fails() {
        let tagged = json!({ "oneOf": [
            { "type": "object", "properties": { "type": { "const": "deposit", "type": "string" } } },
        ] });
        let told = refusal(json!({ "DepositStep": { "type": "string" }, "Step": tagged }));
        assert!(told.contains("two types are named DepositStep"), "{told}");
    }

    #[test]
    fn a_type_is_named_after_a_thing() {
        for name in ["Action2", "ProfitInputInput"] {
            let told = refusal(json!({ name: { "type": "string" } }));
            assert!(told.contains(name), "{told}");
        }
    }
}
