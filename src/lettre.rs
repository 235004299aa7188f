//! The mailer lettre: a name as its `ClientId`.

use std::net::IpAddr;

use ::lettre::transport::smtp::extension::ClientId;

use crate::name::HeloName;

/// Makes what lettre says in `EHLO`; an address literal becomes a typed one.
///
/// ```
/// use helo_name::HeloName;
/// use lettre::{SmtpTransport, transport::smtp::extension::ClientId};
///
/// let helo = HeloName::parse("mail.example.com")?;
/// let builder = SmtpTransport::builder_dangerous("192.0.2.25");
/// let mailer = builder.hello_name(ClientId::from(&helo)).build();
///
/// let literal = HeloName::parse("[IPv6:2001:db8::1]")?;
/// assert_eq!(ClientId::from(&literal), ClientId::Ipv6("2001:db8::1".parse().unwrap()));
/// assert_eq!(ClientId::from(&literal).to_string(), literal.as_str());
/// # Ok::<(), helo_name::InvalidHeloName>(())
/// ```
impl From<&HeloName> for ClientId {
    fn from(name: &HeloName) -> Self {
        match name.address() {
            None => Self::Domain(name.to_string()),
            Some(IpAddr::V4(address)) => Self::Ipv4(address),
            Some(IpAddr::V6(address)) => Self::Ipv6(address),
        }
    }
}

/// As from a reference, without copying a domain.
///
/// ```
/// use helo_name::HeloName;
/// use lettre::transport::smtp::extension::ClientId;
///
/// let helo = HeloName::from_static("mail.example.com");
/// assert_eq!(ClientId::from(helo), ClientId::Domain("mail.example.com".to_owned()));
/// ```
impl From<HeloName> for ClientId {
    fn from(name: HeloName) -> Self {
        if name.is_domain() {
            return Self::Domain(name.into_string());
        }
        Self::from(&name)
    }
}
