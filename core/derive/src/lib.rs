//! One line for a type that crosses a surface: `#[record]` for a struct, `#[choice]` for an enum.
//!
//! Each stands for the derives that such a type needs and for the serde attributes that follow from
//! the house rules: an unknown field is refused, an absent `Option` is not written, the words of a
//! choice are written in snake case.
//!
//! `#[derive(FromValue)]`, which both bring, is how a record of `trimtab-core` is read from a plain
//! value. serde's `Deserialize` compiles a state machine for every record, a kilobyte each, and the
//! module that browsers load holds 160 of them. This derive reads the same `#[serde(..)]`
//! attributes and leaves the work to the functions of `trimtab_core::record`, which are compiled
//! once: a field costs one call.

mod line;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::BTreeSet;
use syn::{
    Data, DataEnum, DeriveInput, Error, Field, Fields, Ident, LitStr, Path, Result, Variant,
};

/// A struct that crosses a surface.
///
/// `#[record(Copy, Eq)]` derives more than `Clone`, `Debug` and `PartialEq`; `open` lets unknown
/// fields pass; `written` is for what is only written and never read. An absent `Option` is not
/// written, unless the field says `#[null]`.
#[proc_macro_attribute]
pub fn record(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expanded(line::record(arguments.into(), item.into()))
}

/// A closed set of words that crosses a surface; a variant may hold one value.
///
/// Words are `Copy` and ordered as they stand; `#[choice(Default)]` derives more.
#[proc_macro_attribute]
pub fn choice(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expanded(line::choice(arguments.into(), item.into()))
}

fn expanded(result: Result<TokenStream>) -> proc_macro::TokenStream {
    result.unwrap_or_else(Error::into_compile_error).into()
}

/// Reads a record with named fields, or an enum: words, variants that hold one value, or variants
/// with a tag beside their fields. Of `Option<Option<T>>`, null is `Some(None)`.
#[proc_macro_derive(FromValue, attributes(serde))]
pub fn from_value(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expanded(syn::parse(item).and_then(|item: DeriveInput| implementation(&item)))
}

fn implementation(item: &DeriveInput) -> Result<TokenStream> {
    let rules = Rules::of(&item.attrs)?;
    let body = match &item.data {
        Data::Struct(record) => match &record.fields {
            Fields::Named(fields) => record_body(&rules, fields.named.iter(), &quote!(Self), None)?,
            other => return Err(Error::new_spanned(other, "only named fields are read")),
        },
        Data::Enum(choice) => choice_body(&rules, choice)?,
        Data::Union(_) => return Err(Error::new_spanned(item, "a union is not read")),
    };
    let (name, (generics, arguments, bounds)) = (&item.ident, item.generics.split_for_impl());
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::trimtab_core::value::FromValue for #name #arguments #bounds {
            fn from_value<S: ::trimtab_core::value::Source>(
                value: &S,
            ) -> ::core::result::Result<Self, ::trimtab_core::value::Fault> {
                #body
            }
        }
    })
}

