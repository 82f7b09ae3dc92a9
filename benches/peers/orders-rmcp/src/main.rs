//! An HTTP server with six tools, written with rmcp: a shop that takes orders. `footprint`
//! measures how long a user waits for its last build step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::{
    Json,
    handler::server::wrapper::Parameters,
    schemars, tool, tool_router,
    transport::streamable_http_server::{
        StreamableHttpService, session::local::LocalSessionManager,
    },
};
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

#[derive(Deserialize, schemars::JsonSchema)]
struct PutItem {
    name: String,
    price: u32,
    stock: u32,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct GetItem {
    name: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct PlaceOrder {
    customer: String,
    lines: Vec<Line>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct OrderId {
    id: u32,
    reason: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct ListOrders {
    status: Status,
}

#[tool_router(server_handler)]
impl Shop {
    /// Add an item, or change its price and stock.
    #[tool(annotations(idempotent_hint = true))]
    async fn put_item(
        &self,
        Parameters(PutItem { name, price, stock }): Parameters<PutItem>,
    ) -> Json<Item> {
        let item = Item { name: name.clone(), price, stock };
        self.stock().items.insert(name, item.clone());
        Json(item)
    }

    /// Look up an item.
    #[tool(annotations(read_only_hint = true))]
    async fn get_item(
        &self,
        Parameters(GetItem { name }): Parameters<GetItem>,
    ) -> Result<Json<Item>, String> {
        self.stock().items.get(&name).cloned().map(Json).ok_or_else(|| format!("no item {name}"))
    }

    /// Place an order.
    #[tool]
    async fn place_order(
        &self,
        Parameters(PlaceOrder { customer, lines }): Parameters<PlaceOrder>,
    ) -> Result<Json<Order>, String> {
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
        Ok(Json(order))
    }

    /// Pay an order.
    #[tool]
    async fn pay_order(
        &self,
        Parameters(OrderId { id, .. }): Parameters<OrderId>,
    ) -> Result<Json<Order>, String> {
        self.change(id, Status::Paid).map(Json)
    }

    /// Cancel an order.
    #[tool(annotations(destructive_hint = true))]
    async fn cancel_order(
        &self,
        Parameters(OrderId { id, reason }): Parameters<OrderId>,
    ) -> Result<String, String> {
        let order = self.change(id, Status::Cancelled)?;
        Ok(format!("cancelled {} ({})", order.id, reason.unwrap_or_default()))
    }

    /// List the orders with a status.
    #[tool(annotations(read_only_hint = true))]
    async fn list_orders(
        &self,
        Parameters(ListOrders { status }): Parameters<ListOrders>,
    ) -> Json<Orders> {
        let stock = self.stock();
        Json(Orders {
            orders: stock.orders.values().filter(|order| order.status == status).cloned().collect(),
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Arc::new(Shop::default());
    let service: StreamableHttpService<Arc<Shop>, LocalSessionManager> = StreamableHttpService::new(
        move || Ok(Arc::clone(&shop)),
        Arc::new(LocalSessionManager::default()),
        Default::default(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?)
}
