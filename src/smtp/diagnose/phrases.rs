//! What servers say: each phrase once, under the server that is known to say it.
//!
//! A phrase is whole words as [`Text`](super::text::Text) writes them: lower case, no apostrophes,
//! `<name>` for the name sent, `<address>` for another address. With `*` at its end the last word
//! may go on. It may give several features.

use Feature::*;

/// What a reply can tell. What follows from it is said in [`rules`](super::rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    // Subjects that are the name, or may be.
    Verb,
    Name,
    /// A word for what the verb carries.
    NameNoun,
    /// Who the client is.
    Identity,
    /// A sentence that is about the name without the verb.
    AboutName,
    /// Courier's sentence about the SPF record or the CNAME of the name.
    CourierName,
    /// `your hostname`, which may be any name of the client.
    YourName,
    /// A word for the command that is the verb at EHLO and HELO only: `bad hello`.
    Hello,
    /// The verb, and the name sent after it.
    VerbName,
    /// What the client says of itself: `claiming to be <name>`.
    Claim,
    /// The name sent, and what it is or lacks: `<name> has no A record`.
    NameIs,

    // Subjects that are not.
    OtherSubject,
    /// A subject that is not the name even beside a word for it: `certificate name mismatch`.
    Unrelated,
    /// The state of the server or of the line.
    ServerState,
    /// A subject that makes a clause doubtful even with the verb in it: the verb is one cause of
    /// several, or part of a description.
    Doubt,
    /// A header of the message: `Received line says HELO localhost`.
    Received,
    /// The PTR of the client's address.
    Ptr,
    /// The client's address or host.
    Client,
    /// The address is assigned dynamically, or is that of a private customer.
    DynamicAddress,
    /// The address is in ill repute.
    Repute,
    /// Somebody blocked it, which for an address is a list of their own.
    Blocked,
    /// A list of domains, which says nothing of addresses.
    DomainList,
    /// Mail or connections from an address.
    FromAddress,
    /// A list of addresses: it lists no names.
    AddressList,
    /// Postfix's class for the recipient, with which its policy services say anything.
    PolicyService,
    OtherServer,
    /// The score of a content filter.
    Score,

    // Whole classes of replies.
    PostfixHelo,
    PostfixOther,
    /// Google's relay gives up at EHLO.
    GoogleRelay,
    /// sendmail, when a milter refuses.
    CommandRejected,
    /// Exim helo_verify_hosts, also when the look-up was deferred.
    CallingHost,

    // What it says of the subject.
    /// No.
    Negative,
    /// A word of a refusal that says no more.
    Refusal,
    Must,
    Or,
    /// The verb is missing, comes twice or out of order.
    Order,
    /// The order is not what is meant: `You must say a proper HELO name`.
    OrderOfName,
    Unsupported,
    Command,
    Parameter,
    Pipelining,
    TlsOrAuth,
    /// A log-in, wanted or failed.
    LogIn,
    /// A log-in is wanted before anything else.
    LogInFirst,

    // Faults of a name.
    /// sendmail's word for a name without a dot, or one of its own.
    Bogus,
    /// Characters, or an address in brackets.
    Spelling,
    Spf,
    Listed,
    NotFqdn,
    Unresolvable,
    /// Somebody else's name.
    OtherIdentity,
    /// Two names or addresses are compared.
    Compare,
    /// The name has another address than the client's.
    Elsewhere,
    Mismatch,
    LocalOrOwn,
    LiteralWord,
    IsAddress,
    /// The name is an address or has one in it.
    HoldsAddress,
    Syntax,
    Wrong,
    /// A matter of policy, by the enhanced code.
    ByPolicy,
    PolicyWord,
    /// A look-up in DNS.
    Lookup,
    /// What is wrong may pass, or the server asks to wait.
    Passing,
    /// DNS has answered, so that "try again" means: when it is repaired.
    NotInDns,

    // What is no phrase: `features::facts` and `rules::FACTS`.
    /// The name that the server repeats is the one sent.
    EchoSent,
    EchoOther,
    /// A host name is named that is not the one sent.
    OtherName,
    /// A detail in parentheses names the name sent: `(HELO mail.example.com)`.
    DetailSent,
    QuotesReply,
    Mailbox,
    /// A link says that SPF was checked for the name.
    HeloScope,
    OnlyRefusal,
    UnknownVerb,
    /// What is wrong may pass, and DNS has not answered.
    MayPass,
    // The kind of the name sent.
    BareAddress,
    Literal,
    Ipv6Literal,
    Local,
    SingleLabel,
    Underscore,
}