/// Reads the fields of `built` (a struct or a variant with a tag beside its fields).
fn record_body<'f>(
    rules: &Rules,
    fields: impl Iterator<Item = &'f Field>,
    built: &TokenStream,
    tag: Option<&str>,
) -> Result<TokenStream> {
    let (mut names, mut slots, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(tag) = tag {
        names.push(tag.to_owned());
        slots.push(format_ident!("_tag"));
    }
    for field in fields {
        let ident = field.ident.as_ref();
        let ident = ident.ok_or_else(|| Error::new_spanned(field, "a field without a name"))?;
        let of_field = Rules::of(&field.attrs)?;
        let spelled = of_field.names(rules.in_case(ident));
        let own: Vec<Ident> = (0..spelled.len())
            .map(|place| format_ident!("{ident}_{place}"))
            .collect();
        let name = of_field.name(rules.in_case(ident));
        let found = match own.as_slice() {
            [only] => quote!(#only, #name),
            several => quote!(
                ::trimtab_core::record::one_of(#name, [#((#several, #spelled)),*])?
            ),
        };
        let read = match (&of_field.absent, is_option_of_option(&field.ty)) {
            (Absent::Never, false) => quote!(::trimtab_core::record::due((#found))?),
            (Absent::Default, false) => quote!(::trimtab_core::record::or_default((#found))?),
            (Absent::By(path), false) => quote!(::trimtab_core::record::or((#found), #path)?),
            (_, true) => quote!(::trimtab_core::record::given((#found))?),
        };
        reads.push(quote!(#ident: #read));
        names.extend(spelled);
        slots.extend(own);
    }
    let (count, closed) = (names.len(), rules.is_closed || tag.is_some());
    Ok(quote! {
        const NAMES: [&str; #count] = [#(#names),*];
        let mut found = [const { ::core::option::Option::None }; #count];
        ::trimtab_core::value::Source::fields(value, &NAMES, #closed, &mut found)?;
        let [#(#slots),*] = found;
        ::core::result::Result::Ok(#built { #(#reads),* })
    })
}

/// Reads the tag, then exactly the fields of its variant.
fn tagged_body(rules: &Rules, tag: &str, choice: &DataEnum) -> Result<TokenStream> {
    let (mut names, mut arms) = (Vec::new(), Vec::new());
    for (place, variant) in choice.variants.iter().enumerate() {
        let Fields::Named(fields) = &variant.fields else {
            return Err(Error::new_spanned(
                variant,
                "a tagged variant has named fields",
            ));
        };
        names.push(Rules::of(&variant.attrs)?.name(rules.in_case(&variant.ident)));
        let ident = &variant.ident;
        // The case is that of the variants; fields keep their names.
        let body = record_body(
            &Rules::default(),
            fields.named.iter(),
            &quote!(Self::#ident),
            Some(tag),
        )?;
        arms.push(quote!(#place => { #body }));
    }
    let count = names.len();
    Ok(quote! {
        const VARIANTS: [&str; #count] = [#(#names),*];
        match ::trimtab_core::record::tag(value, #tag, &VARIANTS)? {
            #(#arms)*
            _ => ::core::result::Result::Err(
                ::trimtab_core::record::no_content(value, &VARIANTS)
            ),
        }
    })
}

fn choice_body(rules: &Rules, choice: &DataEnum) -> Result<TokenStream> {
    if let Some(tag) = &rules.tag {
        return tagged_body(rules, tag, choice);
    }
    let (mut names, mut plain, mut holding) = (Vec::new(), Vec::new(), Vec::new());
    for variant in &choice.variants {
        let of_variant = Rules::of(&variant.attrs)?;
        let spelled = of_variant.names(rules.in_case(&variant.ident));
        let places: Vec<usize> = (names.len()..).take(spelled.len()).collect();
        names.extend(spelled);
        let ident = &variant.ident;
        match holds(variant)? {
            false => plain.push(quote!(#(#places)|* => ::core::result::Result::Ok(Self::#ident))),
            true => holding.push(quote! {
                #(#places)|* => ::trimtab_core::record::held(
                    &inner, ::core::convert::AsRef::<str>::as_ref(&name),
                ).map(Self::#ident)
            }),
        }
    }
    let count = names.len();
    // A word where a variant holds a value, or a value where it holds none.
    let wrong = quote!(::core::result::Result::Err(
        ::trimtab_core::record::no_content(value, &NAMES)
    ));
    let arms = if holding.is_empty() {
        quote! { match ::trimtab_core::record::word(value, &NAMES)? { #(#plain,)* _ => #wrong } }
    } else {
        quote! {
            match ::trimtab_core::record::tagged(value, &NAMES)? {
                (place, ::core::option::Option::None) => match place { #(#plain,)* _ => #wrong },
                (place, ::core::option::Option::Some((name, inner))) => {
                    match place { #(#holding,)* _ => #wrong }
                }
            }
        }
    };
    Ok(quote! {
        const NAMES: [&str; #count] = [#(#names),*];
        #arms
    })
}

/// Whether null says something else than absence.
fn is_option_of_option(kind: &syn::Type) -> bool {
    line::inside_option(kind).is_some_and(|inner| line::inside_option(inner).is_some())
}

/// Whether a variant holds a value.
fn holds(variant: &Variant) -> Result<bool> {
    match &variant.fields {
        Fields::Unit => Ok(false),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Ok(true),
        other => Err(Error::new_spanned(
            other,
            "a variant holds nothing or one value",
        )),
    }
}

/// What an absent field means.
#[derive(Default)]
enum Absent {
    /// A mistake, unless the type knows better (an `Option`).
    #[default]
    Never,
    /// The default of the type.
    Default,
    /// What this function gives.
    By(Path),
}

/// How names are written.
#[derive(Default)]
enum Case {
    #[default]
    AsIs,
    Snake,
    Kebab,
}

/// What the `#[serde(..)]` attributes of an item, a field or a variant say.
#[derive(Default)]
struct Rules {
    case: Case,
    rename: Option<String>,
    aliases: Vec<String>,
    tag: Option<String>,
    is_closed: bool,
    absent: Absent,
}

impl Rules {
    fn of(attributes: &[syn::Attribute]) -> Result<Self> {
        let mut rules = Self::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let text = || meta.value()?.parse::<LitStr>();
                let key = meta.path.get_ident().map(Ident::to_string);
                match key.as_deref() {
                    Some("deny_unknown_fields") => rules.is_closed = true,
                    Some("rename_all") => {
                        rules.case = match text()?.value().as_str() {
                            "snake_case" => Case::Snake,
                            "kebab-case" => Case::Kebab,
                            _ => return Err(meta.error("not a case that FromValue knows")),
                        };
                    }
                    Some("tag") => rules.tag = Some(text()?.value()),
                    Some("rename") => rules.rename = Some(text()?.value()),
                    Some("alias") => rules.aliases.push(text()?.value()),
                    Some("default") if meta.input.peek(syn::Token![=]) => {
                        rules.absent = Absent::By(text()?.parse()?);
                    }
                    Some("default") => rules.absent = Absent::Default,
                    // How it is written is not how it is read.
                    Some("skip_serializing_if") => drop(text()?),
                    _ => return Err(meta.error("not an attribute that FromValue knows")),
                }
                Ok(())
            })?;
        }
        Ok(rules)
    }

    /// The name of a field or variant without a name of its own.
    fn in_case(&self, ident: &Ident) -> String {
        let plain = ident.to_string();
        let plain = plain.strip_prefix("r#").unwrap_or(&plain);
        match self.case {
            Case::AsIs => plain.to_owned(),
            Case::Snake => snake(plain),
            Case::Kebab => snake(plain).replace('_', "-"),
        }
    }

    fn name(&self, plain: String) -> String {
        self.rename.clone().unwrap_or(plain)
    }

    /// Every name it goes by, in the order in which serde lists them.
    fn names(&self, plain: String) -> Vec<String> {
        let mut names: BTreeSet<String> = self.aliases.iter().cloned().collect();
        names.insert(self.name(plain));
        names.into_iter().collect()
    }
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
