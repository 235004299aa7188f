//! The order of the files in `src`: DESIGN.md lists them, and each uses only files listed before
//! it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The table of DESIGN.md as module paths, low to high: `name/error` is `name::error`.
fn floors(design: &str) -> Vec<String> {
    let table = design
        .lines()
        .skip_while(|line| !line.starts_with("| floor | files, low to high |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = table.filter_map(|row| row.split('|').nth(2));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|file| file.replace('/', "::"))
        .collect()
}

/// Lists the imports of one file that do not go down, each with why not.
fn faults(floors: &[String], module: &str, source: &str) -> Vec<String> {
    let place = |module: &str| floors.iter().position(|floor| floor == module);
    let Some(own) = place(module) else {
        return vec![format!("{module} is not in the table")];
    };
    let mut faults = Vec::new();
    for path in paths(module, source) {
        let text = path.join("::");
        match file_of(floors, &path) {
            None => faults.push(format!("{module} uses {text} through the crate root")),
            Some(used) if used == own => {}
            Some(used) if used > own => faults.push(format!("{module} climbs to {text}")),
            Some(_) => {}
        }
    }
    faults
}

/// The place of the file that the longest beginning of a path names.
fn file_of(floors: &[String], path: &[String]) -> Option<usize> {
    let beginnings = (1..=path.len()).rev().map(|len| path[..len].join("::"));
    beginnings
        .filter_map(|module| floors.iter().position(|floor| *floor == module))
        .next()
}

/// All paths in a file that lead into this crate, from its root: of `use` items, and of
/// expressions.
fn paths(module: &str, source: &str) -> BTreeSet<Vec<String>> {
    let mut code = String::new();
    let mut children: Vec<&str> = Vec::new();
    // rustfmt puts the items of a file in the first column, and what an inline module holds is
    // indented.
    let mut is_inline = false;
    for line in source.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let item = line
            .trim_start_matches("pub")
            .trim_start_matches("(crate)")
            .trim_start();
        if let Some(child) = item.strip_prefix("mod ") {
            match child.strip_suffix(';') {
                Some(file) => children.push(file),
                None => is_inline |= line.ends_with('{') && !line.starts_with(' '),
            }
        }
        is_inline &= line != "}";
        // One level up from an inline module is this file, and that is no import.
        let line = if is_inline {
            line.replace("super::", "self::")
        } else {
            line.to_owned()
        };
        code.push_str(&line);
        code.push('\n');
    }
    let this: Vec<String> = match module {
        "lib" => Vec::new(),
        module => module.split("::").map(str::to_owned).collect(),
    };
    let mut found = BTreeSet::new();
    for (start, base) in [
        ("crate::", Vec::new()),
        ("super::", this[..this.len().saturating_sub(1)].to_vec()),
    ] {
        for (at, _) in code.match_indices(start) {
            let is_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !is_word {
                expand(&base, &code[at + start.len()..], &mut found);
            }
        }
    }
    for (at, _) in code.match_indices("use ") {
        let rest = &code[at + "use ".len()..];
        let child = rest.split("::").next().unwrap_or_default();
        if children.contains(&child) {
            expand(&this, rest, &mut found);
        }
    }
    found
}

/// Adds the paths that a text begins with: `a::b`, or `a::{b, c::d}`.
fn expand(base: &[String], text: &str, found: &mut BTreeSet<Vec<String>>) {
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    let item = group[start..at].trim();
                    if !item.is_empty() {
                        expand(base, item, found);
                    }
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let mut path = base.to_vec();
    if &text[..end] != "self" {
        path.push(text[..end].to_owned());
    }
    match text[end..].strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || "_{".contains(c)) => {
            expand(&path, rest, found);
        }
        _ => drop(found.insert(path)),
    }
}

/// Every file in `src` with the path of its module.
fn files(folder: &Path, module: &str) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the crate") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name in UTF-8");
        let name = if module.is_empty() {
            name.to_owned()
        } else {
            format!("{module}::{name}")
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => files.push((name, path)),
            None => files.extend(self::files(&path, &name)),
            Some(_) => {}
        }
    }
    files
}

