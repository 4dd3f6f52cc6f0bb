//! Which nodes the tasks of one query go to.

use super::ComputeNode;
use datafusion::common::Result;
use datafusion_distributed::{RouteTasksEvent, RouteTasksEventResponse, RouteTasksHandler, WorkerResolver};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use url::Url;

/// The nodes of one query, the same from its planning to its end.
#[derive(Debug)]
pub(crate) struct Route {
    nodes: Vec<Url>,
    /// Where the next stage of one task goes.
    next: AtomicUsize,
    /// Nodes that got a task.
    used: Mutex<BTreeSet<Url>>,
}

impl Route {
    /// `first` spreads the single tasks of many queries.
    pub(super) fn new(nodes: &[ComputeNode], first: usize) -> Arc<Self> {
        let nodes = nodes.iter().map(|n| n.url.clone()).collect();
        Arc::new(Route { nodes, next: AtomicUsize::new(first), used: Mutex::default() })
    }

    pub(crate) fn nodes(&self) -> &[Url] {
        &self.nodes
    }

    /// The nodes that work on the query.
    pub(crate) fn used(&self) -> Vec<Url> {
        self.used.lock().iter().cloned().collect()
    }

    /// Tasks of one stage go to the nodes in their order, so that a node reads the same files every time and has them in
    /// its cache.
    fn assign(&self, tasks: usize) -> Vec<Url> {
        let first = if tasks < self.nodes.len() { self.next.fetch_add(tasks, Ordering::Relaxed) } else { 0 };
        let urls: Vec<Url> = (first..first + tasks).map(|i| self.nodes[i % self.nodes.len()].clone()).collect();
        self.used.lock().extend(urls.iter().cloned());
        urls
    }
}

/// A route as the library asks for it.
#[derive(Debug, Clone)]
pub(super) struct Router(pub(super) Arc<Route>);

impl WorkerResolver for Router {
    fn get_urls(&self) -> Result<Vec<Url>> {
        Ok(self.0.nodes.clone())
    }
}

impl RouteTasksHandler for Router {
    fn handle(&self, event: RouteTasksEvent<'_>) -> Option<Result<RouteTasksEventResponse>> {
        Some(Ok(RouteTasksEventResponse::new(self.0.assign(event.task_count))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_a_stage_go_to_the_same_nodes_each_time() {
        let node = |port| ComputeNode { url: Url::parse(&format!("http://h:{port}")).unwrap(), cores: 1 };
        let nodes = [node(1), node(2)];
        let route = Route::new(&nodes, 7);
        assert!(route.used().is_empty());
        assert_eq!(route.assign(2), route.assign(2));
        assert_eq!(route.used(), route.nodes());
        assert_eq!(route.assign(4).len(), 4);
        assert_ne!(route.assign(1), route.assign(1));
    }
}
