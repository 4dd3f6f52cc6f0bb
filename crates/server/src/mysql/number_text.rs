//! Text of numbers and times, appended to a buffer without allocating.
//!
//! Doubles print as StarRocks prints them: the fewest digits that read back as the same number, without `.0`, with an
//! exponent (`1e+16`) outside 0.0001 to 10^16.

use std::io::Write;

/// `00` to `99`, one after the other.
const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

pub(super) fn signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned(out, value.unsigned_abs());
}

pub(super) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    while value >= 100 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(pair(value % 100));
        value /= 100;
    }
    if value >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(pair(value));
    } else {
        at -= 1;
        digits[at] = b'0' + value as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

pub(super) fn signed_128(out: &mut Vec<u8>, value: i128) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned_128(out, value.unsigned_abs());
}

/// A decimal with `scale` digits behind the point; a negative scale stands for zeros before it.
pub(super) fn decimal(out: &mut Vec<u8>, value: i128, scale: i8) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    let fraction_digits = usize::from(scale.unsigned_abs());
    if scale <= 0 {
        unsigned_128(out, value);
        if value != 0 {
            out.resize(out.len() + fraction_digits, b'0');
        }
        return;
    }
    let start = out.len();
    unsigned_128(out, value);
    let digits = out.len() - start;
    if digits <= fraction_digits {
        // 5 with scale 3 is 0.005: at least one digit stands before the point.
        out.splice(start..start, std::iter::repeat_n(b'0', fraction_digits + 1 - digits));
    }
    out.insert(out.len() - fraction_digits, b'.');
}

pub(super) fn double(out: &mut Vec<u8>, value: f64) {
    const INTEGRAL_MAX: f64 = 1e15;
    if value.abs() < INTEGRAL_MAX {
        if value.trunc() == value {
            if value == 0.0 && value.is_sign_negative() {
                out.push(b'-');
            }
            return signed(out, value as i64);
        }
        if short_fraction(out, value) {
            return;
        }
    }
    let mut text = [0; 40];
    shortest(out, digits_of(&mut text, format_args!("{value:e}")), 15);
}

pub(super) fn float(out: &mut Vec<u8>, value: f32) {
    let mut text = [0; 40];
    shortest(out, digits_of(&mut text, format_args!("{value:e}")), 7);
}

/// `YYYY-MM-DD` of a day counted from 1970-01-01.
pub(super) fn date(out: &mut Vec<u8>, days: i32) {
    let (year, month, day) = civil(i64::from(days));
    if (0..=9999).contains(&year) {
        out.extend_from_slice(pair(year as u64 / 100));
        out.extend_from_slice(pair(year as u64 % 100));
    } else {
        signed(out, year);
    }
    out.push(b'-');
    out.extend_from_slice(pair(u64::from(month)));
    out.push(b'-');
    out.extend_from_slice(pair(u64::from(day)));
}

/// `YYYY-MM-DD HH:MM:SS`, with six more digits if the instant is not a whole second.
pub(super) fn datetime(out: &mut Vec<u8>, micros: i64) {
    let (days, micros_of_day) = split_datetime(micros);
    date(out, days);
    out.push(b' ');
    time(out, micros_of_day);
}

/// `HH:MM:SS`, with six more digits if the duration is not a whole second; hours may pass 23, and negative ones have a
/// sign.
pub(super) fn time(out: &mut Vec<u8>, micros: i64) {
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    let (seconds, fraction) = (micros / MICROS_PER_SECOND as u64, micros % MICROS_PER_SECOND as u64);
    let (hours, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours < 100 {
        out.extend_from_slice(pair(hours));
    } else {
        unsigned(out, hours);
    }
    out.push(b':');
    out.extend_from_slice(pair(minute));
    out.push(b':');
    out.extend_from_slice(pair(second));
    if fraction != 0 {
        out.push(b'.');
        out.extend_from_slice(pair(fraction / 10_000));
        out.extend_from_slice(pair(fraction / 100 % 100));
        out.extend_from_slice(pair(fraction % 100));
    }
}

/// Days since 1970-01-01 and microseconds since midnight.
pub(super) fn split_datetime(micros: i64) -> (i32, i64) {
    const MICROS_PER_DAY: i64 = SECONDS_PER_DAY * MICROS_PER_SECOND;
    // 2^63 microseconds are 107 million days.
    (micros.div_euclid(MICROS_PER_DAY) as i32, micros.rem_euclid(MICROS_PER_DAY))
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// The calendar repeats every 400 years; counting years from March puts the leap day at the year's end.
pub(super) fn civil(days: i64) -> (i64, u8, u8) {
    const DAYS_PER_ERA: i64 = 146_097;
    let days_since_0000_03_01 = days + 719_468;
    let era = days_since_0000_03_01.div_euclid(DAYS_PER_ERA);
    let day_of_era = days_since_0000_03_01.rem_euclid(DAYS_PER_ERA);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month as u8, day as u8)
}

fn pair(value: u64) -> &'static [u8] {
    let at = value as usize * 2;
    &PAIRS[at..at + 2]
}

