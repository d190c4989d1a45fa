//! `skintree-bindgen OUT_DIR MODULE.wasm...` writes `MODULE.js`, `MODULE.d.ts` and `MODULE_bg.wasm` for each module into
//! `OUT_DIR`, for `<script type="module">`. It does what `wasm-bindgen --target web` does, by the same library. The
//! library and the macros in the modules must have the same version; one Cargo.lock for both sees to that.
//!
//! The scripts also export `wasmModule`, the compiled module, so that a page can give it to its next worker.

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
        let script = out_dir.join(module.with_extension("js").file_name().unwrap_or_default());
        let text = std::fs::read_to_string(&script).with_context(|| script.display().to_string())?;
        ensure!(text.contains("let wasmModule"), "{} has no variable wasmModule any more", script.display());
        std::fs::write(&script, text + "\nexport { wasmModule };\n")?;
    }
    Ok(())
}
