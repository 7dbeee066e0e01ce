//! Embeds the Python package, so that a binary carries the SDK that its plays will run with.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let package = Path::new(&root).join("python/hero_tracing");
    println!("cargo:rerun-if-changed={}", package.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&package).expect("the Python package is part of the crate") {
        let path = entry.expect("readable directory").path();
        let is_source = path.extension().is_some_and(|extension| extension == "py" || extension == "typed");
        if is_source {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).expect("file names are ASCII");
        writeln!(table, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .expect("to a string");
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("python_files.rs"), table).expect("OUT_DIR is writable");
}
