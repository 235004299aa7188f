//! The domains of mailbox providers, which nobody else may say in `EHLO` (R33).
//!
//! A host that says `EHLO gmail.com` and is not Google's is taken for a forger.

/// The domains, by provider, as their sign-up pages offered them in November 2026.
const MAILBOX_DOMAINS: &[&[&str]] = &[
    &["163.com", "126.com", "yeah.net"],                    // NetEase
    &["aim.com", "aol.com", "rocketmail.com", "ymail.com"], // Yahoo and AOL
    &["daum.net", "hanmail.net", "naver.com"],              // Korea
    &["fastmail.com", "hey.com", "hushmail.com", "tutanota.com"],
    &["bk.ru", "inbox.ru", "internet.ru", "list.ru", "mail.ru"], // VK
    &["foxmail.com", "qq.com"],                                  // Tencent
    &[
        "free.fr",
        "laposte.net",
        "orange.fr",
        "sfr.fr",
        "wanadoo.fr",
    ],
    &["freenet.de", "t-online.de", "web.de"],
    &["gmail.com", "googlemail.com"],     // Google
    &["icloud.com", "mac.com", "me.com"], // Apple
    &["libero.it", "tiscali.it", "virgilio.it"],
    &["live.com", "live.co.uk", "live.de", "live.fr", "live.nl"], // Microsoft
    &[
        "msn.com",
        "outlook.com",
        "outlook.de",
        "outlook.fr",
        "outlook.jp",
        "windowslive.com",
    ],
    &["mail.com", "email.com"],                // 1&1
    &["pm.me", "proton.me", "protonmail.com"], // Proton
    &["rediffmail.com"],
    &["sina.cn", "sina.com", "sohu.com"],
    &["rambler.ru", "ya.ru"],
    &["btinternet.com", "comcast.net", "cox.net", "verizon.net"],
    &["bol.com.br", "terra.com.br", "uol.com.br"],
    &["o2.pl", "onet.pl", "wp.pl"],
    &["seznam.cz"],
    &["ukr.net"],
    &["zohomail.com"],
];

/// Names that a provider has under many top-level domains: `gmx.net`, `yahoo.co.uk`.
const MAILBOX_BRANDS: &[&str] = &["gmx", "hotmail", "yahoo", "yandex"];

/// Returns whether a domain in lower case is one in which a provider gives mailboxes to the public.
/// Hosts below it are the provider's own.
pub(crate) fn is_mailbox_domain(domain: &str) -> bool {
    let mut providers = MAILBOX_DOMAINS.iter();
    providers.any(|domains| domains.contains(&domain)) || is_of_brand(domain)
}

fn is_of_brand(domain: &str) -> bool {
    let Some((brand, rest)) = domain.split_once('.') else {
        return false;
    };
    let is_top_level = match rest.split_once('.') {
        None => true,
        // As the registries of many countries have it.
        Some((second, country)) => matches!(second, "co" | "com") && country.len() == 2,
    };
    MAILBOX_BRANDS.contains(&brand) && is_top_level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn a_mailbox_domain_is_the_domain_itself_under_any_top_level_domain_of_a_brand() {
        let cases = [
            ("gmail.com", true),
            ("qq.com", true),
            ("web.de", true),
            ("yahoo.com", true),
            ("yahoo.co.uk", true),
            ("yahoo.com.br", true),
            ("gmx.net", true),
            ("hotmail.fr", true),
            ("mail.gmail.com", false),
            ("mail.yahoo.com", false),
            ("gmail.example.com", false),
            ("yahoo.example.com", false),
            ("yahoo.co.example", false),
            ("notgmail.com", false),
            ("example.com", false),
            ("com", false),
        ];
        each(cases, |(domain, expected)| {
            assert_eq!(is_mailbox_domain(domain), expected, "{domain}");
        });
    }
}
