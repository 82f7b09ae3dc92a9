//! Runs each target on its seeds and on random mutations of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mcp_fuzz_targets::{TARGETS, check_seeds, find, mutate};

macro_rules! targets {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                let target = find(stringify!($name)).expect("a target with this name");
                assert!(check_seeds(target) > 0, "no seeds");
                mutate(target, 0x6d63_7031, |executions| executions < target.test_executions);
            }
        )+

        #[test]
        fn every_target_is_tested() {
            let tested = [$(stringify!($name)),+];
            assert_eq!(tested.to_vec(), TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
        }
    };
}

targets! {
    decode, scan, json, written_json, line, sse, challenge, header_value, header_params, wire, elicitation,
    peer_text, skill_file, jwt, jwk_set, uri_template, sealed_state,
}

#[test]
fn every_target_has_a_program_for_libfuzzer_and_every_folder_of_seeds_a_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let entries = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz.join(folder)).expect("a folder");
        let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
        entries.map(|entry| name(&entry.expect("an entry").path())).collect()
    };
    assert_eq!(entries("fuzz_targets"), names);
    assert_eq!(entries("seeds"), names);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for name in &names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in Cargo.toml");
    }
}
