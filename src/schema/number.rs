//! JSON numbers as exact rationals.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use serde_json::Number;

/// Powers of ten past this are not computed: `1e1000000000` would fill the memory with zeros.
const EXPONENT_LIMIT: i64 = 5_000;

/// Digits past this are not read: what one does with them takes the square of their number.
pub const DIGIT_LIMIT: usize = 10_000;

/// The exact value; `None` where its digits or its exponent are past the limits.
pub fn exact(number: &Number) -> Option<BigRational> {
    let text = number.to_string();
    if text.len() > DIGIT_LIMIT {
        return None;
    }
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    if digits.is_zero() {
        return Some(BigRational::zero());
    }
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    if exponent.abs() > EXPONENT_LIMIT {
        return None;
    }
    let power = num_traits::pow(BigInt::from(10), exponent.unsigned_abs() as usize);
    Some(if exponent >= 0 { BigRational::from(digits * power) } else { BigRational::new(digits, power) })
}

/// Whether the text of the number has neither fraction nor exponent.
pub fn written_as_integer(number: &Number) -> bool {
    !number.to_string().contains(['.', 'e', 'E'])
}

/// A rational as a JSON number, in as few digits as it takes; `None` where it has no finite decimal form.
pub fn to_number(value: &BigRational) -> Option<Number> {
    if value.is_integer() {
        return value.to_integer().to_string().parse().ok();
    }
    let mut denominator = value.denom().clone();
    let mut twos = 0_usize;
    let mut fives = 0_usize;
    let two = BigInt::from(2);
    let five = BigInt::from(5);
    while (&denominator % &two).is_zero() {
        denominator /= &two;
        twos += 1;
    }
    while (&denominator % &five).is_zero() {
        denominator /= &five;
        fives += 1;
    }
    if !denominator.is_one() {
        return None;
    }
    let places = twos.max(fives);
    let scaled = (value * BigRational::from(num_traits::pow(BigInt::from(10), places))).to_integer();
    let negative = scaled < BigInt::zero();
    let digits = scaled.magnitude().to_string();
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if negative { "-" } else { "" };
    format!("{sign}{whole}.{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (text, same) in
            [("1e400", "10e399"), ("0.1", "1e-1"), ("12345678901234567890.0", "12345678901234567890"), ("-0", "0")]
        {
            let a: Number = text.parse().unwrap();
            let b: Number = same.parse().unwrap();
            assert_eq!(exact(&a), exact(&b), "{text} and {same}");
        }
        assert_eq!(exact(&"1e99999999".parse().unwrap()), None);
    }

    #[test]
    fn rationals_come_back_as_decimals() {
        for text in ["0.5", "-12.125", "3", "0.001", "100000000000000000001.5"] {
            let number: Number = text.parse().unwrap();
            assert_eq!(to_number(&exact(&number).unwrap()).unwrap().to_string(), text);
        }
        assert_eq!(to_number(&BigRational::new(1.into(), 3.into())), None);
    }
}
