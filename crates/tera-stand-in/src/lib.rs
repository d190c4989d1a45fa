//! The `tera` that wonnx sees.
//!
//! wonnx writes the shader of each node with tera, which brings a parser, regular expressions and Unicode's tables: a quarter of
//! what a browser would download before the model. Each of skintree's nodes has a kernel of its own, put under wonnx by
//! `crates/wgpu-bridge`, so the text that wonnx asks for is read by nobody; here it is empty.

use std::convert::Infallible;
use std::fmt;

use serde::Serialize;

/// No templates.
#[derive(Debug, Default)]
pub struct Tera;

/// No values for templates.
#[derive(Debug, Default)]
pub struct Context;

/// Nothing goes wrong.
#[derive(Debug)]
pub struct Error(Infallible);

impl Tera {
    /// Forgets a template.
    ///
    /// # Errors
    /// None.
    pub fn add_raw_template(&mut self, _name: &str, _content: &str) -> Result<(), Error> {
        Ok(())
    }

    /// An empty shader.
    ///
    /// # Errors
    /// None.
    pub fn render(&self, _name: &str, _context: &Context) -> Result<String, Error> {
        Ok(String::new())
    }
}

impl Context {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// Forgets a value.
    pub fn insert<T: Serialize + ?Sized>(&mut self, _key: impl Into<String>, _value: &T) {}
}

impl fmt::Display for Error {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Error {}
