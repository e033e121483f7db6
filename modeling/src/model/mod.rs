//! What people write: families of variables over their own index types, expressions, named rows.
