//! Webhooks: who subscribes is called, signed, until it hears; whom one must not call is refused.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use farkas_api_types::WebhookMade;
use farkas_service::access::Token;
use farkas_service::webhooks::{Addresses, SIGNATURE, Secret, sign};
use farkas_service::{Limits, ServeOptions};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::access::{OPERATOR, make_key};
use crate::log::Log;
use crate::server::{Server, honest, options, problem};

/// A listener that answers with the codes in turn, then 200, and tells what it heard.
struct Listener {
    url: String,
    heard: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

type Heard = (Arc<Mutex<Vec<u16>>>, mpsc::UnboundedSender<(HeaderMap, Bytes)>);

impl Listener {
    async fn start(codes: Vec<u16>) -> Self {
        let (send, heard) = mpsc::unbounded_channel();
        let state: Heard = (Arc::new(Mutex::new(codes)), send);
        let hear = async |State((codes, send)): State<Heard>, headers: HeaderMap, body: Bytes| {
            send.send((headers, body)).unwrap();
            let mut codes = codes.lock().unwrap();
            let code = if codes.is_empty() { 200 } else { codes.remove(0) };
            (StatusCode::from_u16(code).unwrap(), [("location", "/hook")])
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(hear)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, heard }
    }

    async fn next(&mut self) -> (HeaderMap, Bytes) {
        tokio::time::timeout(std::time::Duration::from_secs(20), self.heard.recv()).await.unwrap().unwrap()
    }
}

async fn subscribe(server: &Server, url: &str, states: Value) -> WebhookMade {
    let response = server.post("/v1/webhooks").json(&json!({"url": url, "states": states})).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_change_of_state_is_told_signed_and_again_until_it_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServeOptions { webhook_addresses: Addresses::All, ..options(folder.path(), vec![honest()]) };
    let server = Server::start_with(options).await;
    // A redirect is not followed: it counts as not heard, and so does a failure.
    let mut listener = Listener::start(vec![307]).await;
    let made = subscribe(&server, &listener.url, json!(["succeeded"])).await;
    let job = server.submit("name=told").await;
    let (first, body) = listener.next().await;
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&told["job"]["id"], &told["state"], &told["job"]["name"]),
        (&json!(job.id), &json!("succeeded"), &json!("told"))
    );
    let check = |headers: &HeaderMap, body: &Bytes| {
        let signature = headers[SIGNATURE].to_str().unwrap();
        let seconds = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
        assert_eq!(signature, sign(&Secret(made.secret.clone()), seconds, body));
    };
    check(&first, &body);
    let (second, body) = listener.next().await;
    check(&second, &body);
    assert_eq!(first["farkas-delivery"], second["farkas-delivery"], "it is the same delivery");

    // After the next job has been heard of, the first was not told a third time.
    let other = server.submit("").await;
    let (_, body) = listener.next().await;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["job"]["id"], json!(other.id));

    let gone = server.request("DELETE", &format!("/v1/webhooks/{}", made.view.id)).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    let list: Value = server.get("/v1/webhooks").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["webhooks"], json!([]));
    server.close().await;
}

/// One that takes calls and never answers; whoever has it hears of each.
async fn silent() -> (String, mpsc::UnboundedReceiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, called) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if send.send(stream).is_err() {
                return;
            }
        }
    });
    (url, called)
}

#[tokio::test]
async fn whoever_does_not_answer_holds_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let admin_key = Some(Token::sent(OPERATOR));
    let options = options(folder.path(), vec![honest()]);
    // No call is given up before the end.
    let limits = Limits { webhook_seconds: 600, ..Limits::default() };
    let server =
        Server::start_with(ServeOptions { webhook_addresses: Addresses::All, admin_key, limits, ..options }).await;
    let admin = async |project: &str| {
        make_key(&server, OPERATOR, json!({"name": "k", "project": project, "role": "admin"})).await.key
    };
    let (team, other) = (admin("team").await, admin("other").await);
    let subscribe = async |key: &str, url: &str| {
        let body = json!({"url": url, "states": ["succeeded"]});
        let response = server.post("/v1/webhooks").bearer_auth(key).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 201);
    };
    let (url, mut called) = silent().await;
    let (mut colleague, mut stranger) = (Listener::start(Vec::new()).await, Listener::start(Vec::new()).await);
    subscribe(&team, &url).await;
    subscribe(&team, &colleague.url).await;
    subscribe(&other, &stranger.url).await;
    let solve = async |key: &str| {
        let request = server.model("").header("prefer", "wait=20").bearer_auth(key).send().await.unwrap();
        request.json::<Value>().await.unwrap()["id"].clone()
    };
    // More than may be under way at a time.
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(solve(&team).await);
    }
    let mut open = vec![called.recv().await.unwrap()];
    let id = solve(&other).await;
    let (_, body) = stranger.next().await;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["job"]["id"], id);
    let mut heard = Vec::new();
    while heard.len() < ids.len() {
        let (_, body) = colleague.next().await;
        heard.push(serde_json::from_slice::<Value>(&body).unwrap()["job"]["id"].clone());
    }
    assert!(ids.iter().all(|id| heard.contains(id)), "{heard:?}");
    open.extend(std::iter::from_fn(|| called.try_recv().ok()));
    assert!(open.len() <= 8, "{} calls to one webhook are under way", open.len());
    server.close().await;
}

#[tokio::test]
async fn private_addresses_are_not_called() {
    let mut log = Log::hear();
    let server = Server::start(vec![honest()]).await;
    let cases = [
        ("http://127.0.0.1:1/", "private-address"),
        ("http://169.254.169.254/latest", "private-address"),
        ("http://[::1]/", "private-address"),
        ("https://user:pw@example.com/", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("nonsense", "bad-url"),
    ];
    for (url, code) in cases {
        let found = problem(server.post("/v1/webhooks").json(&json!({"url": url})).send().await.unwrap()).await;
        assert_eq!((found.status, found.code.as_str(), found.pointer.as_deref()), (422, code, Some("/url")), "{url}");
    }
    // A name is judged by what it resolves to when it is called.
    let mut listener = Listener::start(Vec::new()).await;
    let by_name = listener.url.replace("127.0.0.1", "localhost");
    let made = subscribe(&server, &by_name, json!(["succeeded"])).await;
    server.submit("").await;
    let id = format!("webhook=\"{}\"", made.view.id);
    log.line(&["a webhook did not hear", &id, "is no address of the public internet"]).await;
    assert!(listener.heard.try_recv().is_err(), "localhost was called");
    server.close().await;
}
