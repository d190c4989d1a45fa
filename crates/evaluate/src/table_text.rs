//! The text of a table file, and the fields in it.

use crate::EvaluateError;

/// How to get a file that is read.
const SAVE: &str = "in Excel, save it as \"CSV UTF-8 (comma delimited)\"";
/// What separates fields in tables: Excel writes semicolons where the comma is the decimal mark.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines that tell which.
const HEAD: usize = 20;

/// The text of a table file: UTF-8, or UTF-16 as Excel writes it, with or without a byte-order mark.
///
/// # Errors
/// [`EvaluateError::Table`] says what it is instead, and how to save it.
pub fn decode(bytes: &[u8]) -> Result<String, EvaluateError> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok().filter(|_| bytes.len().is_multiple_of(2))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return Err(EvaluateError::Table(format!("this is a workbook of Excel or the like, no CSV file; {SAVE}")));
        }
        bytes => match zeros(bytes) {
            [0, 0] => str::from_utf8(bytes).ok().map(str::to_owned),
            [0, _] => wide(bytes, u16::from_le_bytes),
            [_, 0] => wide(bytes, u16::from_be_bytes),
            _ => return Err(EvaluateError::Table(format!("this is no text, so no CSV file; {SAVE}"))),
        },
    };
    let line = || {
        let valid = str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
        bytes[..valid].split(|&byte| byte == b'\n').count()
    };
    let text = text.ok_or_else(|| {
        EvaluateError::Table(format!("line {} is written neither in UTF-8 nor in UTF-16; {SAVE}", line()))
    })?;
    if text.contains('\0') {
        return Err(EvaluateError::Table(format!("this is no text, so no CSV file; {SAVE}")));
    }
    if text.trim_start().starts_with('<') {
        return Err(EvaluateError::Table(format!(
            "this is a web page or XML, no CSV file (some programs save such as .xls); {SAVE}"
        )));
    }
    Ok(text)
}

/// How many of the bytes at even and at odd places are 0: half of UTF-16's are where text is mostly Latin.
fn zeros(bytes: &[u8]) -> [usize; 2] {
    [0, 1].map(|first| bytes.iter().skip(first).step_by(2).filter(|&&byte| byte == 0).count())
}

/// The records that are not empty, each with its line.
///
/// # Errors
/// [`EvaluateError::Table`], also for a quotation mark that is never closed: it would swallow rows.
pub(crate) fn records(text: &str, name: &str) -> Result<Vec<(u64, Vec<String>)>, EvaluateError> {
    let text = text.trim_start_matches('\u{feff}');
    let (text, delimiter, skipped) = match declared(text) {
        Some((delimiter, rest)) => (rest, delimiter, 1),
        None => (text, delimiter_of(text), 0),
    };
    if let Some(line) = open_quote(text, delimiter) {
        return Err(EvaluateError::Table(format!(
            "{name} cannot be read as CSV: in line {} a field begins with a quotation mark, and none ends it before the next field; \
             end it, or write quotation marks within a text twice",
            line + skipped
        )));
    }
    let mut found = Vec::new();
    for record in reader(text, delimiter).records() {
        let record =
            record.map_err(|error| EvaluateError::Table(format!("{name} cannot be read as CSV: {error}; {SAVE}")))?;
        if !record.iter().all(str::is_empty) {
            let line = record.position().map_or(0, csv::Position::line) + skipped;
            found.push((line, record.iter().map(str::to_owned).collect()));
        }
    }
    Ok(found)
}

/// The separator that a first line `sep=;` names, which Excel reads and some programs write, and the lines below it.
fn declared(text: &str) -> Option<(u8, &str)> {
    let (first, rest) = text.split_once('\n')?;
    // Programs that quote every field quote this, too.
    let named = first.trim_end_matches('\r').trim_matches('"').strip_prefix("sep=")?;
    match named.as_bytes() {
        &[delimiter] if delimiter.is_ascii_punctuation() || delimiter == b'\t' => Some((delimiter, rest)),
        _ => None,
    }
}

fn reader(csv: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(csv.as_bytes())
}

/// The one that gives the most columns of those that give every line of the head as many; if none does, the most.
fn delimiter_of(csv: &str) -> u8 {
    let key = |&delimiter: &u8| {
        let mut reader = reader(csv, delimiter);
        let head = reader.records().filter_map(Result::ok);
        let sizes: Vec<usize> =
            head.filter(|record| !record.iter().all(str::is_empty)).take(HEAD).map(|record| record.len()).collect();
        let columns = sizes.first().copied().unwrap_or_default();
        (columns > 1 && sizes.iter().all(|&size| size == columns), columns)
    };
    // Of equals the last is the greatest for `max_by_key`, and the comma is what it should be.
    DELIMITERS.into_iter().rev().max_by_key(key).unwrap_or(b',')
}