#[test]
fn each_file_uses_only_files_listed_before_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let design = fs::read_to_string(root.join("DESIGN.md")).expect("DESIGN.md");
    let floors = floors(&design);
    let files = files(&root.join("src"), "");
    let mut wrong = Vec::new();
    for (module, path) in &files {
        let source = fs::read_to_string(path).expect("a source file");
        wrong.extend(faults(&floors, module, &source));
    }
    let is_file = |floor: &&String| files.iter().any(|(module, _)| module == *floor);
    wrong.extend(
        floors
            .iter()
            .filter(|floor| !is_file(floor))
            .map(|floor| format!("{floor} is in the table, and there is no such file")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_that_climbs_or_goes_through_the_root_is_found() {
    let design = "| floor | files, low to high | holds |\n| --- | --- | --- |\n\
                  | name | `escape`, `name/error`, `name` | names |\n\
                  | dns | `dns/answer`, `dns/zone`, `dns` | answers |\n\nMore text with `dns/hickory`.\n";
    let floors = floors(design);
    assert_eq!(
        floors,
        [
            "escape",
            "name::error",
            "name",
            "dns::answer",
            "dns::zone",
            "dns"
        ]
    );
    let wrong: Vec<_> = [
        // Down, in all spellings
        ("dns::zone", "use crate::dns::answer::Answer;", &[][..]),
        (
            "dns::zone",
            "use crate::{dns::answer::{self, Answer}, name::HeloName};",
            &[],
        ),
        (
            "dns::zone",
            "fn f() -> crate::name::HeloName { todo() }",
            &[],
        ),
        ("dns", "mod answer;\n\npub use answer::Answer;", &[]),
        (
            "dns",
            "mod answer;\npub use answer::{self, Answer};\nuse crate::name;",
            &[],
        ),
        // Itself
        ("name::error", "use crate::name::error::Kind;", &[]),
        ("name::error", "mod tests {\n    use super::Kind;\n}", &[]),
        // No code
        (
            "name::error",
            "//! See [`crate::dns::Zone`].\n/// As [`crate::Reply`].",
            &[],
        ),
        // Other crates, and words that end alike
        ("name::error", "use std::fmt;\nuse mycrate::dns::Zone;", &[]),
        // Up
        (
            "name::error",
            "use crate::dns::zone::Zone;",
            &["name::error climbs to dns::zone::Zone"],
        ),
        (
            "name::error",
            "use crate::{\n    escape::Excerpt,\n    dns::{Zone, answer::Answer},\n};",
            &[
                "name::error climbs to dns::Zone",
                "name::error climbs to dns::answer::Answer",
            ],
        ),
        (
            "name::error",
            "use super::HeloName;",
            &["name::error climbs to name::HeloName"],
        ),
        (
            "name::error",
            "    crate::dns::ask();",
            &["name::error climbs to dns::ask"],
        ),
        (
            "name::error",
            "mod tests {\n    use crate::dns::Zone;\n}",
            &["name::error climbs to dns::Zone"],
        ),
        (
            "name",
            "mod error;\nmod tests {\n    use super::*;\n}\nfn f() {\n    super::dns::ask();\n}",
            &["name climbs to dns::ask"],
        ),
        // Through the root
        (
            "dns::zone",
            "use crate::HeloName;",
            &["dns::zone uses HeloName through the crate root"],
        ),
        (
            "dns::zone",
            "use crate::{HeloName, name::Scope};",
            &["dns::zone uses HeloName through the crate root"],
        ),
        // Not in the table
        ("dns::hickory", "", &["dns::hickory is not in the table"]),
    ]
    .into_iter()
    .filter_map(|(module, source, expected)| {
        let found = faults(&floors, module, source);
        (found != expected).then(|| format!("{module}: {source}\n    {found:?}"))
    })
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
