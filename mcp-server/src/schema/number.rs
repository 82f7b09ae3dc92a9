//! JSON numbers, compared without loss if both are integers.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        integer.map(Self::Integer).or_else(|| number.as_f64().map(Self::Float))
    }

    /// Whether it is an integer. In JSON Schema, `5.0` is one too.
    pub(super) fn is_integer(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(number) => number.fract() == 0.0,
        }
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one.cmp(&other),
            // JSON has no NaN.
            (one, other) => one.float().partial_cmp(&other.float()).unwrap_or(Ordering::Equal),
        }
    }

    pub(super) fn is_multiple_of(self, factor: Self) -> bool {
        if let (Self::Integer(number), Self::Integer(factor)) = (self, factor) {
            return factor != 0 && number % factor == 0;
        }
        let quotient = self.float() / factor.float();
        (quotient - quotient.round()).abs() <= f64::EPSILON * quotient.abs().max(1.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "the result is only compared with a float")]
    fn float(self) -> f64 {
        match self {
            Self::Integer(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}
