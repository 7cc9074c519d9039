//! Finds shader files.

use std::path::{Path, PathBuf};

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

    /// The absolute path of `file`, or every place where it was looked for.
    pub fn find(&self, file: &str) -> Result<PathBuf, Vec<PathBuf>> {
        let places = self.places(file);
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Ok(found.clone()),
            None => Err(places),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_the_crate_first_and_then_upwards() {
        let roots = Roots { manifest: Some("/w/crate".into()), source: Some("/w/crate/tests/a.rs".into()) };
        let places = roots.find("a.spv").expect_err("there is no such file");
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
