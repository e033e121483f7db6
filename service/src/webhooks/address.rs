//! Whom a webhook may call: an address on the public internet, unless the operator allows others. Names are judged by what they
//! resolve to at the time of the call, and the call goes to the address that was judged; so no name can be changed in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// Those of the public internet.
    Public,
    /// Those of this machine and its network too.
    All,
}

/// Why a webhook's URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is none.
    #[error("'{0}' is no URL of a webhook: it begins with https:// or http:// and names a host")]
    Bad(String),
    /// It carries a password, which would stand in logs.
    #[error("a webhook's URL has no user and password in it; its calls are signed")]
    Credentials,
    /// It is an address of this machine or its network.
    #[error("{0} is no address of the public internet, and others are not called")]
    Private(IpAddr),
}

/// Reads a webhook's URL; one that names an address is judged at once.
///
/// # Errors
/// When it is none, carries a password, or names an address that may not be called.
pub fn parse(text: &str, allowed: Addresses) -> Result<Url, UrlError> {
    let bad = || UrlError::Bad(text.to_owned());
    let url = Url::parse(text).map_err(|_| bad())?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or_else(bad)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match literal {
        Ok(address) if allowed == Addresses::Public && !is_public(address) => Err(UrlError::Private(address)),
        _ => Ok(url),
    }
}

/// Whether an address is one of the public internet (IANA's registries of special-purpose addresses).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, link-local, multicast and all that was kept for later; carriers' own; those of
        // protocols, documentation, the old way to IPv6, measurements.
        (0 | 10 | 127 | 224.., ..)
        | (169, 254, _)
        | (192, 168, _)
        | (172, 16..=31, _)
        | (100, 64..=127, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = embedded(address) {
        return is_public_v4(v4);
    }
    let first = address.segments()[0];
    // Only 2000::/3 is given out; of it, 2001::/23 (protocols, with Teredo), 2001:db8::/32 and 3fff::/20 are special.
    let given_out = first & 0xe000 == 0x2000;
    let second = address.segments()[1];
    let special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) || (first == 0x3fff && second < 0x1000);
    given_out && !special
}

/// The address of the older sort that one of the newer stands for: mapped, translated (`64:ff9b::/96`), 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(of(high, low))
        }
        _ => None,
    }
}

/// Resolves names, and leaves out the addresses that may not be called.
pub(super) struct Judge(pub(super) Addresses);

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let callable = |address: &SocketAddr| allowed == Addresses::All || is_public(address.ip());
            let callable: Vec<SocketAddr> = found.iter().copied().filter(callable).collect();
            match (callable.is_empty(), found.first()) {
                (true, Some(first)) => {
                    Err(Box::new(UrlError::Private(first.ip())) as Box<dyn std::error::Error + Send + Sync>)
                }
                _ => Ok(Box::new(callable.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let cases = [
            ("8.8.8.8", true),
            ("100.63.0.1", true),
            ("172.32.0.1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.8.8.8", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("::", false),
            ("::1", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("2002:7f00:1::", false),
        ];
        for (text, public) in cases {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn urls_are_judged_before_they_are_stored() {
        let cases = [
            ("https://example.com/hook?x=1", true),
            ("http://8.8.8.8:8080/", true),
            ("ftp://example.com/", false),
            ("example.com", false),
            ("https://user:secret@example.com/", false),
            ("http://127.0.0.1/", false),
            ("http://[::1]:80/", false),
            ("http://2130706433/", false),
            ("http://0x7f.1/", false),
            ("http://169.254.169.254/latest/meta-data/", false),
        ];
        for (text, good) in cases {
            assert_eq!(parse(text, Addresses::Public).is_ok(), good, "{text}");
        }
        assert!(parse("http://127.0.0.1/", Addresses::All).is_ok());
    }
}
