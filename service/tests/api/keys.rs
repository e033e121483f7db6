//! API keys: made, rotated, revoked, the last one kept; and a service that is closed by the first.

use farkas_api_types::{ApiKeyList, ApiKeyMade, Role};
use farkas_service::ServeOptions;
use farkas_service::access::Token;
use farkas_service::blobs::Blobs;
use farkas_service::jobs::Rules;
use farkas_service::keyring::{self, RevokeError};
use farkas_service::store::{Database, Kind, SqlStore, Store};
use serde_json::json;

use crate::access::{House, OPERATOR, make_key};
use crate::server::{Server, honest, options, problem};

#[tokio::test]
async fn keys_are_rotated_revoked_and_end_by_themselves() {
    let house = House::build().await;
    let server = &house.server;
    let status =
        async |key: &str| server.get("/v1/jobs").header("x-api-key", key).send().await.unwrap().status().as_u16();
    let admin = &house.keys[3];
    let first = make_key(server, admin, json!({"name": "a", "role": "user"})).await;
    assert_eq!(status(&first.key).await, 200);
    assert!(first.key.starts_with(&first.view.begins) && first.view.begins.len() < first.key.len());

    let rotate = async |id: &str, query: &str| {
        let response =
            server.post(&format!("/v1/api-keys/{id}:rotate{query}")).bearer_auth(admin).send().await.unwrap();
        response.json::<ApiKeyMade>().await.unwrap()
    };
    let second = rotate(&first.view.id, "?grace_seconds=3600").await;
    assert_eq!((status(&first.key).await, status(&second.key).await), (200, 200), "the old one lives on for a while");
    assert_eq!((second.view.name.as_str(), second.view.role), ("a", Role::User));
    let third = rotate(&second.view.id, "").await;
    assert_eq!((status(&second.key).await, status(&third.key).await), (401, 200));

    let gone = server.request("DELETE", &format!("/v1/api-keys/{}", third.view.id)).bearer_auth(admin).send();
    assert_eq!(gone.await.unwrap().status(), 204);
    assert_eq!(status(&third.key).await, 401);

    let brief = make_key(server, admin, json!({"name": "b", "role": "user", "expires_in_seconds": 0.0001})).await;
    assert_eq!(status(&brief.key).await, 401);
    for path in ["/v1/api-keys", "/v1/jobs"] {
        let text = server.get(path).bearer_auth(admin).send().await.unwrap().text().await.unwrap();
        assert!(!text.contains(&first.key), "a key is shown once");
    }
    house.server.close().await;
}

#[tokio::test]
async fn a_bad_key_or_request_for_one_is_refused_with_its_place() {
    let house = House::build().await;
    let server = &house.server;
    let found = problem(server.get("/v1/jobs").bearer_auth("farkas_wrong").send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (401, "key-unknown"));
    let found = problem(server.get("/v1/jobs").header("x-goog-api-key", "").send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (401, "key-missing"));
    let admin = &house.keys[3];
    let cases = [
        (json!({"name": "", "role": "user"}), 422, "/name"),
        (json!({"name": "a", "role": "king"}), 422, "/role"),
        (json!({"name": "a", "role": "user", "project": "other"}), 403, "/project"),
        (json!({"name": "a\n", "role": "user"}), 422, "/name"),
        (json!({"name": "a", "role": "user", "expires_in_seconds": -1}), 422, "/expires_in_seconds"),
        (json!({"name": "a", "role": "user", "expires_in_seconds": 1e300}), 422, "/expires_in_seconds"),
        (json!({"name": "a", "role": "user", "rolle": 1}), 422, "/rolle"),
    ];
    for (new, status, pointer) in cases {
        let found = problem(server.post("/v1/api-keys").bearer_auth(admin).json(&new).send().await.unwrap()).await;
        assert_eq!((found.status, found.pointer.as_deref()), (status, Some(pointer)), "{new}: {found:?}");
    }
    let bad = json!({"name": "a", "role": "user", "project": "a b"});
    let found = problem(server.post("/v1/api-keys").bearer_auth(OPERATOR).json(&bad).send().await.unwrap()).await;
    assert_eq!(found.pointer.as_deref(), Some("/project"));
    house.server.close().await;
}

