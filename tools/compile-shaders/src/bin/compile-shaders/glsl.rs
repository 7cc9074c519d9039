//! One shader through glslang: included files found, messages put as `file:line: what is wrong`.

use std::fs;
use std::path::{Path, PathBuf};

use compile_shaders::source::{Source, find_include};
use glslang::error::GlslangError;
use glslang::include::{IncludeHandler, IncludeResult, IncludeType};
use glslang::{
    Compiler, CompilerOptions, Shader, ShaderInput, ShaderMessage, ShaderSource, ShaderStage, SourceLanguage,
    SpirvVersion, Target, VulkanVersion,
};

/// What a shader compiled to. Its debug names are kept, as slots are matched to bindings by them.
#[derive(Debug)]
pub struct Module {
    /// The SPIR-V.
    pub words: Vec<u32>,
    /// What the compiler had to say though it succeeded.
    pub warnings: Vec<String>,
}

/// Compiles a source, or says what is wrong with it.
pub fn compile(source: &Source, text: &str) -> Result<Module, Vec<String>> {
    let options = CompilerOptions {
        source_language: SourceLanguage::GLSL,
        target: Target::Vulkan { version: VulkanVersion::Vulkan1_3, spirv_version: SpirvVersion::SPIRV1_6 },
        version_profile: None,
        messages: ShaderMessage::DEFAULT,
    };
    let compiler = Compiler::acquire().ok_or_else(|| vec!["glslang did not start".to_string()])?;
    let readable = |error| messages(&source.path, &error_text(error));
    let text = ShaderSource::from(with_includes_enabled(text));
    let mut includes = Includes { source };
    let input = ShaderInput::new(&text, stage(source), &options, None::<&[(&str, Option<&str>)]>, Some(&mut includes));
    let shader = Shader::new(compiler, input.map_err(readable)?).parse().map_err(readable)?;
    let words = shader.compile().map_err(readable)?;
    Ok(Module { words, warnings: messages(&source.path, &shader.get_log()) })
}

/// glslang includes nothing before it is asked to; the line numbers of what follows stay.
fn with_includes_enabled(text: &str) -> String {
    let mut enabled = String::new();
    for (index, line) in text.lines().enumerate() {
        enabled += line;
        enabled.push('\n');
        if line.trim_start().starts_with("#version") {
            enabled += &format!("#extension GL_GOOGLE_include_directive : require\n#line {}\n", index + 2);
        }
    }
    enabled
}

fn stage(source: &Source) -> ShaderStage {
    match source.stage() {
        "comp" => ShaderStage::Compute,
        "vert" => ShaderStage::Vertex,
        "frag" => ShaderStage::Fragment,
        "rgen" => ShaderStage::RayGeneration,
        "rchit" => ShaderStage::ClosestHit,
        "rmiss" => ShaderStage::Miss,
        "rint" => ShaderStage::Intersect,
        "rahit" => ShaderStage::AnyHit,
        "rcall" => ShaderStage::Callable,
        "task" => ShaderStage::Task,
        "mesh" => ShaderStage::Mesh,
        other => unreachable!("{other} is not one of source::STAGES"),
    }
}

struct Includes<'a> {
    source: &'a Source,
}

impl IncludeHandler for Includes<'_> {
    fn include(&mut self, _: IncludeType, name: &str, includer: &str, _: usize) -> Option<IncludeResult> {
        // glslang leaves the outermost file without a name.
        let includer = if includer.is_empty() { self.source.path.clone() } else { PathBuf::from(includer) };
        let path = find_include(&self.source.root, &includer, name)?;
        let data = fs::read_to_string(&path).ok()?;
        Some(IncludeResult { name: path.display().to_string(), data })
    }
}

fn error_text(error: GlslangError) -> String {
    match error {
        GlslangError::PreprocessError(log)
        | GlslangError::ParseError(log)
        | GlslangError::MapIoError(log)
        | GlslangError::LinkError(log) => log.log,
        other => format!("ERROR: 0:1: {other}"),
    }
}

/// Rewrites glslang's `ERROR: 0:12: ..` as `shaders/x.comp:12: error: ..`, and drops its summary.
fn messages(path: &Path, log: &str) -> Vec<String> {
    let path = path.display();
    let rewrite = |line: &str| {
        let (kind, rest) = match line.trim_end().split_once(": ")? {
            ("ERROR", rest) => ("error", rest),
            ("WARNING", rest) => ("warning", rest),
            _ => return None,
        };
        if rest.ends_with("compilation terminated") || rest.ends_with("No code generated.") {
            return None;
        }
        Some(match rest.splitn(3, ':').collect::<Vec<_>>()[..] {
            ["0", number, what] => format!("{path}:{number}: {kind}:{what}"),
            [file, number, what] if number.parse::<u32>().is_ok() => {
                format!("{file}:{number}: {kind}:{what}")
            }
            _ => format!("{path}: {kind}: {rest}"),
        })
    };
    log.lines().filter_map(rewrite).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> Result<Module, Vec<String>> {
        compile(&Source { root: "shaders".into(), path: "shaders/x.comp".into() }, text)
    }

    #[test]
    fn an_error_names_file_and_line() {
        let errors = compiled("#version 460\n\nvoid main() {\n    y = 1;\n}\n").err();
        assert_eq!(errors, Some(vec!["shaders/x.comp:4: error: 'y' : undeclared identifier".into()]));
    }

    #[test]
    fn a_missing_include_is_an_error_at_its_line() {
        let errors = compiled("#version 460\n#include \"nowhere.glsl\"\nvoid main() {}\n").err();
        let errors = errors.expect("there is no such file");
        assert!(errors[0].starts_with("shaders/x.comp:2: error:"), "{errors:?}");
        assert!(errors[0].contains("nowhere.glsl"), "{errors:?}");
    }

    #[test]
    fn names_stay_and_the_version_is_1_6() {
        let text = "#version 460\nlayout(binding = 0) buffer Block { int member; } block_name;\n\
                    void main() { block_name.member = 1; }\n";
        let module = compiled(text).expect("it is valid");
        assert_eq!(module.words[..2], [0x0723_0203, 0x0001_0600]);
        let bytes: Vec<u8> = module.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for name in ["Block", "member", "block_name"] {
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(found, "no {name} in the SPIR-V");
        }
    }
}
