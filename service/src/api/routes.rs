//! Routes and what each asks of whoever comes: one table, which the router, the guard and the tests share, so that no route
//! is without a need.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, patch, post};

use super::App;
use crate::access::Need;

/// Routes with their needs.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    needs: Needs,
}

/// What each route asks for, by path and method.
#[derive(Debug, Clone, Default)]
pub struct Needs(BTreeMap<&'static str, Vec<(Method, Need)>>);

impl Needs {
    /// What a route asks for. `None` where the path does not take the method, which is answered with 405; a path that nobody
    /// gave a need is the operator's.
    pub(super) fn of(&self, path: &str, method: &Method) -> Option<Need> {
        let Some(methods) = self.0.get(path) else { return Some(Need::Operator) };
        let method = if method == Method::HEAD { &Method::GET } else { method };
        methods.iter().find(|(other, _)| other == method).map(|(_, need)| *need)
    }

    /// All routes: method, path and need.
    pub fn all(&self) -> impl Iterator<Item = (&Method, &'static str, Need)> {
        self.0.iter().flat_map(|(path, methods)| methods.iter().map(|(method, need)| (method, *path, *need)))
    }
}

impl Routes {
    pub(crate) fn get<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.on(Method::GET, path, need, get(handler))
    }

    pub(crate) fn post<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.on(Method::POST, path, need, post(handler))
    }

    pub(crate) fn patch<H: Handler<T, Arc<App>>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.on(Method::PATCH, path, need, patch(handler))
    }

    pub(crate) fn delete<H: Handler<T, Arc<App>>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        handler: H,
    ) -> Self {
        self.on(Method::DELETE, path, need, delete(handler))
    }

    fn on(mut self, method: Method, path: &'static str, need: Need, handler: MethodRouter<Arc<App>>) -> Self {
        self.needs.0.entry(path).or_default().push((method, need));
        self.router = self.router.route(path, handler);
        self
    }

    pub(super) fn into_parts(self) -> (Router<Arc<App>>, Needs) {
        (self.router, self.needs)
    }
}
