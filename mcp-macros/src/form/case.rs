//! The cases of `#[serde(rename_all = "…")]`.

/// A case of names.
#[derive(Clone, Copy)]
pub(super) struct Case(&'static str);

const KNOWN: [&str; 8] = [
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

impl Case {
    pub(super) fn find(name: &str) -> Option<Self> {
        KNOWN.into_iter().find(|known| *known == name).map(Self)
    }

    /// Converts the name of a field, which is in snake case.
    pub(super) fn field(self, name: &str) -> String {
        match self.0 {
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => name.to_uppercase(),
            "PascalCase" => name.split('_').map(|word| first(word, str::to_uppercase)).collect(),
            "camelCase" => first(&Self("PascalCase").field(name), str::to_lowercase),
            "kebab-case" => name.replace('_', "-"),
            "SCREAMING-KEBAB-CASE" => name.to_uppercase().replace('_', "-"),
            _ => name.to_owned(),
        }
    }

    /// Converts the name of a variant, which is in Pascal case.
    pub(super) fn variant(self, name: &str) -> String {
        let snake = || {
            let mut snake = String::new();
            for (index, character) in name.char_indices() {
                if index > 0 && character.is_uppercase() {
                    snake.push('_');
                }
                snake.extend(character.to_lowercase());
            }
            snake
        };
        match self.0 {
            "lowercase" => name.to_lowercase(),
            "UPPERCASE" => name.to_uppercase(),
            "camelCase" => first(name, str::to_lowercase),
            "snake_case" => snake(),
            "SCREAMING_SNAKE_CASE" => snake().to_uppercase(),
            "kebab-case" => snake().replace('_', "-"),
            "SCREAMING-KEBAB-CASE" => snake().to_uppercase().replace('_', "-"),
            _ => name.to_owned(),
        }
    }
}

fn first(word: &str, change: fn(&str) -> String) -> String {
    let end = word.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = word.split_at(end);
    change(first) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_converted_as_serde_converts_them() {
        let fields = KNOWN.map(|case| Case(case).field("first_name"));
        let expected = [
            "first_name",
            "FIRST_NAME",
            "FirstName",
            "firstName",
            "first_name",
            "FIRST_NAME",
            "first-name",
            "FIRST-NAME",
        ];
        assert_eq!(fields, expected);
        let variants = KNOWN.map(|case| Case(case).variant("DarkRed"));
        let expected = [
            "darkred", "DARKRED", "DarkRed", "darkRed", "dark_red", "DARK_RED", "dark-red",
            "DARK-RED",
        ];
        assert_eq!(variants, expected);
    }
}
