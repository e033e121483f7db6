//! Bodies in a bucket: against a double that speaks as much of S3 as is asked of it, and refuses what is not signed.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use farkas_service::blobs::{BlobError, Blobs, MOST_INLINE_BYTES};

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

async fn answer(
    State(objects): State<Objects>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<HttpBody> {
    let signature = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature.starts_with("AWS4-HMAC-SHA256 Credential=someone/") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let key = uri.path().to_string();
    let mut objects = objects.lock().unwrap();
    let dated = [("etag", "\"1\""), ("last-modified", "Mon, 30 Nov 2026 10:00:00 GMT")];
    match (method.clone(), uri.query()) {
        (Method::PUT, None) => {
            objects.insert(key, body);
            dated.into_response()
        }
        (Method::GET, None) => match objects.get(&key) {
            Some(bytes) => (dated, bytes.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        (Method::DELETE, None) => {
            objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        // A large one in parts: begun, each part under a number, then made one or given up.
        (Method::POST, Some(query)) if query.starts_with("uploads") => {
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>".into_response()
        }
        (Method::PUT, Some(query)) if query.contains("uploadId=u") => {
            let number = query.split('&').find_map(|part| part.strip_prefix("partNumber=")).unwrap();
            objects.insert(format!("{key}?{number:0>5}"), body);
            dated.into_response()
        }
        (Method::POST | Method::DELETE, Some(query)) if query.contains("uploadId=u") => {
            let mut parts = objects.clone();
            parts.retain(|name, _| name.starts_with(&format!("{key}?")));
            objects.retain(|name, _| !parts.contains_key(name));
            if method == Method::POST {
                objects.insert(key, parts.into_values().collect::<Vec<_>>().concat().into());
            }
            "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>".into_response()
        }
        // Several at once: `<Delete><Object><Key>…</Key></Object>…`
        (Method::POST, Some(query)) if query.starts_with("delete") => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let names: Vec<&str> = text.split("<Key>").skip(1).filter_map(|part| part.split("</Key>").next()).collect();
            for name in &names {
                objects.remove(&format!("{}/{name}", key.trim_end_matches('/')));
            }
            let deleted =
                names.iter().flat_map(|name| ["<Deleted><Key>", name, "</Key></Deleted>"]).collect::<String>();
            format!("<DeleteResult>{deleted}</DeleteResult>").into_response()
        }
        (method, query) => panic!("the double was asked {method} {key} {query:?}"),
    }
}

#[tokio::test]
async fn bodies_are_kept_in_a_bucket() {
    let objects = Objects::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&objects));
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let environment = |secret: &str| {
        [
            ("AWS_ACCESS_KEY_ID", secret),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("PATH", "/bin"),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string()))
    };
    let blobs = Blobs::at_in("s3://bucket/some/prefix", environment("someone")).unwrap();
    let large = vec![7; 3 * MOST_INLINE_BYTES];
    assert_eq!(blobs.read("point/a/1").await.unwrap(), None);
    assert_eq!(blobs.place("point/a/1", large.clone()).await.unwrap(), None);
    assert_eq!(blobs.read("point/a/1").await.unwrap(), Some(large.clone()));
    assert_eq!(objects.lock().unwrap().keys().collect::<Vec<_>>(), ["/bucket/some/prefix/point/a/1"]);
    blobs.remove("point/a/1").await.unwrap();
    blobs.remove("point/a/1").await.unwrap();
    assert_eq!(blobs.read("point/a/1").await.unwrap(), None);

    let made = vec![7; 20 << 20];
    let whole = made.clone();
    blobs.write("model/a", move |out| out.write_all(&made)).await.unwrap();
    assert!(blobs.read("model/a").await.unwrap() == Some(whole));
    let broken = blobs.write("model/b", |out| {
        out.write_all(&[1; 1 << 10])?;
        Err(std::io::ErrorKind::BrokenPipe.into())
    });
    assert!(broken.await.is_err());
    assert_eq!(objects.lock().unwrap().keys().collect::<Vec<_>>(), ["/bucket/some/prefix/model/a"]);

    let stranger = Blobs::at_in("s3://bucket/some/prefix", environment("nobody")).unwrap();
    assert!(matches!(stranger.place("point/a/1", large).await, Err(BlobError::Failed { .. })));
}
