//! The project's GLSL and the SPIR-V that is committed beside it: which there are, and which are stale.
//!
//! Two programs share it. `compile-shaders` compiles; it needs a compiler in C++ that takes minutes to build.
//! `check-shaders` compares checksums; it needs nothing, so that every run of the tests can afford it.

pub mod lock;
pub mod source;

use std::path::Path;

use source::Source;

/// Whether a shader was asked for: every one is, unless folders or files were named.
pub fn is_selected(source: &Source, named: &[String]) -> bool {
    named.is_empty() || named.iter().any(|prefix| source.path.starts_with(prefix))
}

/// What is wrong with the SPIR-V of every shader below a folder, one line each; none if all is fresh.
pub fn stale_below(start: &Path) -> std::io::Result<Vec<String>> {
    let mut problems = Vec::new();
    for root in source::roots(start)? {
        let sources = source::sources(&root)?;
        let lock = lock::Lock::read(&root)?;
        for source in &sources {
            if let Some(why) = lock.why_stale(source)? {
                problems.push(format!("{} is stale: {why}", source.spirv().display()));
            }
        }
        problems.extend(lock.orphans(&sources).map(|name| format!("{name} is listed in {}, but is gone", lock::FILE)));
        for path in source::spirv_without_source(&root)? {
            problems.push(format!("{} has no source beside it", path.display()));
        }
    }
    Ok(problems)
}
