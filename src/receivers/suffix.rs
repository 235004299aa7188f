//! Public suffixes, well enough for a host name in use: which domain did somebody register?
//!
//! Not the Public Suffix List, which is ten times as long as the rest of this module: the top-level
//! domains of the root zone (IANA, 2026-06) and `onion`, the words that two-letter domains keep for
//! registrations below them, and the domains of large hosting companies under which every customer
//! has a name.

use crate::receivers::wire::MAX_LABEL;

/// Separated by white space, in order, as A-labels.
const TOP_LEVEL: &str = include_str!("tlds.txt");

/// Second labels under a two-letter domain that are suffixes, such as `co` in `co.uk`.
const REGISTRY_WORDS: &str =
    "ac co com edu go gob gouv gov govt id ltd mil ne net nhs nom or org plc police sch school";

/// Two-letter domains that keep no such words, or hardly any.
const OPEN: &str = "\
    ad aq as ax be bf bg bv ca cc cd cf cg ch cx cz de dj dk eu fi fo ga gb gd gf gm gq gs gw hm \
    ie li lt lu mc md mh mp mq mr nc ne nl no nu pm ru si sj sk sm sr su sx tc td tf tg tk tl tv \
    us va vg wf yt";

/// Suffixes of hosting companies and of `arpa`; below `*.`, every label is one.
const HOSTING: &str = "\
    *.compute-1.amazonaws.com *.compute.amazonaws.com *.elb.amazonaws.com *.linodeobjects.com \
    appspot.com azureedge.net azurewebsites.net bitbucket.io blogspot.com cloudapp.net \
    cloudfront.net co.com ddns.net de.com duckdns.org dynalias.com dyndns.org e164.arpa \
    elasticbeanstalk.com eu.com firebaseapp.com fly.dev github.app github.io githubusercontent.com \
    gitlab.io googleapis.com herokuapp.com home.arpa homeip.net hopto.org in-addr.arpa \
    ip.linodeusercontent.com ip6.arpa iris.arpa myfritz.net netlify.app ngrok.io no-ip.org \
    onrender.com pages.dev s3.amazonaws.com trafficmanager.net uk.com uri.arpa urn.arpa us.com \
    vercel.app web.app workers.dev";

/// Returns the suffix of a name and one label before it, in lower case; none if the name is a
/// suffix, has an empty label, or ends in no top-level domain.
pub(super) fn organizational_domain(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if name.split('.').any(str::is_empty) {
        return None;
    }
    let mut before = None;
    let mut rest = name.as_str();
    loop {
        if is_suffix(rest) {
            return before;
        }
        before = Some(rest.to_owned());
        (_, rest) = rest.split_once('.')?;
    }
}

fn is_suffix(name: &str) -> bool {
    match name.split_once('.') {
        None => name.len() <= MAX_LABEL && holds_word(TOP_LEVEL, name),
        Some((label, above)) => {
            let is_registry = above.len() == 2 && !holds_word(OPEN, above);
            let is_kept = is_registry && is_suffix(above) && holds_word(REGISTRY_WORDS, label);
            is_kept
                || HOSTING
                    .split_whitespace()
                    .any(|rule| matches_rule(rule, name, above))
        }
    }
}

fn holds_word(words: &str, wanted: &str) -> bool {
    words.split_whitespace().any(|word| word == wanted)
}

fn matches_rule(rule: &str, name: &str, above: &str) -> bool {
    match rule.strip_prefix("*.") {
        Some(parent) => parent == above,
        None => rule == name,
    }
}

#[cfg(test)]
mod tests {
    use super::organizational_domain;
    use crate::each::each;

    #[test]
    fn a_registered_domain_is_found_or_there_is_none() {
        each(
            [
                ("Mail.Example.COM", Some("example.com")),
                ("example.com", Some("example.com")),
                ("a.b.foo.co.uk", Some("foo.co.uk")),
                ("mail.fritz.box", Some("fritz.box")),
                ("a.10.in-addr.arpa", Some("10.in-addr.arpa")),
                (
                    "x.ec2-1-2-3-4.compute-1.amazonaws.com",
                    Some("x.ec2-1-2-3-4.compute-1.amazonaws.com"),
                ),
                ("a.amazonaws.com", Some("amazonaws.com")),
                ("ec2-1-2-3-4.compute-1.amazonaws.com", None),
                ("co.uk", None),
                ("com", None),
                ("mail.local", None),
                ("example.com.", None),
                (".example.com", None),
                ("", None),
            ],
            |(name, domain)| {
                assert_eq!(organizational_domain(name).as_deref(), domain, "{name}");
            },
        );
    }
}
