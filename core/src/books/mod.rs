//! The wing above [`Policy`](crate::policy::Policy): books, which keep state between calls, and how
//! their methods are called.

use schemars::JsonSchema;
use serde::Serialize;

use crate::canonical::{self, Amounts};
use crate::error::{Error, ErrorCode};
use crate::reason::Why;
use crate::value::{self, FromValue, Value};

/// What is asked about a book itself: no decision, so no line of a log.
pub const QUESTIONS: [&str; 3] = ["snapshot", "opening", "digest"];

/// One method of a book: a handle that keeps state between calls.
pub trait Method<B> {
    /// What it is called with.
    type Input: FromValue + JsonSchema;
    /// What it answers.
    type Output: Serialize + JsonSchema;
    /// Its name.
    const NAME: &'static str;
    /// What it does, in one sentence.
    const SUMMARY: &'static str;
    /// Runs it; a failed call changes nothing.
    fn run(book: &mut B, input: &Self::Input, why: &mut Why) -> Result<Self::Output, Error>;
}

/// A method as the table of its book knows it, its types erased.
#[derive(Debug)]
#[non_exhaustive]
pub struct MethodEntry<B> {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Runs it; the answer is canonical JSON.
    pub run: fn(&mut B, &Value<'_>, &mut Why, Amounts) -> Result<String, Error>,
}

impl<B> MethodEntry<B> {
    /// The entry of the method `M`.
    #[must_use]
    pub const fn of<M: Method<B>>() -> Self {
        Self {
            name: M::NAME,
            summary: M::SUMMARY,
            run: |book, input, why, amounts| {
                canonical::written(&M::run(book, &value::decode(input)?, why)?, amounts)
            },
        }
    }
}

/// `$marker` as the method `$name` of `$book`.
macro_rules! book_method {
    ($book:ty, $marker:ident, $name:literal, $input:ty => $output:ty, $summary:literal, $run:expr) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $marker;
        impl $crate::books::Method<$book> for $marker {
            type Input = $input;
            type Output = $output;
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            fn run(
                book: &mut $book,
                input: &Self::Input,
                why: &mut $crate::reason::Why,
            ) -> Result<Self::Output, $crate::error::Error> {
                type Run = fn(
                    &mut $book,
                    &$input,
                    &mut $crate::reason::Why,
                ) -> Result<$output, $crate::error::Error>;
                let run: Run = $run;
                run(book, input, why)
            }
        }
    };
}

/// The table of the methods of `$book`, and the handle that it becomes.
macro_rules! book_methods {
    ($book:ty, $($marker:ident),* $(,)?) => {
        /// Every method of the book.
        pub static METHODS: &[$crate::books::MethodEntry<$book>] =
            &[$($crate::books::MethodEntry::of::<$marker>()),*];

        /// The schemas of input and answer, in the order of [`METHODS`]. Never called inside the
        /// module.
        pub fn schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(schemars::Schema, schemars::Schema)> {
            vec![$((
                generator.subschema_for::<<$marker as $crate::books::Method<$book>>::Input>(),
                generator.subschema_for::<<$marker as $crate::books::Method<$book>>::Output>(),
            )),*]
        }

        impl $book {
            fn answer(
                &mut self,
                operation: &str,
                input: &$crate::value::Value<'_>,
                amounts: $crate::canonical::Amounts,
            ) -> Result<String, $crate::error::Error> {
                let run = $crate::books::method(METHODS, operation)?.run;
                let mut why = $crate::reason::Why::new();
                let answer = run(self, input, &mut why, amounts)?;
                self.policy().envelope_text(&answer, why)
            }

            /// Calls a method by name with a plain value; a failed call changes nothing.
            pub fn call_on(
                &mut self,
                operation: &str,
                input: &$crate::value::Value<'_>,
            ) -> Result<$crate::value::Value<'static>, $crate::error::Error> {
                let marked = $crate::canonical::Amounts::Marked;
                $crate::value::from_marked(&self.answer(operation, input, marked)?)
            }

            /// As [`call_script`](crate::policy::Policy::call_script).
            pub fn call_script(
                &mut self,
                operation: &str,
                input: &[u8],
            ) -> Result<String, $crate::error::Error> {
                let script = $crate::canonical::Amounts::Script;
                self.answer(operation, &$crate::value::read_marked(input)?, script)
            }

            /// Calls a method by name with JSON bytes; the answer is canonical JSON.
            pub fn call_bytes(
                &mut self,
                operation: &str,
                input: &[u8],
            ) -> Result<Vec<u8>, $crate::error::Error> {
                let plain = $crate::canonical::Amounts::Plain;
                let answer = self.answer(operation, &$crate::policy::parse(input)?, plain);
                let answer = answer.map_err(|error| $crate::value::with_offset(input, error))?;
                Ok(answer.into_bytes())
            }
        }
    };
}

pub(crate) use {book_method, book_methods};

/// The method of that name.
pub fn method<B>(
    methods: &'static [MethodEntry<B>],
    name: &str,
) -> Result<&'static MethodEntry<B>, Error> {
    let found = methods.iter().find(|method| method.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = methods.iter().map(|method| method.name).collect();
        let got = format_args!("\"{name}\"").to_string();
        Error::new(ErrorCode::UnknownOperation, "op", got, names.join(" | "))
    })
}

/// Nothing.
#[record(Default)]
pub struct Nothing {}

/// The digest of a book.
#[record(open)]
pub struct BookDigest {
    /// sha256 of the canonical snapshot.
    pub digest: String,
}
