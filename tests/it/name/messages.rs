//! What `HeloName::parse` says to each kind of bad input, and what it makes of good input: one line
//! per case.

use helo_name::HeloName;
use helo_name::name::InvalidHeloNameKind;

use crate::support::each::each;

/// Fails unless each text is refused with the kind, the offset and the whole message.
fn refused(cases: &[(&str, &str, &str)]) {
    each(cases, |(text, kind, message)| {
        let error = HeloName::parse(text).expect_err(text);
        assert_eq!(
            (error.kind().as_str(), error.to_string().as_str()),
            (*kind, *message),
            "{text:?}"
        );
        assert_eq!(
            HeloName::parse_bytes(text.as_bytes()),
            Err(error.clone()),
            "{text:?}"
        );
        assert_eq!(HeloName::check(text), Err(error.clone()), "{text:?}");
        assert_eq!(
            HeloName::try_from((*text).to_owned()),
            Err(error),
            "{text:?}"
        );
    });
}

#[test]
fn each_broken_rule_of_a_domain_has_its_own_message() {
    let label = "a".repeat(63);
    let long_label = format!("{label}a.example.com");
    let long_name = format!("{label}.{label}.{label}.{}.b", "c".repeat(60));
    #[rustfmt::skip]
    refused(&[
        // Length comes first.
        ("", "empty", "the name is empty; give a fully-qualified host name such as mail.example.com"),
        (&long_name, "too-long", "name too long at byte 253: a name has at most 253 characters; use a shorter one"),
        (&"\0".repeat(254), "too-long", "name too long at byte 253: a name has at most 253 characters; use a shorter one"),
        // Characters, from left to right.
        (" mail.example.com", "white-space", "white space at byte 0: a name is one word; remove it"),
        ("mail.example.com ", "white-space", "white space at byte 16: a name is one word; remove it"),
        ("mail\texample.com", "white-space", "white space at byte 4: a name is one word; remove it"),
        ("mail.example.com\0", "control", r"control character `\x00` at byte 16: it could end the command line and start another; find out where it comes from"),
        ("mail.example.com\r", "control", r"control character `\x0d` at byte 16: it could end the command line and start another; find out where it comes from"),
        ("a\x7fb.example.com", "control", r"control character `\x7f` at byte 1: it could end the command line and start another; find out where it comes from"),
        ("b\u{fc}cher.example", "non-ascii", r"non-ASCII character `\xc3\xbc` at byte 1: EHLO takes ASCII only (RFC 6531 3.7.1); write an international name as A-labels (xn--...)"),
        ("mail\u{3002}example.com", "non-ascii", r"non-ASCII character `\xe3\x80\x82` at byte 4: EHLO takes ASCII only (RFC 6531 3.7.1); write an international name as A-labels (xn--...)"),
        ("web_1.example.com", "underscore", "underscore at byte 3: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS"),
        ("_smtp._tcp.example.com", "underscore", "underscore at byte 0: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS"),
        ("mail.example.com:25", "bad-character", "character `:` at byte 16: a host name has only letters, digits and hyphens between its dots; remove it"),
        ("*.example.com", "bad-character", "character `*` at byte 0: a host name has only letters, digits and hyphens between its dots; remove it"),
        (r"WORKGROUP\PC1", "bad-character", r"character `\\` at byte 9: a host name has only letters, digits and hyphens between its dots; remove it"),
        ("<mail.example.com>", "bad-character", "character `<` at byte 0: a host name has only letters, digits and hyphens between its dots; remove it"),
        ("x[192.0.2.1]", "bad-character", "character `[` at byte 1: a host name has only letters, digits and hyphens between its dots; remove it"),
        // Labels.
        (".", "empty-label", "empty label at byte 0: two dots in a row, or a leading dot; remove the dot"),
        (".example.com", "empty-label", "empty label at byte 0: two dots in a row, or a leading dot; remove the dot"),
        ("mail..example.com", "empty-label", "empty label at byte 5: two dots in a row, or a leading dot; remove the dot"),
        ("mail.example.com..", "empty-label", "empty label at byte 17: two dots in a row, or a leading dot; remove the dot"),
        ("mail.example.com.", "trailing-dot", "trailing dot at byte 16: a name ends without a dot in SMTP; remove it"),
        ("localhost.", "trailing-dot", "trailing dot at byte 9: a name ends without a dot in SMTP; remove it"),
        ("-mail.example.com", "hyphen-at-edge", "hyphen at byte 0: a label starts and ends with a letter or digit; remove the hyphen"),
        ("mail-.example.com", "hyphen-at-edge", "hyphen at byte 4: a label starts and ends with a letter or digit; remove the hyphen"),
        ("mail.-example.com", "hyphen-at-edge", "hyphen at byte 5: a label starts and ends with a letter or digit; remove the hyphen"),
        ("mail.example.com-", "hyphen-at-edge", "hyphen at byte 16: a label starts and ends with a letter or digit; remove the hyphen"),
        ("-", "hyphen-at-edge", "hyphen at byte 0: a label starts and ends with a letter or digit; remove the hyphen"),
        (&long_label, "label-too-long", "label too long at byte 63: a label has at most 63 characters; shorten it"),
        // The name as a whole.
        ("localhost", "single-label", "only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the domain, as in mail.example.com"),
        ("15b0717dc4c2", "single-label", "only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the domain, as in mail.example.com"),
        ("3232235777", "single-label", "only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the domain, as in mail.example.com"),
        ("mail.1", "numeric-last-label", "last label is a number at byte 5: programs take such a name for an address; use the fully-qualified host name"),
        ("mail.0x7F", "numeric-last-label", "last label is a number at byte 5: programs take such a name for an address; use the fully-qualified host name"),
        ("mail.0X7f", "numeric-last-label", "last label is a number at byte 5: programs take such a name for an address; use the fully-qualified host name"),
        ("mail.0x", "numeric-last-label", "last label is a number at byte 5: programs take such a name for an address; use the fully-qualified host name"),
        ("c.0w.0x", "numeric-last-label", "last label is a number at byte 5: programs take such a name for an address; use the fully-qualified host name"),
        ("010.0.0.1", "numeric-last-label", "last label is a number at byte 8: programs take such a name for an address; use the fully-qualified host name"),
        ("127.1", "numeric-last-label", "last label is a number at byte 4: programs take such a name for an address; use the fully-qualified host name"),
        // Addresses without brackets.
        ("192.0.2.1", "bare-address", "bare IP address at byte 0: an address is sent as a literal; write [192.0.2.1] or [IPv6:2001:db8::1]"),
        ("2001:db8::1", "bare-address", "bare IP address at byte 0: an address is sent as a literal; write [192.0.2.1] or [IPv6:2001:db8::1]"),
        ("IPv6:2001:db8::1", "bare-address", "bare IP address at byte 0: an address is sent as a literal; write [192.0.2.1] or [IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "zone-id", "zone id at byte 7: it means something only on this machine; use a public address without `%`"),
        ("192.0.2.1:25", "bad-character", "character `:` at byte 9: a host name has only letters, digits and hyphens between its dots; remove it"),
    ]);
}

#[test]
fn each_broken_rule_of_a_literal_has_its_own_message() {
    #[rustfmt::skip]
    refused(&[
        // Characters that end a command or a word.
        ("[192.0.2.1]\r\nNOOP", "control", r"control character `\x0d` at byte 11: it could end the command line and start another; find out where it comes from"),
        ("[192.0.2.1 ]", "white-space", "white space at byte 10: a name is one word; remove it"),
        ("[IPv6: 2001:db8::1]", "white-space", "white space at byte 6: a name is one word; remove it"),
        ("[192.0.2.1\u{ff}]", "non-ascii", r"non-ASCII character `\xc3\xbf` at byte 10: EHLO takes ASCII only (RFC 6531 3.7.1); write an international name as A-labels (xn--...)"),
        // Brackets.
        ("[", "unclosed-literal", "no closing bracket at byte 1: an address literal ends with `]`; add it"),
        ("[192.0.2.1", "unclosed-literal", "no closing bracket at byte 10: an address literal ends with `]`; add it"),
        ("[192.0.2.1]:25", "text-after-literal", "text after the address literal at byte 11: remove what follows the bracket"),
        ("[192.0.2.1]]", "text-after-literal", "text after the address literal at byte 11: remove what follows the bracket"),
        // IPv4.
        ("[]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[[192.0.2.1]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[mail.example.com]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[192.0.2.256]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[127.1]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[0300.0.2.1]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[192.0.2.010]", "leading-zero", "leading zero at byte 9: some programs read such a number as octal; write it without the zero"),
        ("[00.0.2.1]", "leading-zero", "leading zero at byte 1: some programs read such a number as octal; write it without the zero"),
        ("[0.0.0.0]", "zero-network", "address in 0.0.0.0/8 at byte 1: no host has it, and servers refuse it; use the address that servers see"),
        ("[0.1.2.3]", "zero-network", "address in 0.0.0.0/8 at byte 1: no host has it, and servers refuse it; use the address that servers see"),
        ("[IPv6:::ffff:0.1.2.3]", "zero-network", "address in 0.0.0.0/8 at byte 6: no host has it, and servers refuse it; use the address that servers see"),
        // IPv6.
        ("[2001:db8::1]", "missing-tag", "IPv6 address without its tag at byte 1: write `IPv6:` before the address"),
        ("[::ffff:192.0.2.1]", "missing-tag", "IPv6 address without its tag at byte 1: write `IPv6:` before the address"),
        ("[IPv6:]", "bad-address", "no IPv6 address at byte 6: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[IPv6:1:2:3:4:5:6:7]", "bad-address", "no IPv6 address at byte 6: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[IPv6:1::2::3]", "bad-address", "no IPv6 address at byte 6: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[IPv6:192.0.2.1]", "bad-address", "no IPv6 address at byte 6: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[2001:db8:::1]", "bad-address", "no IP address at byte 1: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; write a host name without brackets"),
        ("[IPv6:fe80::1%eth0]", "zone-id", "zone id at byte 13: it means something only on this machine; use a public address without `%`"),
        ("[fe80::1%25eth0]", "zone-id", "zone id at byte 8: it means something only on this machine; use a public address without `%`"),
        // Tags.
        ("[IPv4:192.0.2.1]", "unknown-tag", "unknown tag at byte 1: the only tag of an address literal is `IPv6:`; write an IPv4 address without a tag"),
        ("[tag:content]", "unknown-tag", "unknown tag at byte 1: the only tag of an address literal is `IPv6:`; write an IPv4 address without a tag"),
    ]);
}

#[test]
fn legal_names_become_canonical() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    let one_letter = "a.".repeat(126) + "a";
    #[rustfmt::skip]
    let cases = [
        // Domains.
        ("mail.example.com", "mail.example.com"),
        ("MAIL.Example.COM", "mail.example.com"),
        ("a.b", "a.b"),
        ("1.2.3.com", "1.2.3.com"),
        ("127.0.0.1.localhost", "127.0.0.1.localhost"),
        ("mail.1a", "mail.1a"),
        ("mail.1-1", "mail.1-1"),
        ("0x7f.example", "0x7f.example"),
        ("mail.0xfg", "mail.0xfg"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("a--b.ab--c.example", "a--b.ab--c.example"),
        (&longest, &longest),
        (&one_letter, &one_letter),
        // IPv4 literals.
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[127.0.0.1]", "[127.0.0.1]"),
        ("[255.255.255.255]", "[255.255.255.255]"),
        // IPv6 literals in the form of RFC 5952.
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[ipv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[IPV6:2001:DB8::A]", "[IPv6:2001:db8::a]"),
        ("[IPv6:2001:0db8:0000:0000:0000:0000:0000:0001]", "[IPv6:2001:db8::1]"),
        ("[IPv6:2001:db8:0:0:1:0:0:1]", "[IPv6:2001:db8::1:0:0:1]"),
        ("[IPv6:2001:0:0:1:0:0:0:1]", "[IPv6:2001:0:0:1::1]"),
        ("[IPv6:1::3:4:5:6:7:8]", "[IPv6:1:0:3:4:5:6:7:8]"),
        ("[IPv6:1:2:3:4:5:6:7::]", "[IPv6:1:2:3:4:5:6:7:0]"),
        ("[IPv6:::2:3:4:5:6:7:8]", "[IPv6:0:2:3:4:5:6:7:8]"),
        ("[IPv6:1:2:3:4:5:6:0:0]", "[IPv6:1:2:3:4:5:6::]"),
        ("[IPv6:0:0:0:0:0:0:0:0]", "[IPv6:::]"),
        ("[IPv6:::1]", "[IPv6:::1]"),
        ("[IPv6:64:ff9b::192.0.2.1]", "[IPv6:64:ff9b::c000:201]"),
        ("[IPv6:::192.0.2.1]", "[IPv6:::c000:201]"),
        // IPv4-mapped addresses.
        ("[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:0:0:0:0:0:FFFF:C000:201]", "[192.0.2.1]"),
    ];
    each(cases, |(text, canonical)| {
        let name = HeloName::parse(text).expect(text);
        assert_eq!(name, canonical);
        assert_eq!(HeloName::parse_bytes(text.as_bytes()), Ok(name.clone()));
        assert_eq!(HeloName::try_from(text.to_owned()), Ok(name.clone()));
        assert_eq!(HeloName::check(text), Ok(()));
        assert_eq!(name.is_literal(), text.starts_with('['));
    });
}

#[test]
fn no_payload_that_adds_a_command_fits_into_a_name() {
    // The shape of GHSA-vvjj-xcjg-gr5g: a client name from configuration or a request, written into
    // the command unchecked.
    each(
        [
            "mail.example.com\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA",
            "mail.example.com\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT",
            "mail.example.com\r\n",
            "mail.example.com\r",
            "mail.example.com\n",
            "mail.example.com\nMAIL FROM:<evil@example.com>",
            "mail.example.com\rMAIL FROM:<evil@example.com>",
            "\r\nmail.example.com",
            "mail.example.com\0.evil.example",
            "mail.example.com\u{85}NOOP",
            "mail.example.com\u{2028}NOOP",
            "mail.example.com NOOP",
            "[192.0.2.1]\r\nNOOP",
            "[192.0.2.1\r\n]",
            "[IPv6:2001:db8::1\n]",
        ],
        |payload| {
            let error = HeloName::parse(payload).expect_err("a payload");
            assert_eq!(HeloName::try_from(payload.to_owned()), Err(error.clone()));
            assert_eq!(
                HeloName::parse_bytes(payload.as_bytes()),
                Err(error.clone())
            );
            let message = error.to_string();
            assert!(
                message.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{message}"
            );
            assert!(!message.contains("evil"), "{message}");
        },
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_at_the_first_of_them() {
    each(
        [
            (&b"caf\xe9.example.com"[..], r"`\xe9` at byte 3"),
            (b"\xc0\xafa.example", r"`\xc0` at byte 0"),
        ],
        |(bytes, shown)| {
            let error = HeloName::parse_bytes(bytes).expect_err("bytes");
            assert_eq!(error.kind(), InvalidHeloNameKind::NonAscii);
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("non-ASCII character {shown}: ")),
                "{error}"
            );
        },
    );
}
