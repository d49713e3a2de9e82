//! Python strings for the names in our own types: field names and the words of closed sets.
//!
//! serde hands these out as `&'static str`, the same pointer every time, and CPython keeps one
//! object per name that stands in source code. So a name is looked up by pointer, made once, and
//! compared by pointer.

use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::OnceLock;

/// A name and its Python string.
type Word = (&'static str, Py<PyString>);

/// The names of one record, or the words of one set.
type Words = (&'static [&'static str], Vec<Py<PyString>>);

const SLOTS: usize = 1 << 13;

/// More neighbours are not searched: a name that finds no place is made anew each time.
const PROBES: usize = 16;

static WORDS: [OnceLock<Word>; SLOTS] = [const { OnceLock::new() }; SLOTS];
static LISTS: [OnceLock<Words>; SLOTS] = [const { OnceLock::new() }; SLOTS];

/// The Python string of a name.
pub fn word<'py>(py: Python<'py>, text: &'static str) -> Bound<'py, PyString> {
    for slot in neighbours(&WORDS, text.as_ptr().addr()) {
        let (known, string) = slot.get_or_init(|| (text, intern(py, text)));
        if std::ptr::eq(*known, text) {
            return string.bind(py).clone();
        }
    }
    intern(py, text).into_bound(py)
}

/// Whether `name` is the Python string of `text`, by pointer alone.
pub fn is(name: &Bound<'_, PyString>, text: &'static str) -> bool {
    for slot in neighbours(&WORDS, text.as_ptr().addr()) {
        let (known, string) = slot.get_or_init(|| (text, intern(name.py(), text)));
        if std::ptr::eq(*known, text) {
            return string.is(name);
        }
    }
    false
}

/// The Python strings of the names of one record or set; none if there is no room for them.
pub fn words(py: Python<'_>, texts: &'static [&'static str]) -> Option<&'static [Py<PyString>]> {
    let make = || (texts, texts.iter().map(|text| intern(py, text)).collect());
    neighbours(&LISTS, texts.as_ptr().addr())
        .map(|slot| slot.get_or_init(make))
        .find(|(known, _)| std::ptr::eq(*known, texts))
        .map(|(_, strings)| strings.as_slice())
}

fn intern(py: Python<'_>, text: &str) -> Py<PyString> {
    PyString::intern(py, text).unbind()
}

/// Where the entry of an address may lie.
fn neighbours<T>(slots: &'static [T; SLOTS], address: usize) -> impl Iterator<Item = &'static T> {
    let mixed = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51;
    let first = usize::try_from(mixed).unwrap_or(0);
    (first..first + PROBES).filter_map(|place| slots.get(place % SLOTS))
}
