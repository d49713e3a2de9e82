//! Typed records and plain values to Python objects: records become dicts, amounts become `int`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString};
use serde::ser::{self, Impossible, Serialize, Serializer};
use std::fmt;
use trimtab_core::value::AMOUNT;

use crate::names;

/// The Python object of a record or plain value.
pub fn write<'py, T: Serialize + ?Sized>(
    py: Python<'py>,
    record: &T,
) -> PyResult<Bound<'py, PyAny>> {
    record
        .serialize(Writer { py })
        .map_err(|broken| match broken {
            Broken::Raised(error) => error,
            Broken::Opaque => PyRuntimeError::new_err("no record"),
        })
}

/// What one field of a record is.
pub enum Picked<'py> {
    /// A field of this value.
    Field(Bound<'py, PyAny>),
    /// A record without such a field.
    Absent,
    /// No record whose fields are known one by one.
    Opaque,
}

/// The Python object of the one field `name` of a record. `same` compares it with our own names.
pub fn pick<'py, T: Serialize + ?Sized>(
    py: Python<'py>,
    record: &T,
    same: impl Fn(&'static str) -> bool,
) -> PyResult<Picked<'py>> {
    match record.serialize(Pick { py, same }) {
        Ok(picked) => Ok(picked),
        Err(Broken::Opaque) => Ok(Picked::Opaque),
        Err(Broken::Raised(error)) => Err(error),
    }
}

/// Why nothing was written.
#[derive(Debug)]
enum Broken {
    /// Python itself: no memory, or a record that cannot be written.
    Raised(PyErr),
    /// One field was asked of what is no record.
    Opaque,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(error) => error.fmt(f),
            Self::Opaque => f.write_str("no record"),
        }
    }
}

impl std::error::Error for Broken {}

impl From<PyErr> for Broken {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl ser::Error for Broken {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Raised(PyRuntimeError::new_err(message.to_string()))
    }
}

#[derive(Clone, Copy)]
struct Writer<'py> {
    py: Python<'py>,
}

impl<'py> Writer<'py> {
    fn amount(self, written: Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, Broken> {
        let Ok(digits) = written.cast::<PyString>() else {
            return Ok(written);
        };
        // Most amounts fit in 64 bits, and then need no reader of digits.
        if let Some(small) = digits
            .to_cow()
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
        {
            return Ok(PyInt::new(self.py, small).into_any());
        }
        Ok(self.py.get_type::<PyInt>().call1((digits,))?)
    }

    fn tagged(
        self,
        variant: &'static str,
        content: Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Broken> {
        let dict = PyDict::new(self.py);
        dict.set_item(names::word(self.py, variant), content)?;
        Ok(dict.into_any())
    }

    fn record(self, tag: Option<&'static str>) -> Record<'py> {
        Record {
            writer: self,
            dict: PyDict::new(self.py),
            key: None,
            tag,
        }
    }

    fn list(self, tag: Option<&'static str>, len: Option<usize>) -> List<'py> {
        List {
            writer: self,
            entries: Vec::with_capacity(len.unwrap_or(0)),
            tag,
        }
    }
}

struct List<'py> {
    writer: Writer<'py>,
    entries: Vec<Bound<'py, PyAny>>,
    tag: Option<&'static str>,
}

struct Record<'py> {
    writer: Writer<'py>,
    dict: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
    tag: Option<&'static str>,
}

impl<'py> List<'py> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
        self.entries.push(value.serialize(self.writer)?);
        Ok(())
    }

    fn close(self) -> Result<Bound<'py, PyAny>, Broken> {
        let list = PyList::new(self.writer.py, self.entries)?.into_any();
        match self.tag {
            Some(tag) => self.writer.tagged(tag, list),
            None => Ok(list),
        }
    }
}

impl<'py> Record<'py> {
    fn put<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Broken> {
        let key = names::word(self.writer.py, key);
        self.dict.set_item(key, value.serialize(self.writer)?)?;
        Ok(())
    }

    fn close(self) -> Result<Bound<'py, PyAny>, Broken> {
        match self.tag {
            Some(tag) => self.writer.tagged(tag, self.dict.into_any()),
            None => Ok(self.dict.into_any()),
        }
    }
}

/// The scalars that serde tells apart and Python does not.
macro_rules! numbers {
    ($($method:ident: $number:ty;)*) => {
        $(fn $method(self, number: $number) -> Result<Self::Ok, Broken> {
            Ok(number.into_pyobject(self.py).map_err(PyErr::from)?.into_any())
        })*
    };
}