/// A source, and what it says: features, and the phrases that give them.
pub(super) type Said = (
    &'static str,
    &'static [(&'static [Feature], &'static [&'static str])],
);

macro_rules! said {
    ($(#[$doc:meta])* $name:ident:
        $($source:literal: $($($feature:ident)+ => $($phrase:literal),+;)+)+) => {
        $(#[$doc])*
        pub(super) const $name: &[Said] =
            &[$(($source, &[$((&[$($feature),+], &[$($phrase),+])),+])),+];
    };
}

said! {
    /// What the recorded replies say.
    RECORDED:
    "Every server":
        Verb => "ehlo", "helo";
        Name => "<name>";
        OtherSubject => "mail";
        OtherSubject Client => "ip";
        Client => "<address>";
        Negative => "not";
        Or => "or";
    "Postfix, smtpd_check.c: at RCPT, or at EHLO with smtpd_delay_reject = no":
        NameNoun => "hostname*";
        NameNoun NotFqdn => "fully qualified";
        YourName => "your hostname";
        OtherSubject => "configur*", "user";
        OtherSubject Client => "client";
        OtherSubject Unrelated => "sender*";
        OtherSubject Unrelated Doubt => "recipient*";
        Doubt => "sender address";
        Ptr => "find your hostname";
        PostfixHelo => "helo command <name> blocked", "helo command rejected";
        PostfixOther => "client host rejected", "relay access denied", "sender address rejected";
        Negative Blocked => "block*";
        Negative Refusal PolicyWord => "denied";
        Negative PolicyWord => "reject*";
        Refusal => "access", "rejected";
        OrderOfName Wrong => "invalid";
        TlsOrAuth => "encryption*", "requires tls", "tls required", "tls session required";
        Spelling => "invalid ip address";
        Listed => "blocked using";
        Unresolvable => "not found";
        NotInDns => "host not found";
    "Postfix, smtpd.c and postscreen: at any command":
        OtherSubject => "message*", "service";
        OtherSubject Unrelated => "connect*";
        OtherSubject Unrelated Doubt => "too many";
        ServerState => "busy", "server", "tls", "unavailable";
        ServerState Lookup Passing => "timeout";
        Negative => "error";
        Refusal Command => "command";
        Order => "first", "issue*", "need", "send";
        Unsupported => "not recogni*";
        Pipelining => "pipelin*";
        TlsOrAuth => "starttls";
        Syntax => "syntax";
    "Postfix, access maps at RCPT: check_helo_access, iRedMail's helo_access.pcre, Fastmail":
        Identity LocalOrOwn => "impersonat*";
        OtherSubject => "email";
        ServerState Passing => "again", "later";
        Negative => "dynamic";
        Must => "should";
        Order => "sent", "use";
        OtherIdentity => "another";
        LocalOrOwn => "identify itself", "my own", "not me";
        Syntax => "non rfc compliant";
        Passing => "delay*", "retry";
    "Postfix, policy services at RCPT: policyd-weight, policyd-spf, Postgrey, cbpolicyd":
        Identity Negative => "forged";
        OtherSubject Doubt => "spam";
        OtherSubject Doubt Passing => "greylist*";
        Doubt => "dnsbls", "mx settings";
        Must => "must";
        Spf Lookup => "spf";
        Unresolvable => "no dns";
        Compare Mismatch => "mismatch*";
        Passing => "seconds", "temporar*";
    "Exim, acl.c, smtp_in.c and verify.c":
        NameNoun => "argument*";
        OtherSubject => "synchroni*";
        OtherSubject Doubt => "relay*";
        Doubt => "header*";
        OtherServer => "callout*", "response";
        CallingHost => "argument does not match";
        Negative PolicyWord => "prohibit*";
        Refusal => "administrative", "prohibition";
        Order => "required";
        Mismatch => "verification failed";
    "Exim, ACLs at EHLO, MAIL and RCPT: DirectAdmin, HestiaCP, Vesta, vexim2":
        NameNoun NotFqdn => "fqdn";
        NameNoun LiteralWord => "literal*";
        AboutName => "is my address";
        Order => "say";
        OrderOfName => "proper*", "valid";
        NotFqdn => "invalid helo name see rfc2821 <address>";
        LocalOrOwn => "local domain", "my address", "our ip", "to be me";
        IsAddress => "bare ip", "ip address as", "ip addresses not", "is an ip";
        HoldsAddress => "contains a ip", "contains an ip", "ip addresses in";
    "sendmail: srvrsmtp.c, block_bad_helo and require_rdns at RCPT, rulesets":
        NameNoun => "domain*", "name";
        OtherSubject => "protocol";
        OtherSubject Unrelated => "bad commands";
        OtherSubject Listed => "listed";
        ServerState => "closing";
        Ptr => "<address> does not resolve", "hostname for <address>", "ip name lookup";
        CommandRejected => "command rejected";
        LogIn => "authenticat*";
        Bogus => "bogus";
        Spelling => "chars";
        Wrong => "illegal";
    "OpenSMTPD, smtp_session.c and filters":
        Ptr => "forward confirmed", "reverse*";
        Negative => "fail*";
        Order => "already";
        Unsupported => "not supported";
        Syntax => "requires";
    "Haraka, helo.checks and fcrdns: at EHLO, or at RCPT with delay_deny":
        NameNoun => "host name*";
        Identity OtherIdentity => "company", "who you say";
        OtherSubject => "too long";
        ServerState => "you are";
        Ptr => "rdns";
        Ptr Mismatch => "fcrdns";
        Order => "protocol mismatch";
        Spelling => "character*";
        NotFqdn => "a dot", "dns label*";
        Unresolvable => "cannot achieve", "not resolv*";
        OtherIdentity => "host host mismatch";
        Mismatch => "no forward dns match", "not in the same";
        Syntax => "format";
        Lookup => "dns", "resolv*";
    "Stalwart, and Dovecot as LMTP server":
        Order => "expected";
        Unsupported => "unknown command";
        UnknownVerb => "lhlo";
    "Apache James":
        Order => "before";
        Syntax => "address required";
    "Courier at MAIL":
        CourierName => "cname records for <name>", "spf fail <name>", "spf softfail <name>";
        TlsOrAuth => "authentication required";
        Spf => "sender policy framework";
        Unresolvable => "cname", "not exist*";
        Lookup => "lookup*";
        NotInDns => "does not exist";
    "hMailServer":
        TlsOrAuth => "authentication is required";
        Compare => "match*";
        Mismatch => "not match*";
    "qpsmtpd, helo":
        Identity OrderOfName LocalOrOwn => "localhost";
        Identity OtherIdentity => "believe";
        Compare => "fails";
        Mismatch => "forged ip*";
        IsAddress => "plain ip";
        PolicyWord => "not accepted", "not allowed";
        NotInDns => "did not resolve";
    "qmail, Qsmtp and s-qmail":
        OtherSubject => "mailbox";
        OtherServer => "said";
        Refusal => "for", "policy", "reasons";
        Listed => "blacklist*";
        ByPolicy => "5 7";
    "go-smtp, maddy, mistralmail and mox":
        AboutName => "not match source host*";
        Ptr => "ptr*";
        Order => "introduce yourself";
        OrderOfName => "address*";
        LocalOrOwn => "yourself";
        NotInDns => "does not resolve";
    "RFC 5321 4.2.2 and 4.2.3":
        Order => "sequence";
        Unsupported => "not implemented", "unrecogni*";
        Parameter Syntax => "parameter*";
    "Gmail, and smtp-relay.gmail.com":
        YourName => "your domain";
        OtherSubject => "rate";
        Doubt => "credential*", "dkim", "mail from";
        GoogleRelay => "^ try again later closing connection <verb>";
        Mismatch => "doesnt match";
        Syntax => "empty";
    "Exchange, Microsoft 365, Outlook.com":
        ServerState => "network*";
        Negative => "banned";
        Listed => "block list*";
        Wrong => "bad";
    "alice.it, BarricadeMX, mail.ru, milter-greylist, Yahoo":
        Ptr => "generic dns";
        Order => "state";
        Listed => "black list*";
        Passing => "come back", "deferred";
    "Content filters at DATA: rspamd, SpamAssassin":
        Doubt => "rspamd", "spamassassin";
        Doubt Score => "score*";
    "Operators in their own words":
        Identity Mismatch => "not the hostname";
        OtherSubject => "remote";
        OtherSubject Client => "your address";
        OtherSubject Unrelated => "certificate*", "licence*", "license*", "peer", "sessions";
        ServerState => "gateway", "slow", "timed out", "waiting";
        Received Order => "received";
        Ptr => "has no name", "hostname of <address>", "name for <address>", "no hostname",
            "unknown host <address>";
        OtherServer => "backend", "next hop", "upstream";
        Order => "port";
        Unresolvable => "no valid mx", "unknown host*";
        Unresolvable NotInDns => "not in dns";
    "Anti-spam policies at EHLO and RCPT: of a client that says who it is":
        Claim LocalOrOwn => "claiming to be <name>";
        NameIs NotFqdn => "<name> is not fully";
        NameIs Unresolvable => "<name> does not exist", "<name> does not resolve";
        VerbName Verb => "ehlo <name>", "ehlo hostname <name>", "ehlo name <name>", "helo <name>",
            "helo hostname <name>", "helo name <name>";
        YourName => "hostname of your server";
    "RFC 5321 4.2.3: 550 is `requested action not taken: .. command rejected for policy reasons`":
        ByPolicy => "requested action not taken";
    "Blocklists and reputation at EHLO, RCPT and DATA: Spamhaus, Barracuda, Cisco, Proofpoint":
        DynamicAddress => "dsl";
        DynamicAddress => "dialup";
        Client => "sending mail server", "your host", "your mail server", "your server",
            "mail server";
        Listed AddressList => "dnsbl";
        Listed => "on our block list", "spamhaus";
        DynamicAddress => "dynamic address*", "dynamic ip*";
        DynamicAddress Client => "direct mail", "directly to our", "send email directly";
        Repute => "bad reputation", "reputation";
    "Anti-spam policies at EHLO and RCPT: of a client that says who it is":
        Claim LocalOrOwn => "claim to be <name>", "claims to be <name>";
        NameIs NotFqdn => "<name> is not fqdn";
        NameIs Unresolvable => "<name> has no a";
        NameIs => "<name> is a dynamic*";
    "Anti-spam policies at EHLO: the command by another word":
        Hello => "your greeting";
    "Blocklists and reputation at EHLO, RCPT and DATA: Spamhaus, Barracuda, Cisco, Proofpoint":
        Client => "sending mta*";
        Listed => "spamcop";
        Repute => "banned sending ip", "complaint*";
        Repute => "low reputation", "poor reputation";
    "Operators of DNS checks: `hostname mail.example.com has no A record`":
        Unresolvable => "no a record*";
    "Operators, of a refusal: `550 HELO-name refused`":
        Negative PolicyWord => "not permitted", "refused";
    "Gmail: `Unauthenticated email from .. is not accepted due to domain's DMARC policy`":
        Doubt => "dmarc";
    "sendmail rulesets: `421 Your HELO cannot be resolved`":
        Unresolvable => "cannot be resolved";
    "Anti-spam policies at EHLO and RCPT: of a client that says who it is":
        NameIs Unresolvable => "<name> not found";
    "Postfix, policy services: iRedAPD, postfwd":
        PolicyService => "recipient address rejected";
    "Lists of addresses, and who cites them: Spamhaus, MAPS, Proofpoint, Yandex, Yahoo":
        Listed AddressList => "rbl";
        AddressList => "in spamhaus", "zen spamhaus", "by spamhaus", "in spamhauss", "by rbl*", "dt rbl", "too many dnsbls";
        AddressList Client => "black ip", "ip is blacklisted", "ip is listed";
        Client Repute => "an open relay";
    "Spamhaus: of its list of domains":
        DomainList => "dbl*", "spamhaus dbl";
    "Yahoo, MAPS: of mail from an address":
        FromAddress => "accepted from <address>", "mail from <address>", "messages from <address>";
    "BarricadeMX and Postfix access maps: a name of the server":
        Claim LocalOrOwn => "claims to be us";
        LocalOrOwn => "you are me", "my ip", "main ip";
    "BarricadeMX, MagicSpam, Exim's wiki: of what is sent":
        Syntax Wrong => "malformed";
        Spelling => "underscores are";
        NotFqdn => "no dot", "not a domain";
    "sendmail rulesets: `451 4.7.1 Sender IP address not resolving`":
        Ptr => "address not resolv*";
    "RFC 7208 2.6.6":
        Lookup Passing => "temperror";
    "HestiaCP and spamdyke: a log-in is wanted":
        TlsOrAuth => "tls conversation";
        LogInFirst => "auth is required", "auth required", "authentication is required for";
    "BarricadeMX, Exim's wiki, SpamAssassin's friends: what a name is not":
        NotFqdn => "doesnt look like a host*";
        Unresolvable => "must exist", "unresolvable";
        LocalOrOwn => "not in <name>", "reserved domain";
    "MagicSpam and operators: of a client that says who it is":
        AboutName => "announces itself";
        Spf => "openspf";
    "Exim's wiki and Debian's exim4-config: `no HELO given before MAIL command`":
        Order => "given";
        Negative PolicyWord => "unacceptable";
    "A line of TLS, read as a command":
        ServerState => "ssl";
    "Exim's default configuration at DATA: `This message contains a virus (..)`":
        Doubt => "virus";
    "Exim's wiki, Postfix access maps, BarricadeMX: a name of the server":
        LocalOrOwn => "this host";
        LocalOrOwn => "own ip";
        LocalOrOwn => "own hostname";
        LocalOrOwn => "our domain*";
        LocalOrOwn => "my domain*";
        LocalOrOwn => "is me";
    "Providers, of an address in ill repute: Yahoo, Orange, T-Online, Comcast, Cisco":
        Repute => "suspicious";
        Repute => "spam from";
        FromAddress => "connections from <address>";
    "Lists of addresses, and who cites them: SORBS, Abusix, CBL, PSBL, UCEPROTECT":
        AddressList => "sorbs";
        AddressList => "sbl";
        AddressList => "rbls";
    "RFC 4954 6: `530 5.7.0 Authentication required`, and its rewordings":
        LogInFirst => "must authenticate";
        LogInFirst => "authentication needed";
        LogInFirst => "authenticate first";
    "Lists of domains, and who cites them: SURBL, URIBL, RFC-Ignorant":
        DomainList => "surbl*";
        DomainList => "rhsbl*";
    "Operators, of a name with another address":
        Elsewhere => "resolve to your*";
}

said! {
    /// What no recorded reply says yet, and its source does.
    CITED:
    "Anti-spam policies at EHLO and RCPT: of a client that says who it is":
        Claim LocalOrOwn => "pretend to be <name>", "pretending to be <name>";
        NameIs NotFqdn => "<name> is no fqdn", "<name> is not a fqdn", "<name> is not an fqdn",
            "<name> is not a fully";
        NameIs Unresolvable => "<name> has no address", "<name> has no dns", "<name> has no mx",
            "<name> is not resolvable", "<name> is unknown";
        NameIs => "<name> appears to be a dynamic", "<name> appears to be dynamic",
            "<name> is a generic", "<name> is dynamic", "<name> is generic", "<name> looks dynamic",
            "<name> looks generic", "<name> looks like a dynamic", "<name> looks like a generic",
            "<name> seems dynamic";
        VerbName Verb => "ehlo domain <name>", "ehlo host <name>", "helo domain <name>",
            "helo host <name>";
        YourName => "your server hostname", "your servers hostname";
    "Anti-spam policies at EHLO: the command by another word":
        Hello => "bad greeting", "bad hello", "greeting argument*", "greeting domain*",
            "greeting host*", "greeting name*", "hello argument*", "hello domain*", "hello host*",
            "hello name*", "hello string", "illegal hello", "invalid greeting", "invalid hello",
            "malformed greeting", "malformed hello", "your hello";
    "Blocklists and reputation at EHLO, RCPT and DATA: Spamhaus, Barracuda, Cisco, Proofpoint":
        Client => "sending host", "sending server";
        Listed => "blocklist*", "denylist*", "on the block list";
        DynamicAddress => "dial up", "dynamic host", "dynamically assigned",
            "dynamic pool", "end user", "residential";
        DynamicAddress Client => "send mail directly";
        Repute => "abusive";
    "Operators of DNS checks: `hostname mail.example.com has no A record`":
        Unresolvable => "cannot be found", "could not be found", "could not be resolved",
            "no a aaaa", "no a or", "no address record*", "no dns record*", "no such host",
            "not resolvable", "nxdomain";
    "Operators, of a refusal: `550 HELO-name refused`":
        Negative PolicyWord => "declined", "forbidden", "not acceptable";
    "Courier at MAIL, courier(8) on BOFHSPFHELO: `SPF error name: Address does not pass ..`":
        CourierName => "spf error <name>", "spf neutral <name>", "spf none <name>",
            "spf unknown <name>";
    "Exchange: `Message rejected as spam by Content Filtering`":
        Doubt => "content filter*";
    "Exchange, of another server: `Remote Server returned '550 ..'`":
        OtherServer => "remote server";
    "ProFTPD, where SMTP was expected: `500 EHLO not understood`":
        Unsupported => "not understood";
    "qmail-remote, of another server: `Remote host said: ..`":
        OtherServer => "remote host";
    "Exim's wiki, Postfix access maps, BarricadeMX: a name of the server":
        LocalOrOwn => "is mine", "my hostname", "my name", "my own name",
            "one of mine", "one of my", "one of our", "one of ours", "our host",
            "our hostname", "our name", "our own", "own domain*",
            "own name", "thats me", "used our";
    "Providers, of an address in ill repute: Yahoo, Orange, T-Online, Comcast, Cisco":
        FromAddress => "email from <address>", "traffic from <address>";
        Claim LocalOrOwn => "claim to be us", "claiming to be us", "pretends to be us",
            "pretending to be us";
        Repute => "excessive spam", "malicious", "sending spam", "sent spam", "source of spam", "spam sent", "spam source*", "spammer*", "too much spam";
    "Lists of domains, and who cites them: SURBL, URIBL, RFC-Ignorant":
        DomainList => "uribl*";
    "Lists of addresses, and who cites them: SORBS, Abusix, CBL, PSBL, UCEPROTECT":
        AddressList => "barracudacentral*", "dynablock", "pbl", "sbl xbl",
            "xbl";
        AddressList => "abusix", "by sorbs", "cbl abuseat", "in sorbs", "on spamhaus",
            "psbl", "uceprotect*";
        AddressList Client => "blacklisted ip", "ip blacklisted", "ip blocked",
            "ip is blocked";
        Client Repute => "an open proxy", "open proxies", "compromised host*", "infected host*";
    "RFC 4954 6: `530 5.7.0 Authentication required`, and its rewordings":
        LogInFirst => "authentication first", "tls is required",
            "login required", "must be authenticated", "must log in", "must login",
            "need to authenticate", "please authenticate", "please log in", "please login",
            "requires authentication", "requires smtp auth*", "smtp authentication required";
    "Exim's wiki and operators: of a client that says who it is":
        AboutName => "announce itself as", "announcing itself", "announced itself", "identified itself",
            "identifies itself", "introduced itself", "introduces itself";
    "RFC 2606: names that nobody has":
        LocalOrOwn => "reserved name*", "reserved tld*";
    "qmail-smtpd: `502 unimplemented (#5.5.1)`":
        Unsupported => "unimplemented";
    "sendmail, aiosmtpd: `503 Duplicate HELO/EHLO`":
        Order => "duplicate*";
    "Operators, of a name with another address":
        Elsewhere => "resolve to the sending*";
        Elsewhere => "resolve to the same*";
        Elsewhere => "resolve to the ip";
        Elsewhere => "resolve to the connecting*";
        Elsewhere => "resolve to the client*";
        Elsewhere => "resolve to client*";
        Elsewhere => "resolve to <address>";
        Elsewhere => "resolve back to";
        Elsewhere => "point to your*";
        Elsewhere => "point to the connecting*";
        Elsewhere => "point to the client*";
        Elsewhere => "point to <address>";
        Elsewhere => "point back to";
}
