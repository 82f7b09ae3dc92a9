//! Circles in the dependency graph of files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The dependencies of each file.
pub(super) type Graph = BTreeMap<usize, BTreeSet<usize>>;

/// Returns the groups of files that all depend on each other, directly or indirectly.
pub(super) fn groups(graph: &Graph) -> Vec<BTreeSet<usize>> {
    let reach: BTreeMap<usize, BTreeSet<usize>> =
        graph.keys().map(|file| (*file, reachable(graph, *file))).collect();
    let depends =
        |one: usize, other: usize| reach.get(&one).is_some_and(|all| all.contains(&other));
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    for file in graph.keys() {
        if groups.iter().any(|group| group.contains(file)) {
            continue;
        }
        let mutual = |other: &usize| depends(*file, *other) && depends(*other, *file);
        let mut group: BTreeSet<usize> = graph.keys().copied().filter(mutual).collect();
        group.insert(*file);
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

/// Returns a shortest path from `file` back to itself inside of `group`, including both ends.
pub(super) fn shortest(graph: &Graph, group: &BTreeSet<usize>, file: usize) -> Vec<usize> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([file]);
    while let Some(at) = queue.pop_front() {
        for next in graph.get(&at).into_iter().flatten().filter(|next| group.contains(next)) {
            if *next == file {
                let mut path = vec![file, at];
                while let Some(before) = came_from.get(&path[path.len() - 1]) {
                    path.push(*before);
                }
                path.reverse();
                return path;
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, at);
                queue.push_back(*next);
            }
        }
    }
    vec![file]
}

fn reachable(graph: &Graph, from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        open.extend(graph.get(&at).into_iter().flatten().filter(|next| reached.insert(**next)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry(*from).or_default().insert(*to);
            graph.entry(*to).or_default();
        }
        graph
    }

    #[test]
    fn groups_are_files_that_depend_on_each_other() {
        let graph = graph(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 4), (6, 1)]);
        assert_eq!(groups(&graph), [BTreeSet::from([1, 2, 3]), BTreeSet::from([4, 5])]);
        assert_eq!(shortest(&graph, &groups(&graph)[0], 1), [1, 2, 3, 1]);
        assert_eq!(shortest(&graph, &groups(&graph)[1], 4), [4, 5, 4]);
    }

    #[test]
    fn without_a_circle_there_is_no_group() {
        assert!(groups(&graph(&[(1, 2), (2, 3), (1, 3)])).is_empty());
    }
}
