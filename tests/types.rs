//! The types of reports in `www/report.d.ts` are those of the Rust code.
#![allow(clippy::unwrap_used, missing_docs)]

use skintree::report::Report;
use skintree_testing::path;
use ts_rs::{Config, TS as _};

/// With `UPDATE=1` the file is written instead of compared.
#[test]
fn the_types_of_reports_are_those_of_the_code() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("types");
    let _ = std::fs::remove_dir_all(&folder);
    Report::export_all(&Config::new().with_out_dir(&folder)).unwrap();
    let made = std::fs::read_to_string(folder.join("report.d.ts")).unwrap();
    let kept = path("www/report.d.ts");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&kept, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(kept).unwrap() == made,
        "UPDATE=1 cargo test --test types writes www/report.d.ts anew"
    );
}
