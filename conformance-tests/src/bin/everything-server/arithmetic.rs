//! Tools with typed arguments and structured results.

use mcp_server::tools;

pub(crate) struct Arithmetic;

#[tools]
impl Arithmetic {
    /// Adds two integers.
    #[tool(title = "Add", read_only)]
    fn add(
        &self,
        /** first addend */
        a: i64,
        /** second addend */
        b: i64,
    ) -> i64 {
        a.saturating_add(b)
    }

    /// Divides one number by another.
    #[tool(read_only)]
    fn divide(&self, a: f64, b: f64) -> Result<f64, &'static str> {
        if b == 0.0 { Err("division by zero") } else { Ok(a / b) }
    }

    /// Takes a value that HTTP clients mirror in a header.
    #[tool(read_only)]
    fn test_custom_header(&self, #[arg(header = "Value")] value: String) -> String {
        value
    }
}