fn unsigned_128(out: &mut Vec<u8>, value: u128) {
    const LOW: u128 = 10_000_000_000_000_000_000;
    match u64::try_from(value) {
        Ok(small) => unsigned(out, small),
        Err(_) => {
            unsigned_128(out, value / LOW);
            let start = out.len();
            unsigned(out, (value % LOW) as u64);
            let missing = 19 - (out.len() - start);
            out.splice(start..start, std::iter::repeat_n(b'0', missing));
        }
    }
}

/// Writes a number that has up to six digits behind the point, as most measured and money values have; false for others.
///
/// If `digits / 10^n` gives exactly `value`, then these digits read back as `value`; having at most 15 of them, no
/// shorter ones do.
fn short_fraction(out: &mut Vec<u8>, value: f64) -> bool {
    const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    let magnitude = value.abs();
    if !(0.0001..1e9).contains(&magnitude) {
        return false;
    }
    for (i, power) in POWERS.iter().enumerate() {
        let digits = (magnitude * power).round();
        if digits / power == magnitude {
            let (digits, power) = (digits as u64, *power as u64);
            if value < 0.0 {
                out.push(b'-');
            }
            unsigned(out, digits / power);
            out.push(b'.');
            let start = out.len();
            unsigned(out, digits % power);
            let missing = i + 1 - (out.len() - start);
            out.splice(start..start, std::iter::repeat_n(b'0', missing));
            return true;
        }
    }
    false
}

/// `1.25e-7` as Rust prints it, in a buffer on the stack.
fn digits_of<'a>(buffer: &'a mut [u8; 40], text: std::fmt::Arguments<'_>) -> &'a [u8] {
    let mut rest = &mut buffer[..];
    // A float has at most 17 digits, a sign, a point and an exponent of 5 characters.
    let _ = rest.write_fmt(text);
    let free = rest.len();
    &buffer[..40 - free]
}

