//! An HTTP server with six tools, written with this SDK: a shop that takes orders. `footprint`
//! measures how long a user waits for its last build step.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_server::{Context, Server, schemars, tools};
use serde::{Deserialize, Serialize};

/// An item of the shop.
#[derive(Clone, Serialize, schemars::JsonSchema)]
struct Item {
    name: String,
    price: u32,
    stock: u32,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Paid,
    Cancelled,
}

/// A line of an order.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
struct Line {
    item: String,
    quantity: u32,
}

#[derive(Clone, Serialize, schemars::JsonSchema)]
struct Order {
    id: u32,
    customer: String,
    lines: Vec<Line>,
    total: u32,
    status: Status,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Orders {
    orders: Vec<Order>,
}

#[derive(Default)]
struct Stock {
    items: BTreeMap<String, Item>,
    orders: BTreeMap<u32, Order>,
}

#[derive(Default)]
struct Shop(Mutex<Stock>);

impl Shop {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: u32, status: Status) -> Result<Order, String> {
        let mut stock = self.stock();
        let order = stock.orders.get_mut(&id).ok_or_else(|| format!("no order {id}"))?;
        order.status = status;
        Ok(order.clone())
    }
}

#[tools]
impl Shop {
    /// Add an item, or change its price and stock.
    #[tool(idempotent)]
    async fn put_item(&self, name: String, price: u32, stock: u32) -> Item {
        let item = Item { name: name.clone(), price, stock };
        self.stock().items.insert(name, item.clone());
        item
    }

    /// Look up an item.
    #[tool(read_only)]
    async fn get_item(&self, name: String) -> Result<Item, String> {
        self.stock().items.get(&name).cloned().ok_or_else(|| format!("no item {name}"))
    }

    /// Place an order.
    #[tool]
    async fn place_order(
        &self,
        ctx: &Context,
        customer: String,
        lines: Vec<Line>,
    ) -> Result<Order, String> {
        ctx.progress(0.0, 1.0).await;
        let mut stock = self.stock();
        let mut total = 0;
        for Line { item, quantity } in &lines {
            let item = stock.items.get_mut(item).ok_or_else(|| format!("no item {item}"))?;
            item.stock = item.stock.checked_sub(*quantity).ok_or("not enough of it")?;
            total += item.price * quantity;
        }
        let id = stock.orders.len() as u32 + 1;
        let order = Order { id, customer, lines, total, status: Status::Open };
        stock.orders.insert(id, order.clone());
        Ok(order)
    }

    /// Pay an order.
    #[tool]
    async fn pay_order(&self, id: u32) -> Result<Order, String> {
        self.change(id, Status::Paid)
    }

    /// Cancel an order.
    #[tool(destructive)]
    async fn cancel_order(&self, id: u32, reason: Option<String>) -> Result<String, String> {
        let order = self.change(id, Status::Cancelled)?;
        Ok(format!("cancelled {} ({})", order.id, reason.unwrap_or_default()))
    }

    /// List the orders with a status.
    #[tool(read_only)]
    async fn list_orders(&self, status: Status) -> Orders {
        let stock = self.stock();
        Orders {
            orders: stock.orders.values().filter(|order| order.status == status).cloned().collect(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(Server::builder("shop", "1.0.0").with(Shop::default()).serve_http("127.0.0.1:8080").await?)
}
