//! Says which committed SPIR-V is stale, by checksum, and fails if any is.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match compile_shaders::stale_below(Path::new(".")) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            eprintln!("{}\nrun `./x shaders` and commit what it writes", problems.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot read the shaders: {error}");
            ExitCode::FAILURE
        }
    }
}
