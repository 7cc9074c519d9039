//! Compiles the project's GLSL to the SPIR-V that is committed beside it.
//!
//! `compile-shaders [--all] [FOLDER or FILE ..]` compiles what has changed, or all;
//! `compile-shaders --check` compiles all, writes nothing and fails unless every byte is as committed.

mod glsl;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use compile_shaders::lock::{Entry, Lock};
use compile_shaders::source::{Source, checksum, roots, sources};
use compile_shaders::{is_selected, stale_below};

fn main() -> ExitCode {
    let (options, named): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let result = match options[..] {
        [] => build(&named, false),
        ["--all"] => build(&named, true),
        ["--check"] if named.is_empty() => check(),
        _ => {
            eprintln!("usage: compile-shaders [--all] [FOLDER or FILE ..] | --check");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(mut problems) => {
            // An error in a file that several include is one error.
            let mut seen = BTreeSet::new();
            problems.retain(|problem| seen.insert(problem.clone()));
            eprintln!("{}", problems.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot read or write the shaders: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Compiles what is stale, or all. One shader's error keeps no other from being compiled.
fn build(named: &[String], all: bool) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut found = 0;
    for root in roots(Path::new("."))? {
        let lock = Lock::read(&root)?;
        let mut compiled = Vec::new();
        for source in sources(&root)?.iter().filter(|source| is_selected(source, named)) {
            found += 1;
            if !all && lock.why_stale(source)?.is_none() {
                continue;
            }
            match compile(source)? {
                Ok(spirv) => {
                    fs::write(source.spirv(), &spirv)?;
                    println!("compiled {}", source.spirv().display());
                    compiled.push((source.name(), Entry { source: source.checksum()?, spirv: checksum(&spirv) }));
                }
                Err(errors) => problems.extend(errors),
            }
        }
        Lock::update(&root, &compiled)?;
    }
    if found == 0 && !named.is_empty() {
        problems.push(format!("no shader in {}; shaders lie in folders named `shaders`", named.join(", ")));
    }
    Ok(problems)
}

/// Whether every committed byte is what the compiler writes today, and the lock files say so too.
fn check() -> io::Result<Vec<String>> {
    let mut problems = stale_below(Path::new("."))?;
    for root in roots(Path::new("."))? {
        for source in sources(&root)? {
            match compile(&source)? {
                Ok(spirv) if fs::read(source.spirv()).is_ok_and(|committed| committed == spirv) => {}
                Ok(_) => problems.push(format!("{} differs from what compiles today", source.spirv().display())),
                Err(errors) => problems.extend(errors),
            }
        }
    }
    if !problems.is_empty() {
        problems.push("run `./x shaders --all` and commit what it writes".into());
    }
    Ok(problems)
}

fn compile(source: &Source) -> io::Result<Result<Vec<u8>, Vec<String>>> {
    let text = fs::read_to_string(&source.path)?;
    Ok(glsl::compile(source, &text).map(|module| {
        module.warnings.iter().for_each(|warning| eprintln!("{warning}"));
        module.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }))
}
