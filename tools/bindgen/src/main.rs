//! `skintree-bindgen OUT_DIR MODULE.wasm...` writes `MODULE.js`, `MODULE.d.ts` and `MODULE_bg.wasm` for each module into
//! `OUT_DIR`, for `<script type="module">`. It does what `wasm-bindgen --target web` does, by the same library. The
//! library and the macros in the modules must have the same version; one Cargo.lock for both sees to that.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out_dir = arguments.next().context("usage: skintree-bindgen OUT_DIR MODULE.wasm...")?;
    let modules: Vec<PathBuf> = arguments.collect();
    ensure!(!modules.is_empty(), "name at least one .wasm file after {}", out_dir.display());
    for module in &modules {
        Bindgen::new()
            .input_path(module)
            .web(true)?
            .typescript(true)
            .omit_default_module_path(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&out_dir)
            .with_context(|| format!("{} cannot be bound to JavaScript", module.display()))?;
    }
    Ok(())
}
