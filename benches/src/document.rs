//! The generated parts of `benches/RESULTS.md` and `benches/README.md`. Each is between
//! `<!-- begin NAME -->` and `<!-- end NAME -->`; the text around them is written by hand.

use std::fmt::Write as _;

use crate::{
    Error,
    measured::Measured,
    table::{Table, wrap},
    targets,
};

/// Returns the README with the commands of the targets.
pub fn update_readme(document: &str) -> Result<String, Error> {
    replace(document, "targets", &targets::commands())
}

/// Returns the results with their generated parts replaced.
pub fn update_results(document: &str, results: &[Measured]) -> Result<String, Error> {
    let tables: Vec<Table> = results.iter().flat_map(|measured| measured.tables.clone()).collect();
    let targets = targets::markdown(&targets::check(&tables));
    let mut document = replace(document, "targets", &targets)?;
    for measured in results {
        let mut text = String::new();
        write!(text, "{}\n\n", wrap("", &measured.machine.describe()))?;
        let tables = measured.tables.iter().filter(|table| !table.rows.is_empty());
        text.push_str(&tables.map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        document = replace(&document, &measured.bench, &text)?;
    }
    Ok(document)
}

/// Replaces the text between the markers of a part.
fn replace(document: &str, name: &str, text: &str) -> Result<String, Error> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let missing = || format!("the document has no markers of the part {name}");
    let (before, rest) = document.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_between_the_markers_is_replaced() {
        let document = "a\n<!-- begin part -->\nold\n<!-- end part -->\nb\n";
        let updated = replace(document, "part", "new\n").expect("a part");
        assert_eq!(updated, "a\n<!-- begin part -->\n\nnew\n\n<!-- end part -->\nb\n");
        assert_eq!(replace(&updated, "part", "new\n").expect("a part"), updated);
        assert!(replace(document, "other", "new").is_err());
    }

    #[test]
    fn the_readme_has_the_command_of_every_target() {
        let readme = include_str!("../README.md");
        assert!(
            update_readme(readme).expect("a table") == readme,
            "`--bin results -- --render` writes it"
        );
    }

    #[test]
    fn the_document_has_the_markers_of_every_bench() {
        let document = include_str!("../RESULTS.md");
        let names = crate::bench::ALL.iter().map(|bench| bench.name).chain(["targets"]);
        for name in names {
            assert!(replace(document, name, "").is_ok(), "{name}");
        }
    }
}