impl<'py> Serializer for Writer<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Broken;
    type SerializeSeq = List<'py>;
    type SerializeTuple = List<'py>;
    type SerializeTupleStruct = List<'py>;
    type SerializeTupleVariant = List<'py>;
    type SerializeMap = Record<'py>;
    type SerializeStruct = Record<'py>;
    type SerializeStructVariant = Record<'py>;

    numbers! {
        serialize_i8: i8; serialize_i16: i16; serialize_i32: i32; serialize_i64: i64;
        serialize_u8: u8; serialize_u16: u16; serialize_u32: u32; serialize_u64: u64;
        serialize_f32: f32; serialize_f64: f64;
    }

    fn serialize_bool(self, b: bool) -> Result<Self::Ok, Broken> {
        Ok(pyo3::types::PyBool::new(self.py, b).to_owned().into_any())
    }
    fn serialize_char(self, c: char) -> Result<Self::Ok, Broken> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Result<Self::Ok, Broken> {
        Ok(PyString::new(self.py, text).into_any())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Self::Ok, Broken> {
        self.collect_seq(bytes)
    }
    fn serialize_none(self) -> Result<Self::Ok, Broken> {
        Ok(self.py.None().into_bound(self.py))
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Broken> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Self::Ok, Broken> {
        self.serialize_none()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Self::Ok, Broken> {
        self.serialize_none()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Self::Ok, Broken> {
        Ok(names::word(self.py, variant).into_any())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Broken> {
        let written = value.serialize(self)?;
        match name == AMOUNT {
            true => self.amount(written),
            false => Ok(written),
        }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Broken> {
        self.tagged(variant, value.serialize(self)?)
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<List<'py>, Broken> {
        Ok(self.list(None, len))
    }
    fn serialize_tuple(self, len: usize) -> Result<List<'py>, Broken> {
        Ok(self.list(None, Some(len)))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<List<'py>, Broken> {
        Ok(self.list(None, Some(len)))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<List<'py>, Broken> {
        Ok(self.list(Some(variant), Some(len)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Record<'py>, Broken> {
        Ok(self.record(None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Record<'py>, Broken> {
        Ok(self.record(None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Record<'py>, Broken> {
        Ok(self.record(Some(variant)))
    }
}

macro_rules! like_a_list {
    ($($role:ident, $method:ident;)*) => {
        $(impl<'py> ser::$role for List<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Broken;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
                self.push(value)
            }
            fn end(self) -> Result<Self::Ok, Broken> {
                self.close()
            }
        })*
    };
}

like_a_list! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! like_a_record {
    ($($role:ident;)*) => {
        $(impl<'py> ser::$role for Record<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Broken;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Broken> {
                self.put(key, value)
            }
            fn end(self) -> Result<Self::Ok, Broken> {
                self.close()
            }
        })*
    };
}

like_a_record! {
    SerializeStruct;
    SerializeStructVariant;
}

impl<'py> ser::SerializeMap for Record<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Broken;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Broken> {
        let key = key.serialize(self.writer)?;
        // As in JSON, on every surface: a token id is a text where it names an entry.
        self.key = Some(if key.is_instance_of::<PyInt>() {
            key.str()?.into_any()
        } else {
            key
        });
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
        let key = self
            .key
            .take()
            .ok_or_else(|| <Broken as ser::Error>::custom("a value before its key"))?;
        self.dict.set_item(key, value.serialize(self.writer)?)?;
        Ok(())
    }
    fn end(self) -> Result<Self::Ok, Broken> {
        self.close()
    }
}

/// Writes only the field that `same` recognises.
struct Pick<'py, F> {
    py: Python<'py>,
    same: F,
}

struct PickedRecord<'py, F> {
    pick: Pick<'py, F>,
    found: Option<Bound<'py, PyAny>>,
}

const fn no_record<T>() -> Result<T, Broken> {
    Err(Broken::Opaque)
}

macro_rules! opaque {
    ($($method:ident: $value:ty;)*) => {
        $(fn $method(self, _: $value) -> Result<Self::Ok, Broken> {
            no_record()
        })*
    };
}

impl<'py, F: Fn(&'static str) -> bool> Serializer for Pick<'py, F> {
    type Ok = Picked<'py>;
    type Error = Broken;
    type SerializeSeq = Impossible<Picked<'py>, Broken>;
    type SerializeTuple = Impossible<Picked<'py>, Broken>;
    type SerializeTupleStruct = Impossible<Picked<'py>, Broken>;
    type SerializeTupleVariant = Impossible<Picked<'py>, Broken>;
    type SerializeMap = Impossible<Picked<'py>, Broken>;
    type SerializeStruct = PickedRecord<'py, F>;
    type SerializeStructVariant = Impossible<Picked<'py>, Broken>;

    opaque! {
        serialize_bool: bool; serialize_char: char; serialize_str: &str; serialize_bytes: &[u8];
        serialize_i8: i8; serialize_i16: i16; serialize_i32: i32; serialize_i64: i64;
        serialize_u8: u8; serialize_u16: u16; serialize_u32: u32; serialize_u64: u64;
        serialize_f32: f32; serialize_f64: f64; serialize_unit_struct: &'static str;
    }

    fn serialize_none(self) -> Result<Self::Ok, Broken> {
        no_record()
    }
    fn serialize_unit(self) -> Result<Self::Ok, Broken> {
        no_record()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Broken> {
        value.serialize(self)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<Self::Ok, Broken> {
        no_record()
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Broken> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Self::Ok, Broken> {
        no_record()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Broken> {
        no_record()
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Broken> {
        no_record()
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Broken> {
        no_record()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Broken> {
        no_record()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Broken> {
        no_record()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<PickedRecord<'py, F>, Broken> {
        Ok(PickedRecord {
            pick: self,
            found: None,
        })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Broken> {
        no_record()
    }
}

impl<'py, F: Fn(&'static str) -> bool> ser::SerializeStruct for PickedRecord<'py, F> {
    type Ok = Picked<'py>;
    type Error = Broken;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Broken> {
        if self.found.is_none() && (self.pick.same)(key) {
            self.found = Some(value.serialize(Writer { py: self.pick.py })?);
        }
        Ok(())
    }

    // An optional field that is absent on the wire.
    fn skip_field(&mut self, key: &'static str) -> Result<(), Broken> {
        if self.found.is_none() && (self.pick.same)(key) {
            self.found = Some(self.pick.py.None().into_bound(self.pick.py));
        }
        Ok(())
    }

    fn end(self) -> Result<Picked<'py>, Broken> {
        Ok(self.found.map_or(Picked::Absent, Picked::Field))
    }
}
