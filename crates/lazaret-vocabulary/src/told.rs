//! What a program tells people, as data with its English beside it.

/// Declares an enum of things that can be told: each row is a kind, what it carries, and how English says it.
///
/// As JSON a row is one object: `kind` (the variant in snake case) and its fields.
#[macro_export]
macro_rules! told {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($variant:ident $({ $($field:ident: $type:ty),* $(,)? })? = ($($says:tt)*);)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum $name {$(
            #[doc = stringify!($($says)*)]
            $variant $({ $(
                #[doc = concat!("`", stringify!($field), "` of the sentence.")]
                $field: $type
            ),* })?,
        )*}

        impl $name {
            /// One of each kind, for whoever words them.
            #[must_use]
            pub fn one_of_each() -> Vec<$name> {
                use $crate::event::Example;
                vec![$(Self::$variant $({ $($field: Example::example()),* })?),*]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {$(
                    Self::$variant $({ $($field),* })? => write!(f, $($says)*),
                )*}
            }
        }
    };
}
