#![deny(warnings)]

use std::{fmt::Display, sync::Arc};

use mcp_server::route::Provider;
use mcp_server::tools;

trait Database: Send + Sync + 'static {
    type Key: serde::de::DeserializeOwned + schemars::JsonSchema + Display + Send;
    type Row: serde::Serialize + schemars::JsonSchema;
    const LIMIT: u32;

    fn row(&self, key: &Self::Key) -> Option<Self::Row>;
}

struct Memory;

impl Database for Memory {
    type Key = u32;
    type Row = String;
    const LIMIT: u32 = 3;

    fn row(&self, key: &u32) -> Option<String> {
        (*key == 1).then(|| "one".to_owned())
    }
}

// Neither `Clone` nor a field of ours; a closure as a field is fine.
struct Notes<'a, D, F, const N: usize> {
    database: D,
    label: F,
    name: &'a str,
}

#[tools]
impl<'a, D, F, const N: usize> Notes<'a, D, F, N>
where
    D: Database,
    F: Fn(&str) -> String + Send + Sync + 'static,
{
    #[tool]
    async fn get(
        &self,
        key: D::Key,
        #[arg(default = D::LIMIT)] limit: u32,
    ) -> Result<D::Row, String> {
        let _ = limit;
        self.database.row(&key).ok_or_else(|| (self.label)(self.name))
    }

    #[tool]
    fn borrowed<'b>(&'b self) -> Result<&'b str, String> {
        Ok(self.name)
    }

    #[resource("note://{key}")]
    fn read(&self, key: D::Key) -> String {
        key.to_string()
    }
}

fn notes() -> Notes<'static, Memory, impl Fn(&str) -> String, 4> {
    Notes { database: Memory, label: |name: &str| format!("not in {name}"), name: "notes" }
}

#[test]
fn a_generic_block_becomes_routes() {
    assert_eq!(Arc::new(notes()).routes().tools.len(), 2);
}
