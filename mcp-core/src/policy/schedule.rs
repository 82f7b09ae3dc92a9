//! When a rule applies.

use std::time::{SystemTime, UNIX_EPOCH};

use toml::value::{Datetime, Offset};

const DAY_SECONDS: i64 = 86_400;

/// The names of the days, in the order of the week that began on the first day of Unix time.
const WEEKDAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];

/// When a rule applies. Times are in seconds since the beginning of Unix time.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    /// A flag for each of [`WEEKDAYS`].
    pub(super) weekdays: Option<[bool; 7]>,
    /// Seconds of the day: from, and until.
    pub(super) hours: Option<(i64, i64)>,
    /// What is added to UTC, in seconds.
    pub(super) utc_offset: i64,
    pub(super) from: Option<i64>,
    pub(super) until: Option<i64>,
}

impl Schedule {
    pub(super) fn contains(&self, now: SystemTime) -> bool {
        let now = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
        };
        if self.from.is_some_and(|from| now < from) || self.until.is_some_and(|end| now >= end) {
            return false;
        }
        let local = now.saturating_add(self.utc_offset);
        let of_day = local.rem_euclid(DAY_SECONDS);
        let mut day = local.div_euclid(DAY_SECONDS);
        if let Some((from, until)) = self.hours {
            let is_after_midnight = from > until && of_day < until;
            let is_in =
                if from <= until { from <= of_day && of_day < until } else { of_day >= from };
            if !is_in && !is_after_midnight {
                return false;
            }
            // The night belongs to the day on which it began.
            day -= i64::from(is_after_midnight);
        }
        self.weekdays.is_none_or(|days| {
            usize::try_from(day.rem_euclid(7)).ok().and_then(|day| days.get(day)) == Some(&true)
        })
    }
}

/// Reads the names of weekdays.
///
/// # Errors
/// The name that is none.
pub(super) fn weekday(name: &str) -> Result<usize, String> {
    WEEKDAYS.iter().position(|day| *day == name).ok_or_else(|| {
        format!(
            "unknown weekday `{}`, expected one of mon, tue, wed, thu, fri, sat, sun",
            name.escape_debug()
        )
    })
}

/// Reads hours such as `09:00-17:30`, in seconds of the day.
///
/// # Errors
/// What is expected.
pub(super) fn hours(text: &str) -> Result<(i64, i64), String> {
    let read = || {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (time_of_day(from)?, time_of_day(until)?);
        (from < DAY_SECONDS && from != until).then_some((from, until))
    };
    read().ok_or_else(|| {
        format!("`{}` are no hours, expected a text like \"09:00-17:30\"", text.escape_debug())
    })
}

/// Reads an offset such as `+02:00`, in seconds.
///
/// # Errors
/// What is expected.
pub(super) fn utc_offset(text: &str) -> Result<i64, String> {
    let read = || match text.split_at_checked(1)? {
        ("+", time) => time_of_day(time).filter(|offset| *offset < DAY_SECONDS),
        ("-", time) => time_of_day(time).filter(|offset| *offset < DAY_SECONDS).map(|o| -o),
        _ => None,
    };
    read().ok_or_else(|| {
        format!("`{}` is no offset, expected a text like \"+02:00\"", text.escape_debug())
    })
}

/// Reads `hh:mm`, up to `24:00`.
fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, max: i64| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number <= max)
    };
    let seconds = number(hours, 24)? * 3_600 + number(minutes, 59)? * 60;
    (seconds <= DAY_SECONDS).then_some(seconds)
}

/// Converts a date-time with an offset into Unix time.
///
/// # Errors
/// If a part is missing.
pub(super) fn unix_time(time: &Datetime) -> Result<i64, String> {
    let (Some(date), Some(of_day), Some(offset)) = (time.date, time.time, time.offset) else {
        return Err(format!(
            "`{time}` is incomplete, expected a date-time with an offset like 2026-01-31T09:00:00Z"
        ));
    };
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_since_1970(date.year.into(), date.month.into(), date.day.into());
    let seconds = i64::from(of_day.second.unwrap_or(0));
    let of_day = i64::from(of_day.hour) * 3_600 + i64::from(of_day.minute) * 60 + seconds;
    Ok(days * DAY_SECONDS + of_day - minutes * 60)
}

/// The number of days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last day of one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before_year + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(text: &str) -> SystemTime {
        let seconds = unix_time(&text.parse().unwrap()).unwrap();
        UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
    }

    #[test]
    fn dates_are_converted() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00+01:00", 951_865_200),
            ("2026-11-29T08:00:01-02:30", 1_795_948_201),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            assert_eq!(unix_time(&text.parse().unwrap()), Ok(expected), "{text}");
        }
        for incomplete in ["2026-01-01", "12:00:00", "2026-01-01T00:00:00"] {
            unix_time(&incomplete.parse().unwrap()).unwrap_err();
        }
    }

    #[test]
    fn hours_are_those_of_the_zone_and_may_pass_midnight() {
        let office = Schedule {
            hours: Some(hours("09:00-17:30").unwrap()),
            utc_offset: utc_offset("+02:00").unwrap(),
            ..Schedule::default()
        };
        assert!(office.contains(at("2026-06-01T07:00:00Z")));
        assert!(!office.contains(at("2026-06-01T06:59:59Z")));
        assert!(office.contains(at("2026-06-01T15:29:59Z")));
        assert!(!office.contains(at("2026-06-01T15:30:00Z")));
        // Friday night.
        let mut weekdays = [false; 7];
        weekdays[weekday("fri").unwrap()] = true;
        let night = Schedule {
            hours: Some(hours("22:00-06:00").unwrap()),
            weekdays: Some(weekdays),
            ..Schedule::default()
        };
        assert!(night.contains(at("2026-11-27T22:00:00Z")));
        assert!(night.contains(at("2026-11-28T05:59:59Z")));
        assert!(!night.contains(at("2026-11-28T06:00:00Z")));
        assert!(!night.contains(at("2026-11-28T22:00:00Z")));
        assert!(!night.contains(at("2026-11-27T05:00:00Z")));
    }

    #[test]
    fn a_rule_is_valid_from_one_time_until_another() {
        let time = |text: &str| Some(unix_time(&text.parse().unwrap()).unwrap());
        let valid = Schedule {
            from: time("2026-01-01T00:00:00Z"),
            until: time("2026-02-01T00:00:00Z"),
            ..Schedule::default()
        };
        assert!(!valid.contains(at("2025-12-31T23:59:59Z")));
        assert!(valid.contains(at("2026-01-01T00:00:00Z")));
        assert!(valid.contains(at("2026-01-31T23:59:59Z")));
        assert!(!valid.contains(at("2026-02-01T00:00:00Z")));
    }

    #[test]
    fn texts_of_times_are_checked() {
        for wrong in ["", "9:00-17:00", "09:00", "09:00-09:00", "24:00-01:00", "09:60-10:00"] {
            hours(wrong).unwrap_err();
        }
        assert_eq!(hours("00:00-24:00"), Ok((0, DAY_SECONDS)));
        for wrong in ["", "Z", "02:00", "+2:00", "+24:00", "é02:00"] {
            utc_offset(wrong).unwrap_err();
        }
        assert_eq!(utc_offset("-01:30"), Ok(-5_400));
        weekday("Mon").unwrap_err();
    }
}