/// The line of the first field that begins with a quotation mark and has none right in front of the next separator or
/// line.
fn open_quote(text: &str, delimiter: u8) -> Option<u64> {
    enum Place {
        FieldStart,
        Plain,
        Quoted,
        /// After a quotation mark inside a quoted field: its end, or the first of two that stand for one.
        Quote,
    }
    let (mut line, mut opened, mut place) = (1, 1, Place::FieldStart);
    for &byte in text.as_bytes() {
        let ends_field = byte == delimiter || byte == b'\n' || byte == b'\r';
        place = match place {
            Place::FieldStart if byte == b'"' => {
                opened = line;
                Place::Quoted
            }
            Place::FieldStart | Place::Plain if ends_field => Place::FieldStart,
            Place::FieldStart | Place::Plain => Place::Plain,
            Place::Quoted if byte == b'"' => Place::Quote,
            Place::Quoted => Place::Quoted,
            Place::Quote if byte == b'"' => Place::Quoted,
            Place::Quote if ends_field => Place::FieldStart,
            Place::Quote if byte == b' ' => Place::Quote,
            Place::Quote => return Some(opened),
        };
        line += u64::from(byte == b'\n');
    }
    matches!(place, Place::Quoted).then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::{decode, delimiter_of, open_quote, records};

    #[test]
    fn separators_are_told_from_the_whole_head() {
        for (csv, expected) in [
            ("file,label\na,b\n", b','),
            ("file;label;age\na;b;45,0\nc;d;50,5\n", b';'),
            ("file\tlabel\na b,c\td\n", b'\t'),
            ("file|label\na|b\n", b'|'),
            ("file,\"note; long\"\na,\"x;y;z\"\n", b','),
            ("\"a,b,c\";d\n\"1,2\";3\n", b';'),
            (";;\nfile;label;a,b\nx;nv;1,2\n", b';'),
            ("one\nx\n", b','),
        ] {
            assert_eq!(delimiter_of(csv), expected, "{csv}");
        }
    }

    #[test]
    fn a_first_line_may_name_the_separator() {
        for csv in ["sep=;\r\na;b\r\n", "\"sep=;\"\na;b\n", "\u{feff}sep=;\na;b\n"] {
            assert_eq!(records(csv, "it").unwrap(), [(2, vec!["a".to_owned(), "b".to_owned()])], "{csv}");
        }
        assert_eq!(records("sep=\na\n", "it").unwrap().len(), 2);
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_swallows_no_rows() {
        for (csv, line) in [
            ("file,label\na,\"nv\nb,mel\nc,nv\n", Some(2)),
            ("file,label\na,\"nv\nb,\"mel\"\n", Some(2)),
            ("file,label\na,\"5\" scar\"\n", Some(2)),
            ("file,label\n\"a\",\"a \"\"b\"\" c\"\r\n\"b\" ,nv", None),
            ("file,label\na,5\" scar\nb,\"two\nlines\"\n", None),
        ] {
            assert_eq!(open_quote(csv, b','), line, "{csv}");
        }
        let error = records("sep=,\nfile,label\na,\"nv\n", "it").unwrap_err().to_string();
        assert!(error.contains("in line 3 a field begins with a quotation mark"), "{error}");
    }

    #[test]
    fn texts_are_decoded_or_said_to_be_none() {
        let wide = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for mark in ["\u{feff}", ""] {
            for unit in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(decode(&wide(&format!("{mark}file,진단\n"), unit)).unwrap(), "file,진단\n");
            }
        }
        assert_eq!(decode("file,진단\n".as_bytes()).unwrap(), "file,진단\n");
        for (bytes, expected) in [
            (&b"PK\x03\x04rest"[..], "a workbook of Excel"),
            (b"\xd0\xcf\x11\xe0rest", "a workbook of Excel"),
            (b"file,label\na,\xc1\xf8\n", "line 2 is written neither"),
            (b"\xff\xfea", "neither in UTF-8 nor"),
            (b"a\0\0b", "no text"),
            (b"\n <html><table>", "a web page or XML"),
            (b"<?xml version=\"1.0\"?>", "a web page or XML"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("CSV UTF-8"), "{error}");
        }
    }
}
