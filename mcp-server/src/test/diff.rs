//! The difference between two texts, line by line.

/// Maximum number of lines that are compared with each other, after those at the beginning and the
/// end that are equal. Fixed: longer texts are shown one after the other.
const MAX_COMPARED_LINES: usize = 1_000;

/// The number of equal lines that are shown around a difference.
const CONTEXT: usize = 3;

/// Returns the lines that differ, with some equal ones around them. `- ` marks a line of the first
/// text, `+ ` one of the second.
pub(super) fn diff(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), actual.lines().collect());
    let pairs = expected.iter().zip(&actual);
    let before = pairs.take_while(|(one, other)| one == other).count();
    let pairs = expected[before..].iter().rev().zip(actual[before..].iter().rev());
    let after = pairs.take_while(|(one, other)| one == other).count();
    let one = &expected[before..expected.len() - after];
    let other = &actual[before..actual.len() - after];
    let mut lines: Vec<(char, &str)> = Vec::new();
    lines.extend(expected[..before].iter().map(|line| (' ', *line)));
    if one.len().max(other.len()) > MAX_COMPARED_LINES {
        lines.extend(one.iter().map(|line| ('-', *line)));
        lines.extend(other.iter().map(|line| ('+', *line)));
    } else {
        compare(one, other, &mut lines);
    }
    lines.extend(expected[expected.len() - after..].iter().map(|line| (' ', *line)));
    show(&lines)
}

/// Adds the lines of two texts, those that both have once.
fn compare<'a>(one: &[&'a str], other: &[&'a str], lines: &mut Vec<(char, &'a str)>) {
    // The length of the longest common subsequence of the rests.
    let width = other.len() + 1;
    let mut common = vec![0_u32; (one.len() + 1) * width];
    for row in (0..one.len()).rev() {
        for column in (0..other.len()).rev() {
            common[row * width + column] = if one[row] == other[column] {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < one.len() || column < other.len() {
        let is_common = row < one.len() && column < other.len() && one[row] == other[column];
        let skips_one = row < one.len()
            && (column == other.len()
                || common[(row + 1) * width + column] >= common[row * width + column + 1]);
        if is_common {
            lines.push((' ', one[row]));
            (row, column) = (row + 1, column + 1);
        } else if skips_one {
            lines.push(('-', one[row]));
            row += 1;
        } else {
            lines.push(('+', other[column]));
            column += 1;
        }
    }
}

/// Writes the lines near a difference.
fn show(lines: &[(char, &str)]) -> String {
    let mut text = String::new();
    let mut is_cut = false;
    for (index, (mark, line)) in lines.iter().enumerate() {
        let from = index.saturating_sub(CONTEXT);
        let to = lines.len().min(index + CONTEXT + 1);
        if lines[from..to].iter().all(|(mark, _)| *mark == ' ') {
            if !is_cut {
                text.push_str("  …\n");
            }
            is_cut = true;
            continue;
        }
        is_cut = false;
        text.push_str(&format!("{mark} {line}\n"));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_shown_with_their_surroundings() {
        let expected = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10";
        let actual = "1\n2\n3\n4\n5\nsix\n7\n8\n9\n10";
        assert_eq!(diff(expected, actual), "  …\n  3\n  4\n  5\n- 6\n+ six\n  7\n  8\n  9\n  …");
    }

    #[test]
    fn added_and_removed_lines_are_found_between_equal_ones() {
        assert_eq!(diff("a\nb\nc\nd", "b\nc\nx\nd\ne"), "- a\n  b\n  c\n+ x\n  d\n+ e");
        assert_eq!(diff("", "a"), "+ a");
        assert_eq!(diff("a", ""), "- a");
    }

    #[test]
    fn long_texts_are_shown_one_after_the_other() {
        let expected: String = (0..1_001).map(|line| format!("a{line}\n")).collect();
        let actual: String = (0..1_001).map(|line| format!("b{line}\n")).collect();
        let shown = diff(&expected, &actual);
        assert_eq!(shown.lines().count(), 2_002);
        assert_eq!(shown.lines().nth(1_001), Some("+ b0"));
    }
}
