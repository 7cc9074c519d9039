//! Each way in which committed SPIR-V can be stale is noticed, and fresh SPIR-V is left in peace.

use std::path::{Path, PathBuf};
use std::{fs, io};

use compile_shaders::lock::{self, Entry, Lock};
use compile_shaders::source::{self, checksum};
use compile_shaders::stale_below;

const SPIRV: &[u8] = b"as good as any: only its checksum counts";

/// A folder with one shader that includes a file which includes another, compiled.
fn fresh(test: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let root = folder.join("crate/shaders");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(root.join("lib"))?;
    fs::create_dir_all(folder.join("target/shaders"))?;
    fs::write(folder.join("target/shaders/built.comp"), "not the project's")?;
    fs::write(root.join("a.comp"), "#version 460\n#include \"lib/b.glsl\"\n")?;
    fs::write(root.join("lib/b.glsl"), "#include \"c.glsl\"\n")?;
    fs::write(root.join("lib/c.glsl"), "const int C = 1;\n")?;
    fs::write(root.join("a.comp.spv"), SPIRV)?;
    let source = &source::sources(&root)?[0];
    let entry = Entry { source: source.checksum()?, spirv: checksum(SPIRV) };
    Lock::update(&root, &[(source.name(), entry)])?;
    Ok(folder)
}

/// The one problem after `change`, which gets the folder of shaders.
fn problem_after(test: &str, change: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<String> {
    let folder = fresh(test)?;
    assert_eq!(stale_below(&folder)?, Vec::<String>::new(), "fresh before the change");
    change(&folder.join("crate/shaders"))?;
    let problems = stale_below(&folder)?;
    assert_eq!(problems.len(), 1, "{problems:?}");
    Ok(problems.into_iter().next().expect("there is one"))
}

fn assert_says(problem: io::Result<String>, what: &str) {
    let problem = problem.expect("the folder is ours");
    assert!(problem.contains("a.comp") && problem.contains(what), "{problem}");
}

#[test]
fn a_changed_source_is_stale() {
    let change = |root: &Path| fs::write(root.join("a.comp"), "#version 450\n");
    assert_says(problem_after("source", change), "its source has changed");
}

#[test]
fn a_changed_include_of_an_include_is_stale() {
    let change = |root: &Path| fs::write(root.join("lib/c.glsl"), "const int C = 2;\n");
    assert_says(problem_after("include", change), "its source has changed");
}

#[test]
fn spirv_from_elsewhere_is_stale() {
    let change = |root: &Path| fs::write(root.join("a.comp.spv"), "patched");
    assert_says(problem_after("spirv", change), "not what the compiler wrote");
}

#[test]
fn missing_spirv_is_stale() {
    let change = |root: &Path| fs::remove_file(root.join("a.comp.spv"));
    assert_says(problem_after("missing", change), "never compiled");
}

#[test]
fn another_compiler_makes_all_stale() {
    let change = |root: &Path| {
        let text = fs::read_to_string(root.join(lock::FILE))?;
        fs::write(root.join(lock::FILE), text.replace("SPIR-V 1.6", "SPIR-V 1.7"))
    };
    assert_says(problem_after("compiler", change), "not compiled by this version");
}

#[test]
fn spirv_outlives_its_source_in_vain() {
    let change = |root: &Path| {
        fs::remove_file(root.join("a.comp"))?;
        Lock::update(root, &[])
    };
    assert_says(problem_after("orphan", change), "has no source beside it");
}

#[test]
fn spirv_of_another_language_is_not_ours() {
    let folder = fresh("hlsl").expect("the folder is ours");
    let root = folder.join("crate/shaders");
    fs::write(root.join("b.comp.hlsl"), "// another compiler's").expect("the folder is ours");
    fs::write(root.join("b.comp.spv"), SPIRV).expect("the folder is ours");
    assert_eq!(stale_below(&folder).expect("the folder is ours"), Vec::<String>::new());
}
