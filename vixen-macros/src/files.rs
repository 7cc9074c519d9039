//! Finds shader files.

use std::path::{Path, PathBuf};

use crate::errors::similar;

/// Where shader paths start from.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// Directory of the crate's manifest.
    pub manifest: Option<PathBuf>,
    /// The source file that the attribute stands in.
    pub source: Option<PathBuf>,
}

impl Roots {
    /// The crate that is being compiled, and the file in it.
    pub fn of_call_site() -> Self {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let source = proc_macro::is_available().then(|| proc_macro::Span::call_site().local_file()).flatten();
        Self { manifest, source: source.and_then(|source| std::path::absolute(source).ok()) }
    }

    /// The absolute path of `file`, or what to do about its absence.
    pub fn find(&self, file: &str) -> Result<PathBuf, String> {
        let places = self.places(file);
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Ok(found.clone()),
            None => Err(missing(file, &places)),
        }
    }

    /// `shaders/` of the crate, the crate itself, then `shaders/` of every directory above the source file and the crate.
    fn places(&self, file: &str) -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let Some(manifest) = &self.manifest {
            places.push(manifest.join("shaders").join(file));
            places.push(manifest.join(file));
        }
        let above = [self.source.as_deref().and_then(Path::parent), self.manifest.as_deref()];
        for start in above.into_iter().flatten() {
            for directory in start.ancestors() {
                let place = directory.join("shaders").join(file);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }
}

/// Says where the file was looked for, and what is there instead. Names no directory of this machine.
fn missing(file: &str, places: &[PathBuf]) -> String {
    let message = format!(
        "there is no shader `{file}` in `shaders/` of the crate, in the crate itself, or in `shaders/` of a directory above it or above this file"
    );
    let is_source = |place: &PathBuf| file.ends_with(".spv") && place.with_extension("").is_file();
    if places.iter().any(is_source) {
        return format!("{message}; its source is there: compile it to SPIR-V (here that is `./x shaders`)");
    }
    let others = places.iter().filter_map(|place| place.parent()?.read_dir().ok()).flatten().flatten();
    let others: Vec<String> = others.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    match similar(file, others.iter().map(String::as_str).filter(|name| name.ends_with(".spv"))) {
        Some(other) => format!("{message}; did you mean `{other}`?"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_the_crate_first_and_then_upwards() {
        let roots = Roots { manifest: Some("/w/crate".into()), source: Some("/w/crate/tests/a.rs".into()) };
        let places = roots.places("a.spv");
        let places: Vec<&str> = places.iter().filter_map(|place| place.to_str()).collect();
        assert_eq!(
            places,
            [
                "/w/crate/shaders/a.spv",
                "/w/crate/a.spv",
                "/w/crate/tests/shaders/a.spv",
                "/w/shaders/a.spv",
                "/shaders/a.spv",
            ]
        );
    }
}
