//! Points in time as FHIR writes them.

use std::str::FromStr;
use std::time::SystemTime;

use chrono::{NaiveDate, SecondsFormat, Utc};
use serde::Serialize;

use crate::error::FhirError;

/// FHIR's `dateTime`: a year, a month, a day, or a moment with its time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DateTime(String);

impl FromStr for DateTime {
    type Err = FhirError;

    fn from_str(value: &str) -> Result<Self, FhirError> {
        let whole_day = match value.len() {
            4 => format!("{value}-01-01"),
            7 => format!("{value}-01"),
            _ => value.to_owned(),
        };
        // chrono also takes days and months of one digit, and years with a sign.
        let is_day = NaiveDate::parse_from_str(&whole_day, "%Y-%m-%d").is_ok_and(|day| day.to_string() == whole_day);
        if is_day {
            return Ok(Self(value.to_owned()));
        }
        let expected = "a date such as 2026-11-23, 2026-11 or 2026, or a moment such as 2026-11-23T20:00:00+09:00";
        moment("the time of the photo", value, expected).map(Self)
    }
}

/// FHIR's `instant`: a moment, to the second at least, with its time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instant(String);

impl FromStr for Instant {
    type Err = FhirError;

    fn from_str(value: &str) -> Result<Self, FhirError> {
        moment("the time of issue", value, "a moment with its time zone, such as 2026-11-23T20:00:00Z").map(Self)
    }
}

impl From<SystemTime> for Instant {
    fn from(time: SystemTime) -> Self {
        Self(chrono::DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// FHIR's moments are those of RFC 3339; written in one way, however they were given.
fn moment(option: &'static str, value: &str, expected: &'static str) -> Result<String, FhirError> {
    let parsed = chrono::DateTime::parse_from_rfc3339(value).map_err(|_| FhirError::Time {
        option,
        value: value.to_owned(),
        expected,
    })?;
    Ok(parsed.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_fhir() {
        for good in
            ["2026", "2026-11", "2026-11-23", "2024-02-29", "2026-11-23T20:00:00Z", "2026-11-23T20:00:00.5+09:00"]
        {
            assert!(good.parse::<DateTime>().is_ok(), "{good}");
        }
        let bad = [
            "",
            "26",
            "2026-13",
            "2026-1-5",
            "2026-02-30",
            "+2026-01-01",
            "2026-11-23T20:00",
            "2026-11-23T20:00:00",
            "now",
        ];
        for bad in bad {
            assert!(matches!(bad.parse::<DateTime>(), Err(FhirError::Time { .. })), "{bad}");
        }
        assert!("2026-11-23".parse::<Instant>().is_err());
    }

    #[test]
    fn moments_are_written_in_one_way() {
        let written = |value: &str| value.parse::<Instant>().map(|Instant(text)| text);
        assert_eq!(written("2026-11-23T20:00:00.000Z"), written("2026-11-23t20:00:00+00:00"));
        assert_eq!(written("2026-11-23T20:00:00.250+09:00"), Ok("2026-11-23T20:00:00.250+09:00".to_owned()));
        let half = SystemTime::UNIX_EPOCH + Duration::from_millis(500);
        assert_eq!(Instant::from(half), Instant("1970-01-01T00:00:00.500Z".to_owned()));
    }
}
