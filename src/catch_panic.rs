//! The wall around code that reads foreign bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does something that reads foreign bytes, such as a decoder, a parser or an engine that is given a model. Should it panic, the error is
/// `broken`'s: what was read is refused, and what comes after it goes on. In wasm, where a panic cannot be caught, the page
/// replaces the worker.
///
/// # Errors
/// Those of `work`, and `broken`'s.
pub fn catch_panic<T, E>(work: impl FnOnce() -> Result<T, E>, broken: impl FnOnce(String) -> E) -> Result<T, E> {
    // What `work` has left half done is dropped with it.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(broken(text.unwrap_or("no reason given").to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::catch_panic;

    #[test]
    fn a_panic_becomes_an_error() {
        let index = std::hint::black_box(3);
        let work = || Ok([1, 2][index]);
        let error = catch_panic(work, |reason| reason).unwrap_err();
        assert!(error.contains("out of bounds"), "{error}");
        assert_eq!(catch_panic(|| Err::<(), _>("own".to_owned()), |reason| reason), Err("own".to_owned()));
        assert_eq!(catch_panic(|| Ok::<_, String>(1), |reason| reason), Ok(1));
    }
}
