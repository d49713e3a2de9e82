//! What `#[record]` and `#[choice]` stand for.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, PathArguments,
    Result, Token, Type,
};

/// What stands in the brackets.
#[derive(Default)]
struct Line {
    more: Vec<Ident>,
    is_open: bool,
    is_written_only: bool,
}

impl Parse for Line {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut line = Self::default();
        for word in Punctuated::<Ident, Token![,]>::parse_terminated(input)? {
            match word.to_string().as_str() {
                "open" => line.is_open = true,
                "written" => line.is_written_only = true,
                _ => line.more.push(word),
            }
        }
        Ok(line)
    }
}

impl Line {
    fn derives(&self, basic: &TokenStream) -> TokenStream {
        let more = &self.more;
        let read = (!self.is_written_only).then(|| quote!(::trimtab_core::value::FromValue,));
        quote! {
            #[derive(#basic, #(#more,)* ::serde::Serialize, #read ::schemars::JsonSchema)]
        }
    }
}

pub(crate) fn record(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let line: Line = syn::parse2(arguments)?;
    let mut item: DeriveInput = syn::parse2(item)?;
    let Data::Struct(record) = &mut item.data else {
        return Err(Error::new_spanned(
            &item,
            "a record is a struct; #[choice] is for an enum",
        ));
    };
    if let Fields::Named(fields) = &mut record.fields {
        for field in &mut fields.named {
            leave_out_when_absent(field)?;
        }
    }
    let derives = line.derives(&quote!(Clone, Debug, PartialEq));
    let closed =
        (!line.is_open && !line.is_written_only).then(|| quote!(#[serde(deny_unknown_fields)]));
    Ok(quote!(#derives #closed #item))
}

pub(crate) fn choice(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let line: Line = syn::parse2(arguments)?;
    let item: DeriveInput = syn::parse2(item)?;
    let Data::Enum(choice) = &item.data else {
        return Err(Error::new_spanned(
            &item,
            "a choice is an enum; #[record] is for a struct",
        ));
    };
    let only_words = choice
        .variants
        .iter()
        .all(|variant| variant.fields.is_empty());
    let derives = line.derives(&match only_words {
        true => quote!(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord),
        false => quote!(Clone, Debug, PartialEq),
    });
    let case =
        (!says(&item.attrs, "rename_all")).then(|| quote!(#[serde(rename_all = "snake_case")]));
    Ok(quote!(#derives #case #item))
}

/// An absent value has no field, unless the field says `#[null]`.
fn leave_out_when_absent(field: &mut Field) -> Result<()> {
    let before = field.attrs.len();
    field
        .attrs
        .retain(|attribute| !attribute.path().is_ident("null"));
    let says_null = field.attrs.len() < before;
    if inside_option(&field.ty).is_none() {
        return match says_null {
            true => Err(Error::new_spanned(field, "only an Option can be null")),
            false => Ok(()),
        };
    }
    if !says_null && !says(&field.attrs, "default") {
        let absent = Attribute::parse_outer.parse2(quote! {
            #[serde(default, skip_serializing_if = "Option::is_none")]
        })?;
        field.attrs.extend(absent);
    }
    Ok(())
}

/// What an `Option` holds.
pub(crate) fn inside_option(kind: &Type) -> Option<&Type> {
    let Type::Path(path) = kind else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Option")?;
    match &last.arguments {
        PathArguments::AngleBracketed(held) => match held.args.first()? {
            GenericArgument::Type(held) => Some(held),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a serde attribute sets `key`.
fn says(attributes: &[Attribute], key: &str) -> bool {
    let of_serde = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"));
    of_serde
        .flat_map(|attribute| attribute.meta.to_token_stream())
        .any(|tree| match tree {
            proc_macro2::TokenTree::Group(group) => group
                .stream()
                .into_iter()
                .any(|word| matches!(word, proc_macro2::TokenTree::Ident(word) if word == key)),
            _ => false,
        })
}
