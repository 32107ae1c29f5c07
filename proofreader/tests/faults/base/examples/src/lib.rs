//! What the page shows.

/// Shown.
pub fn shown() -> u32 {
    1
}

impl From<Number> for u32 {
    fn from(number: Number) -> u32 {
        number.0
    }
}

impl From<Number> for u64 {
    fn from(number: Number) -> u64 {
        number.0.into()
    }
}

/// A number.
pub struct Number(u32);