/// Lays out scientific notation: plain if the exponent is from -4 to `plain_max`, else with sign and two digits.
fn shortest(out: &mut Vec<u8>, scientific: &[u8], plain_max: i32) {
    let Some(at) = scientific.iter().position(|b| *b == b'e') else {
        // Not a finite number.
        let text: &[u8] = match scientific {
            b"inf" => b"inf",
            b"-inf" => b"-inf",
            _ => b"nan",
        };
        return out.extend_from_slice(text);
    };
    let (mut mantissa, exponent) = (&scientific[..at], &scientific[at + 1..]);
    let exponent: i32 = std::str::from_utf8(exponent).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    if let [b'-', rest @ ..] = mantissa {
        out.push(b'-');
        mantissa = rest;
    }
    if !(-4..=plain_max).contains(&exponent) {
        out.extend_from_slice(mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a Vec cannot fail.
        let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
        return;
    }
    let digits = || mantissa.iter().copied().filter(|b| *b != b'.');
    let count = digits().count();
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', exponent.unsigned_abs() as usize - 1));
        out.extend(digits());
        return;
    }
    let whole = exponent as usize + 1;
    out.extend(digits().take(whole));
    if count > whole {
        out.push(b'.');
        out.extend(digits().skip(whole));
    } else {
        out.extend(std::iter::repeat_n(b'0', whole - count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"<".to_vec();
        write(&mut out);
        String::from_utf8(out[1..].to_vec()).unwrap()
    }

    #[test]
    fn integers() {
        for value in [0, 1, 9, 10, 99, 100, 101, 12345, -1, -100, i64::MAX, i64::MIN] {
            assert_eq!(text(|out| signed(out, value)), value.to_string());
        }
        assert_eq!(text(|out| unsigned(out, u64::MAX)), u64::MAX.to_string());
        for value in [0, -1, i128::MAX, i128::MIN, 10_i128.pow(19), 10_i128.pow(19) - 1, 10_i128.pow(38) - 1] {
            assert_eq!(text(|out| signed_128(out, value)), value.to_string());
        }
    }

    #[test]
    fn decimals_have_a_fixed_scale() {
        let cases = [
            (12345, 2, "123.45"),
            (5, 3, "0.005"),
            (-5, 1, "-0.5"),
            (0, 2, "0.00"),
            (100, 2, "1.00"),
            (7, 0, "7"),
            (7, -2, "700"),
            (0, -2, "0"),
            (-(10_i128.pow(38) - 1), 38, "-0.99999999999999999999999999999999999999"),
        ];
        for (value, scale, expected) in cases {
            assert_eq!(text(|out| decimal(out, value, scale)), expected);
        }
    }

    #[test]
    fn doubles_print_the_fewest_digits() {
        let cases = [
            (32.0, "32"),
            (26.3, "26.3"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-73.9857, "-73.9857"),
            (40.672_269_9, "40.6722699"),
            (1.05, "1.05"),
            (0.25, "0.25"),
            (100.000_001, "100.000001"),
            (-0.0, "-0"),
            (0.0, "0"),
            (1e15, "1000000000000000"),
            (1.5e15, "1500000000000000"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e16, "1e+16"),
            (1.25e20, "1.25e+20"),
            (0.0001, "0.0001"),
            (0.00012345, "0.00012345"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (123_456_789.123_456, "123456789.123456"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(|out| double(out, value)), expected);
        }
    }

    #[test]
    fn doubles_read_back_as_the_same_number() {
        // A fixed linear congruential sequence: every run tests the same values.
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = f64::from_bits(state);
            let short = (state >> 40) as f64 / 10_f64.powi((state % 8) as i32);
            for value in [bits, short, short * 1.1] {
                if value.is_finite() {
                    let printed = text(|out| double(out, value));
                    assert_eq!(printed.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{printed}");
                    let digits = |t: &str| t.split('e').next().unwrap().chars().filter(char::is_ascii_digit).count();
                    let exact = format!("{value:e}");
                    let zeros = printed.trim_start_matches(['-', '0', '.']).len();
                    if printed.contains('.') && zeros > 0 && value.abs() >= 1.0 {
                        assert_eq!(digits(&printed), digits(&exact), "{printed} {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn floats_print_their_own_digits() {
        for (value, expected) in [(0.1, "0.1"), (32.0, "32"), (1e8, "1e+08"), (12_345_678.0, "12345678"), (0.0, "0")] {
            assert_eq!(text(|out| float(out, value)), expected);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        let cases = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (16_104, "2014-02-03"),
            (-719_528, "0000-01-01"),
            (2_932_896, "9999-12-31"),
        ];
        for (days, expected) in cases {
            assert_eq!(text(|out| date(out, days)), expected);
        }
        let mut expected = chrono::NaiveDate::from_ymd_opt(1890, 1, 1).unwrap();
        for days in -29_219..60_000 {
            assert_eq!(text(|out| date(out, days)), expected.to_string());
            expected = expected.succ_opt().unwrap();
        }
    }

    #[test]
    fn fractions_of_a_second_are_shown_if_there_are_any() {
        assert_eq!(text(|out| datetime(out, 0)), "1970-01-01 00:00:00");
        assert_eq!(text(|out| datetime(out, -1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(|out| datetime(out, 1_391_414_400_000_500)), "2014-02-03 08:00:00.000500");
        assert_eq!(text(|out| time(out, -3_599_000_000)), "-00:59:59");
        assert_eq!(text(|out| time(out, 838 * 3_600_000_000)), "838:00:00");
    }
}
