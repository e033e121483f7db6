//! HTTPS, where there is a certificate; and what is said where there is none.

use farkas_service::access::Token;
use farkas_service::tls::Tls;
use farkas_service::{ServeError, ServeOptions, Service};

use crate::server::{honest, options};

#[tokio::test]
async fn with_a_certificate_it_speaks_https_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Some(Tls { certificate: certificate.clone(), key: key.clone() });
    let service = Service::start(ServeOptions { tls, ..options(folder.path(), vec![honest()]) }).await.unwrap();
    assert!(service.url().starts_with("https://127.0.0.1:"));
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let health = format!("{}/healthz", service.url());
    assert_eq!(client.get(&health).send().await.unwrap().text().await.unwrap(), "ok\n");
    assert!(client.get(health.replace("https", "http")).send().await.is_err(), "plain HTTP was answered");
    (service.closer())();
    service.closed().await;

    // The files the wrong way round, and one that is not there.
    let cases = [(key.clone(), certificate.clone()), (certificate, folder.path().join("no.pem"))];
    for (certificate, key) in cases {
        let tls = Some(Tls { certificate, key });
        let refused = Service::start(ServeOptions { tls, ..options(folder.path(), vec![honest()]) }).await.err();
        assert!(matches!(&refused, Some(ServeError::Tls(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn off_loopback_it_takes_a_key_or_an_express_word() {
    let folder = tempfile::tempdir().unwrap();
    let everywhere = || ServeOptions { listen: ([0, 0, 0, 0], 0).into(), ..options(folder.path(), vec![honest()]) };
    let start = async |options| match Service::start(options).await {
        Ok(service) => {
            (service.closer())();
            service.closed().await;
            "starts"
        }
        Err(error) => error.code(),
    };
    assert_eq!(start(everywhere()).await, "serve-not-loopback");
    let weak = Some(Token::sent("secret"));
    assert_eq!(start(ServeOptions { admin_key: weak, ..everywhere() }).await, "serve-weak-key");
    let strong = Some(Token::sent("a-key-with-at-least-32-characters"));
    assert_eq!(start(ServeOptions { admin_key: strong, ..everywhere() }).await, "starts");
    assert_eq!(start(ServeOptions { allow_remote: true, ..everywhere() }).await, "starts");
}
