//! Lenient casts, as MySQL and StarRocks do them: what cannot be cast is `None` or NULL, never an error.
//!
//! Used by every function for its arguments, and by the engine and the loaders wherever a text becomes a number or a
//! date. The parsers work on bytes and allocate nothing.

mod array;
mod datetime;
mod number;
mod text;

pub use array::{to_bigints, to_dates, to_datetimes, to_doubles, to_texts, to_truths};
pub use datetime::{datetime_from_number, parse_date_days, parse_datetime_us, parse_time_us};
pub use number::{bigint_from_double, parse_bigint, parse_double, parse_double_prefix};
pub use text::{push_date, push_datetime, push_decimal, push_double, push_float, push_time};

pub(crate) use datetime::{Scanner, full_year};
pub(crate) use text::push_padded;
