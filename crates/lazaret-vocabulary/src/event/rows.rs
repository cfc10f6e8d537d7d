//! One declaration of an event, from which everything that lists events is made.

/// Declares an enum of happenings by family: the enum itself, flat; the name of each; an example of each with every
/// field; every name that one has in it; and for each family an enum of its own that borrows the fields, so that the
/// code which says what a family means must speak of each of its events and of no others.
macro_rules! happenings {
    (
        $(#[$meta:meta])*
        pub enum $name:ident as $family:ident {$(
            $(#[$group_meta:meta])*
            $group:ident {$(
                $(#[$variant_meta:meta])*
                $variant:ident {$(
                    $(#[$field_meta:meta])*
                    $field:ident: $type:ty
                ),* $(,)?}
            )*}
        )*}
        $(and {
            $(#[$tail_meta:meta])*
            $tail:ident($tail_type:ty)
        })?
    ) => {
        $(#[$meta])*
        pub enum $name {
            $($(
                $(#[$variant_meta])*
                $variant {$(
                    $(#[$field_meta])*
                    $field: $type,
                )*},
            )*)*
            $(
                $(#[$tail_meta])*
                $tail($tail_type),
            )?
        }

        #[doc = concat!("A [`", stringify!($name), "`] by its family.")]
        #[derive(Clone, Copy, Debug)]
        pub enum $family<'a> {
            $(
                $(#[$group_meta])*
                $group($group<'a>),
            )*
            $(
                #[doc = concat!("[`", stringify!($tail_type), "`]")]
                $tail(&'a $tail_type),
            )?
        }

        $(
            $(#[$group_meta])*
            #[derive(Clone, Copy, Debug)]
            pub enum $group<'a> {$(
                $(#[$variant_meta])*
                $variant {$(
                    #[doc = concat!("`", stringify!($field), "` of the event.")]
                    $field: &'a $type,
                )*},
            )*}
        )*

        impl $name {
            /// The names of all, as in JSON, family by family.
            pub const NAMES: &'static [&'static str] = &[$($(snake_case!($variant)),*),*];

            /// Its name, as in JSON.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $($(Self::$variant { .. } => snake_case!($variant),)*)*
                    $(Self::$tail(other) => other.name(),)?
                }
            }

            /// What it is, by family.
            #[must_use]
            pub fn family(&self) -> $family<'_> {
                match self {
                    $($(
                        Self::$variant { $($field),* } => $family::$group($group::$variant { $($field),* }),
                    )*)*
                    $(Self::$tail(other) => $family::$tail(other),)?
                }
            }

            /// One of each, with every field that it may have.
            pub(crate) fn one_of_each() -> Vec<$name> {
                vec![$($(
                    Self::$variant { $($field: Example::example()),* },
                )*)*]
            }

            /// Lets `see` look at every name in it, in the order in which they are written.
            pub fn each_name(&mut self, see: &mut dyn FnMut(Noun, &mut dyn Name)) {
                match self {
                    $($(
                        Self::$variant { $($field),* } => { $(Named::each_name($field, see);)* }
                    )*)*
                    $(Self::$tail(other) => other.each_name(see),)?
                }
            }
        }
    };
}

/// The name of a variant in snake case, known when the program is built.
macro_rules! snake_case {
    ($variant:ident) => {{
        const SNAKE: ([u8; 64], usize) = $crate::event::rows::snake_case(stringify!($variant));
        match std::str::from_utf8(SNAKE.0.split_at(SNAKE.1).0) {
            Ok(name) => name,
            Err(_) => "",
        }
    }};
}

/// `LotStored` as the bytes of `lot_stored`, and how many they are.
///
/// # Panics
/// While the program is built, if the name is too long.
pub(super) const fn snake_case(name: &str) -> ([u8; 64], usize) {
    let name = name.as_bytes();
    let mut snake = [0; 64];
    let (mut from, mut to) = (0, 0);
    while from < name.len() {
        if name[from].is_ascii_uppercase() && from > 0 {
            snake[to] = b'_';
            to += 1;
        }
        snake[to] = name[from].to_ascii_lowercase();
        from += 1;
        to += 1;
    }
    (snake, to)
}
