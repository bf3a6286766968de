//! Details that most values leave as they are: they take room only where they say something.

use std::ops::{Deref, DerefMut};

use crate::shape::{NumberRange, StringShape};

/// A `T` that is not kept as long as it is the default one.
#[derive(Clone, Debug)]
pub struct OrDefault<T>(Option<Box<T>>);

/// What [`OrDefault`] can stand for.
pub trait Plain: Clone + Default + 'static {
    /// The default, to be looked at.
    const PLAIN: &'static Self;

    /// Whether nothing distinguishes it from the default.
    fn is_plain(&self) -> bool;
}

impl Plain for StringShape {
    const PLAIN: &'static Self = &StringShape {
        format: None,
        patterns: Vec::new(),
        min_length: None,
        max_length: None,
        content_encoding: None,
        content_media_type: None,
    };

    fn is_plain(&self) -> bool {
        self == Self::PLAIN
    }
}

impl Plain for NumberRange {
    const PLAIN: &'static Self = &NumberRange {
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        multiple_of: None,
        whole_unsaid: false,
    };

    // Ranges of the same numbers are equal; what one says of fractions is kept all the same.
    fn is_plain(&self) -> bool {
        !self.whole_unsaid && self == Self::PLAIN
    }
}

impl<T> Default for OrDefault<T> {
    fn default() -> Self {
        OrDefault(None)
    }
}

impl<T: Plain> From<T> for OrDefault<T> {
    fn from(value: T) -> Self {
        OrDefault((!value.is_plain()).then(|| Box::new(value)))
    }
}

impl<T: Plain> Deref for OrDefault<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::PLAIN)
    }
}

impl<T: Plain> DerefMut for OrDefault<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Plain + PartialEq> PartialEq for OrDefault<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
