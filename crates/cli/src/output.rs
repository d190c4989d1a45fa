//! What goes to the terminal or into a pipe, and the names of what goes into folders.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a line to standard output. Ends the program if nobody reads any more: quietly, as after `| head`, or with the
/// reason.
pub(crate) fn write_line(text: fmt::Arguments<'_>) {
    let mut output = io::stdout().lock();
    if let Err(error) = writeln!(output, "{text}").and_then(|()| output.flush()) {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        write_note(format_args!("standard output cannot be written: {error}"));
        std::process::exit(1);
    }
}

/// Writes a line to standard error, if anybody reads it.
pub(crate) fn write_note(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `println!` that no closed pipe makes panic.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::write_line(format_args!($($text)*)) };
}

/// `eprintln!` that no closed pipe makes panic.
macro_rules! note {
    ($($text:tt)*) => { $crate::output::write_note(format_args!($($text)*)) };
}

pub(crate) use {note, say};

/// Writes a file; its folder is made if it is not there. One that is there already is replaced only if that is wanted.
pub(crate) fn save(file: &Path, bytes: &[u8], overwrite: bool) -> Result<(), String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    }
    let opened = if overwrite { File::create(file) } else { File::create_new(file) };
    opened.and_then(|mut open| open.write_all(bytes)).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{} is there already, and --overwrite was not given", file.display())
        }
        _ => format!("{} cannot be written: {error}", file.display()),
    })
}

/// A name for what is made of each photo, no two the same, even where upper and lower case are: the photo's file name
/// without its ending, or as much more of its path as tells it from the others.
pub(crate) fn names(photos: &[PathBuf]) -> Vec<String> {
    let longest = photos.iter().map(|photo| photo.components().count()).max().unwrap_or_default();
    let mut names: Vec<Option<String>> = vec![None; photos.len()];
    for parts in 0..=longest {
        let candidates: Vec<String> = photos.iter().map(|photo| name(photo, parts)).collect();
        let mut count: HashMap<String, usize> = HashMap::new();
        for candidate in &candidates {
            *count.entry(candidate.to_lowercase()).or_default() += 1;
        }
        for (name, candidate) in names.iter_mut().zip(candidates) {
            if name.is_none() && count.get(&candidate.to_lowercase()) == Some(&1) {
                *name = Some(candidate);
            }
        }
    }
    // One photo given twice, or paths that look alike once they are file names.
    let mut taken: HashSet<String> = HashSet::new();
    let numbered = |(photo, found): (&PathBuf, Option<String>)| {
        let base = found.unwrap_or_else(|| name(photo, longest));
        let numbers = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbers).find(|name| taken.insert(name.to_lowercase()));
        free.unwrap_or(base)
    };
    photos.iter().zip(names).map(numbered).collect()
}

/// The stem of a file name; the file name; and then that with more and more folders in front.
fn name(photo: &Path, parts: usize) -> String {
    if parts == 0 {
        return photo.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    let all: Vec<String> = photo.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let shown = all[all.len().saturating_sub(parts)..].join("_");
    shown.replace(['/', '\\', ':'], "_")
}

#[cfg(test)]
mod tests {
    use super::names;

    fn of(photos: &[&str]) -> Vec<String> {
        names(&photos.iter().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn no_two_photos_have_one_name() {
        assert_eq!(of(&["a/one.jpg", "b/two.jpg"]), ["one", "two"]);
        assert_eq!(
            of(&["s1/photo.jpg", "s2/photo.jpg", "s1/photo.png"]),
            ["s1_photo.jpg", "s2_photo.jpg", "photo.png"]
        );
        assert_eq!(of(&["photo.jpg", "Photo.png", "photo"]), ["photo.jpg", "Photo.png", "photo"]);
        assert_eq!(of(&["a.jpg", "a.jpg"]), ["a.jpg", "a.jpg-2"]);
        assert_eq!(of(&["x/y/a.jpg", "y/a.jpg"]), ["x_y_a.jpg", "y_a.jpg"]);
        assert_eq!(of(&["/a/b.jpg", "/c/b.jpg"]), ["a_b.jpg", "c_b.jpg"]);
    }
}
