//! One row for each variant of an enum: its docs, its word for logs, and the sentence it stands
//! for.
//!
//! ```text
//! kinds! {
//!     /// Docs and derives of the enum.
//!     #[derive(Clone, Copy, Debug)]
//!     pub enum Reason {
//!         /// Docs of the variant.
//!         Refused = "refused" => "the server answered REFUSED";
//!     }
//! }
//! ```
//!
//! A row gives the variant, what `as_str` returns, what `Display` writes (the word again if there
//! is no sentence), and what serde writes (the word). [`messages`] is the same for variants with
//! fields: the sentence may name the fields, and what serde writes is a map in `serde.rs`.

/// Declares an enum from one row for each variant; serde writes the word.
///
/// After the rows, the sentences may be given to a method instead of `Display`: `write(method:
/// args)` makes one that formats them, `texts(first, second)` makes one `const fn` for each column.
macro_rules! kinds {
    (
        $(#[$meta:meta])* $vis:vis enum $name:ident { $($rows:tt)+ } $($methods:tt)*
    ) => {
        crate::kinds::messages! {
            @copy $(#[$meta])* $vis enum $name { $($rows)+ } $($methods)*
        }

        /// Writes the word that `as_str` returns.
        #[cfg(feature = "serde")]
        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(
                &self, serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// Declares an enum from one row for each variant, with or without fields; serde is left out.
macro_rules! messages {
    (@column $name:ident $column:ident $(, $variant:ident $text:literal)+) => {
        impl $name {
            pub(crate) const fn $column(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
    (@column $name:ident $(, $variant:ident)+) => {};
    (@word_is_display $name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
    (@enum $(@$copy:ident)?
        [$(#[$meta:meta])*] $vis:vis $name:ident
        $([$($variant_meta:tt)*] $variant:ident [$($parts:tt)*] [$($fields:tt)*]
            [$($bindings:tt)*] $word:expr;)+
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($($variant_meta)* $variant $($parts)* $($fields)*,)+
        }

        crate::kinds::messages! { @word $(@$copy)? $vis $name $([$($bindings)*] $variant $word;)+ }
    };
    (@word @copy $vis:vis $name:ident $([$($bindings:tt)*] $variant:ident $word:expr;)+) => {
        impl $name {
            /// Returns the kind as a word for logs, in kebab-case.
            #[must_use]
            #[allow(unused_variables, reason = "a word rarely depends on a field")]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant $($bindings)* => $word,)+ }
            }
        }
    };
    (@word $vis:vis $name:ident $([$($bindings:tt)*] $variant:ident $word:expr;)+) => {
        impl $name {
            /// Returns the kind as a word for logs, in kebab-case.
            #[must_use]
            #[allow(unused_variables, reason = "a word rarely depends on a field")]
            $vis const fn as_str(&self) -> &'static str {
                match self { $(Self::$variant $($bindings)* => $word,)+ }
            }
        }
    };
    (@show $f:ident, $word:expr) => { $f.pad($word) };
    (@show $f:ident, $word:expr, $text:literal $(, $arg:ident = $value:expr)*) => {
        write!($f, $text $(, $arg = $value)*)
    };
    // The sentences are what `Display` writes.
    (
        $(@$copy:ident)? $(#[$meta:meta])* $vis:vis enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident
                $(( $($part:ident : $part_type:ty),+ ))?
                $({ $($(#[$field_meta:meta])* $field:ident : $field_type:ty),+ $(,)? })?
                = $word:expr $(=> $text:literal $(, $arg:ident = $value:expr)*)?;
            )+
        }
    ) => {
        crate::kinds::messages! { @enum $(@$copy)?
            [$(#[$meta])*] $vis $name
            $([$(#[$variant_meta])*] $variant [$(($($part_type),+))?]
                [$({$($(#[$field_meta])* $field: $field_type),+})?]
                [$(($($part),+))? $({$($field),+})?] $word;)+
        }

        impl std::fmt::Display for $name {
            #[allow(unused_variables, reason = "a sentence need not name every field")]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant $(($($part),+))? $({$($field),+})? => {
                        crate::kinds::messages!(@show f, $word $(, $text $(, $arg = $value)*)?)
                    })+
                }
            }
        }
    };
    // The sentences are what one method writes, given more than the variant knows.
    (
        $(@$copy:ident)? $(#[$meta:meta])* $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal => $text:literal;)+
        }
        write($method:ident: $($param:ident: $param_type:ty),+)
    ) => {
        crate::kinds::messages! { @enum $(@$copy)?
            [$(#[$meta])*] $vis $name $([$(#[$variant_meta])*] $variant [] [] [] $word;)+
        }
        crate::kinds::messages! { @word_is_display $name }

        impl $name {
            /// Writes the sentence.
            #[allow(unused_variables, reason = "a sentence need not name every argument")]
            pub(crate) fn $method(
                self, f: &mut std::fmt::Formatter<'_>, $($param: $param_type),+
            ) -> std::fmt::Result {
                match self { $(Self::$variant => write!(f, $text),)+ }
            }
        }
    };
    // The sentences are what several methods return, one for each column.
    (
        $(@$copy:ident)? $(#[$meta:meta])* $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal
                => $first:literal $(=> $second:literal)?;)+
        }
        texts($first_column:ident $(, $second_column:ident)?)
    ) => {
        crate::kinds::messages! { @enum $(@$copy)?
            [$(#[$meta])*] $vis $name $([$(#[$variant_meta])*] $variant [] [] [] $word;)+
        }
        crate::kinds::messages! { @word_is_display $name }

        impl $name {
            pub(crate) const fn $first_column(self) -> &'static str {
                match self { $(Self::$variant => $first,)+ }
            }
        }
        crate::kinds::messages! { @column $name $($second_column)? $(, $variant $($second)?)+ }
    };
}

pub(crate) use kinds;
pub(crate) use messages;
