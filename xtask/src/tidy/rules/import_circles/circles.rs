//! Circles in a graph of files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each file the files it knows.
pub(super) type Graph = BTreeMap<usize, BTreeSet<usize>>;

/// The groups of files of which each knows, directly or through others of the group, all others.
pub(super) fn groups(graph: &Graph) -> Vec<BTreeSet<usize>> {
    let reach: BTreeMap<usize, BTreeSet<usize>> =
        graph.keys().map(|file| (*file, reachable(graph, *file))).collect();
    let knows = |one: usize, other: usize| reach.get(&one).is_some_and(|all| all.contains(&other));
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    for file in graph.keys() {
        if groups.iter().any(|group| group.contains(file)) {
            continue;
        }
        let mutual = |other: &usize| knows(*file, *other) && knows(*other, *file);
        let mut group: BTreeSet<usize> = graph.keys().copied().filter(mutual).collect();
        group.insert(*file);
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

/// A shortest way from `file` back to itself inside of `group`, beginning and ending with it.
pub(super) fn shortest(graph: &Graph, group: &BTreeSet<usize>, file: usize) -> Vec<usize> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([file]);
    while let Some(at) = queue.pop_front() {
        for next in graph.get(&at).into_iter().flatten().filter(|next| group.contains(next)) {
            if *next == file {
                let mut way = vec![file, at];
                while let Some(before) = came_from.get(&way[way.len() - 1]) {
                    way.push(*before);
                }
                way.reverse();
                return way;
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
    fn groups_are_what_knows_each_other() {
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
