//! Valid JPEG files of every sampling, scan script, restart interval and odd size, made by libjpeg's `cjpeg`: each is decoded as
//! libjpeg's `djpeg` does it, or refused. Both programs are in Debian's libjpeg-turbo-progs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use skintree::photo::{Limits, Photo, PhotoError};
use skintree_testing::random;

const SAMPLINGS: [&str; 20] = [
    "1x1",
    "2x1",
    "1x2",
    "2x2",
    "4x1",
    "1x4",
    "4x2",
    "2x4",
    "3x1",
    "1x3",
    // Chroma finer than luma, or components that differ among themselves.
    "1x1,2x1,2x1",
    "1x1,1x2,1x2",
    "1x1,2x2,2x2",
    "2x2,1x1,2x1",
    "2x1,1x2,1x2",
    "2x2,2x1,2x1",
    "2x2,1x2,1x2",
    "2x2,2x2,1x1",
    "1x2,2x1,1x1",
    "2x2,2x2,2x2",
];
/// Name, arguments, scan script.
const SCANS: [(&str, &[&str], Option<&str>); 7] = [
    ("one scan", &[], None),
    ("optimised", &["-optimize"], None),
    ("progressive", &["-progressive"], None),
    ("a scan a component", &[], Some("0;\n1;\n2;\n")),
    ("luma, then chroma", &[], Some("0;\n1 2;\n")),
    ("chroma, then luma", &[], Some("1 2;\n0;\n")),
    ("components backwards", &[], Some("2;\n1;\n0;\n")),
];
const RESTARTS: [&[&str]; 3] = [&[], &["-restart", "1"], &["-restart", "3B"]];
const SIZES: [(usize, usize); 4] = [(1, 1), (17, 33), (33, 17), (64, 48)];

/// What a difference of rounding may be: a value, and the mean.
const MOST: u8 = 12;
const MEAN: f64 = 1.5;

fn run(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?;
    (output.status.success() && !output.stdout.is_empty()).then_some(output.stdout)
}

/// Slopes, edges and some noise.
fn ppm(width: usize, height: usize) -> Vec<u8> {
    let mut noise = random((width * 1000 + height) as u32);
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    for y in 0..height {
        for x in 0..width {
            let block = if (x / 9 + y / 7) % 2 == 0 { 0 } else { 60 };
            bytes.extend((0..3).map(|c| (x * (2 + c) + y * (4 - c) + block + ((noise() + 1.0) * 6.0) as usize) as u8));
        }
    }
    bytes
}

/// The pixels of a PPM with a header of three lines.
fn pixels(ppm: &[u8]) -> &[u8] {
    let ends: Vec<usize> =
        ppm.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).take(3).collect();
    &ppm[ends[2] + 1..]
}

fn check(jpeg: &[u8], expected: &[u8], name: &str, refused: &mut BTreeMap<String, usize>) {
    match Photo::decode(jpeg, &Limits::default()) {
        Ok(photo) => {
            assert_eq!(photo.rgb().len(), expected.len(), "{name}");
            let differences = || photo.rgb().iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
            let mean = differences().map(f64::from).sum::<f64>() / expected.len() as f64;
            let most = differences().max().unwrap_or_default();
            assert!(most <= MOST && mean <= MEAN, "{name}: off by up to {most}, {mean:.2} on average");
        }
        Err(error @ (PhotoError::Kind { .. } | PhotoError::Format { .. })) => {
            *refused.entry(error.to_string()).or_default() += 1;
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn every_valid_file_is_decoded_rightly_or_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jpeg-grid");
    std::fs::create_dir_all(&folder).unwrap();
    let (mut count, mut refused) = (0, BTreeMap::new());
    for (width, height) in SIZES {
        let source = ppm(width, height);
        for sampling in SAMPLINGS {
            for (index, (scans, arguments, script)) in SCANS.iter().enumerate() {
                for restart in RESTARTS {
                    let file = folder.join(format!("{index}.scan"));
                    let path = file.to_string_lossy().into_owned();
                    let mut all = vec!["-quality", "90", "-sample", sampling];
                    all.extend_from_slice(restart);
                    all.extend_from_slice(arguments);
                    if let Some(script) = script {
                        std::fs::write(&file, script).unwrap();
                        all.extend(["-scans", &path]);
                    }
                    let Some(jpeg) = run("cjpeg", &all, &source) else {
                        if count == 0 {
                            eprintln!("skipped: cjpeg is missing; install libjpeg-turbo-progs");
                            return;
                        }
                        continue;
                    };
                    let Some(expected) = run("djpeg", &["-ppm"], &jpeg) else { continue };
                    let name = format!("{width} x {height}, {sampling}, {scans}, {restart:?}");
                    check(&jpeg, pixels(&expected), &name, &mut refused);
                    count += 1;
                }
            }
        }
    }
    eprintln!("{count} files; refused: {refused:?}");
    assert!(count > 1000, "only {count} files were made");
}

#[test]
fn kinds_that_are_not_decoded_are_named_and_not_called_damaged() {
    let source = ppm(64, 48);
    if run("cjpeg", &[], &source).is_none() {
        eprintln!("skipped: cjpeg is missing; install libjpeg-turbo-progs");
        return;
    }
    let Some(arithmetic) = run("cjpeg", &["-arithmetic"], &source) else {
        eprintln!("skipped PART: this cjpeg has no arithmetic coding");
        return;
    };
    let error = Photo::decode(&arithmetic, &Limits::default()).unwrap_err();
    assert_eq!(error.code(), "photo-format");
    assert!(error.to_string().contains("arithmetic"), "{error}");
}

/// A whole picture behind which a phone has put its own data in the place of the end marker.
#[test]
fn the_end_marker_may_be_missing_but_no_data() {
    let source = ppm(64, 48);
    let Some(jpeg) = run("cjpeg", &["-quality", "90"], &source) else {
        eprintln!("skipped: cjpeg is missing; install libjpeg-turbo-progs");
        return;
    };
    let whole = Photo::decode(&jpeg, &Limits::default()).unwrap();
    let without = &jpeg[..jpeg.len() - 2];
    assert_eq!(Photo::decode(without, &Limits::default()).unwrap().rgb(), whole.rgb());
    let trailer = [without, b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFHk\0\0\0SEFT"].concat();
    assert_eq!(Photo::decode(&trailer, &Limits::default()).unwrap().rgb(), whole.rgb());
    for cut in [jpeg.len() / 2, jpeg.len() - 40] {
        let error = Photo::decode(&jpeg[..cut], &Limits::default()).unwrap_err();
        assert_eq!(error.code(), "photo-broken", "cut to {cut}");
    }
}