#[tokio::test]
async fn the_operator_has_to_do_with_keys_of_other_projects_and_nobody_else_has() {
    let house = House::build().await;
    let server = &house.server;
    let made = make_key(server, OPERATOR, json!({"name": "a", "role": "user", "project": "far"})).await;
    let id = &made.view.id;
    let calls = [
        ("GET", "/v1/api-keys?project=far".to_owned(), 200),
        ("POST", format!("/v1/api-keys/{id}:rotate?project=far&grace_seconds=60"), 201),
        ("DELETE", format!("/v1/api-keys/{id}?project=far"), 204),
    ];
    let ask =
        async |method: &str, path: &str, key: &str| server.request(method, path).bearer_auth(key).send().await.unwrap();
    for (method, path, status) in &calls {
        let refused = problem(ask(method, path, &house.keys[3]).await).await;
        assert_eq!((refused.status, refused.parameter.as_deref()), (403, Some("project")), "{method} {path}");
        assert_eq!(ask(method, path, OPERATOR).await.status(), *status, "{method} {path}");
    }
    let left: ApiKeyList = ask("GET", "/v1/api-keys?project=far", OPERATOR).await.json().await.unwrap();
    assert_eq!(left.keys.len(), 1, "the one that was made in the place of the other");
    let wrong = problem(ask("GET", "/v1/api-keys?projekt=far", OPERATOR).await).await;
    assert_eq!(wrong.code, "unknown-parameter");
    house.server.close().await;
}

#[tokio::test]
async fn without_keys_loopback_is_open_and_the_first_key_closes_it() {
    let server = Server::start(vec![honest()]).await;
    let job = server.submit("").await;
    let made: ApiKeyMade = {
        let new = json!({"name": "first", "role": "admin"});
        server.post("/v1/api-keys").json(&new).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(server.get("/v1/jobs").send().await.unwrap().status(), 401);
    let path = format!("/v1/jobs/{}", job.id);
    assert_eq!(server.get(&path).bearer_auth(&made.key).send().await.unwrap().status(), 200);
    server.close().await;
}

#[tokio::test]
async fn the_last_key_is_not_revoked_and_a_service_that_had_keys_stays_closed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![honest()]).await;
    let first: ApiKeyMade = {
        let new = json!({"name": "first", "role": "admin"});
        server.post("/v1/api-keys").json(&new).send().await.unwrap().json().await.unwrap()
    };
    let revoke = async |made: &ApiKeyMade, by: &ApiKeyMade| {
        let path = format!("/v1/api-keys/{}", made.view.id);
        server.request("DELETE", &path).bearer_auth(&by.key).send().await.unwrap()
    };
    let refused = problem(revoke(&first, &first).await).await;
    assert_eq!((refused.status, refused.code.as_str()), (409, "last-key"));
    // `farkas keys revoke` does the same.
    let database = Database::file(&folder.path().join("farkas.db")).unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let store = SqlStore::open(database, blobs, Rules::default()).await.unwrap();
    let refused = keyring::revoke(&store, "default", &first.view.id).await;
    assert!(matches!(refused, Err(RevokeError::Last)), "{refused:?}");

    // Of two that are revoked at once one stays.
    let second = make_key(&server, &first.key, json!({"name": "second", "role": "admin"})).await;
    let statuses = tokio::join!(revoke(&first, &first), revoke(&second, &second));
    let mut statuses = [statuses.0.status().as_u16(), statuses.1.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(server.get("/v1/jobs").send().await.unwrap().status(), 401);

    // Whoever takes the keys out of the store behind its back does not open it either.
    for made in [&first, &second] {
        store.remove(Kind::Key, "default", &made.view.id).await.unwrap();
    }
    for made in [&first, &second] {
        assert_eq!(server.get("/v1/jobs").bearer_auth(&made.key).send().await.unwrap().status(), 401);
    }
    assert_eq!(server.get("/v1/jobs").send().await.unwrap().status(), 401);
    server.close().await;
}

#[tokio::test]
async fn where_the_operator_has_a_key_of_its_own_every_other_can_be_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let admin_key = Some(Token::sent(OPERATOR));
    let server = Server::start_with(ServeOptions { admin_key, ..options(folder.path(), vec![honest()]) }).await;
    let made = make_key(&server, OPERATOR, json!({"name": "only", "role": "user"})).await;
    let path = format!("/v1/api-keys/{}", made.view.id);
    assert_eq!(server.request("DELETE", &path).bearer_auth(OPERATOR).send().await.unwrap().status(), 204);
    assert_eq!(server.get("/v1/jobs").send().await.unwrap().status(), 401);
    server.close().await;
}
