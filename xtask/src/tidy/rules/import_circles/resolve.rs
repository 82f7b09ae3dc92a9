//! Resolves a path through modules, imports and globs to the files that define its target.

use std::collections::BTreeSet;

use super::modules::{Crate, Name};

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target<'a> {
    Module(usize),
    Item {
        file: usize,
        name: &'a str,
    },
    /// An item of another crate.
    Foreign,
}

/// The current lookups. A repeated one ends, because the imports refer to each other.
type Seen = BTreeSet<(usize, String)>;

impl Crate {
    /// Resolves `path` in `module`. It can have several targets, if a name is a module and a
    /// function or differs between configurations, and none if a name is not in its module.
    pub(super) fn resolve(&self, module: usize, path: &[String]) -> BTreeSet<Target<'_>> {
        self.follow(module, path, &mut Seen::new())
    }

    fn follow(&self, module: usize, path: &[String], seen: &mut Seen) -> BTreeSet<Target<'_>> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::new() };
        let mut targets = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(0)]),
            "self" => BTreeSet::from([Target::Module(module)]),
            "super" => self.modules[module].parent.map(Target::Module).into_iter().collect(),
            name => {
                let found = self.look_up(module, name, seen);
                if found.is_empty() { BTreeSet::from([Target::Foreign]) } else { found }
            }
        };
        for name in rest {
            targets = targets
                .into_iter()
                .flat_map(|target| match target {
                    Target::Module(module) if name == "super" => {
                        self.modules[module].parent.map(Target::Module).into_iter().collect()
                    }
                    Target::Module(module) => self.look_up(module, name, seen),
                    // A variant or an associated item.
                    Target::Item { .. } | Target::Foreign => BTreeSet::from([target]),
                })
                .collect();
        }
        targets
    }

    fn look_up(&self, module: usize, name: &str, seen: &mut Seen) -> BTreeSet<Target<'_>> {
        if !seen.insert((module, name.to_owned())) {
            return BTreeSet::new();
        }
        let scope = &self.modules[module];
        let mut targets = BTreeSet::new();
        if let Some((name, meanings)) = scope.names.get_key_value(name) {
            for meaning in meanings {
                match meaning {
                    Name::Module(module) => drop(targets.insert(Target::Module(*module))),
                    Name::Item => drop(targets.insert(Target::Item { file: scope.file, name })),
                    Name::Import(path) => targets.extend(self.follow(module, path, seen)),
                }
            }
        }
        if targets.is_empty() {
            for glob in &scope.globs {
                for target in self.follow(module, glob, seen) {
                    if let Target::Module(module) = target {
                        targets.extend(self.look_up(module, name, seen));
                    }
                }
            }
        }
        if targets.is_empty()
            && let Some(name) = scope.macro_words.get(name)
        {
            targets.insert(Target::Item { file: scope.file, name });
        }
        seen.remove(&(module, name.to_owned()));
        targets
    }
}
