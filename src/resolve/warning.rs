//! What an operator should know, even if a name was found.

use std::net::IpAddr;

use crate::candidate::Source;
use crate::dns::{Family, ServerProblem};
use crate::escape::{Excerpt, list};
use crate::host::FileProblem;
use crate::kinds::messages;
use crate::name::HeloName;
use crate::resolve::missing::MissingRecord;
use crate::verify::Finding;

messages! {
    /// Something an operator should know and may have to act on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Warning {
        /// The chosen name is an alias (CNAME); RFC 5321 2.3.5 wants the primary host name.
        Alias {
            /// The chosen name.
            name: HeloName,
            /// Where the CNAME leads, as text.
            target: Box<str>,
        } = "alias" => "{name} is an alias of {target}; servers expect the primary host name \
                        (RFC 5321 2.3.5)",
            target = Excerpt::new(target.as_bytes());
        /// The resolver answers for names that cannot exist, as a captive portal does, or one that
        /// replaces NXDOMAIN: what it says of other names proves nothing.
        AnswersEverything = "answers-everything"
            => "the resolver answers for names that do not exist, so its answers prove nothing; \
                ask another one";
        /// A client address is given more than once, and counts once. An IPv4-mapped address is the
        /// IPv4 address.
        ClientAddressTwice(address: IpAddr) = "client-address-twice"
            => "client address {address} is given more than once, and counts once";
        /// A list of client addresses is given, and it is empty.
        NoClientAddresses = "no-client-addresses"
            => "the list of client addresses is empty; give at least one, or none at all";
        /// This is no address that a host can have: the unspecified one, or multicast.
        NotAHostsAddress(address: IpAddr) = "not-a-hosts-address"
            => "client address {address} is ignored, as no host has it; give the address that \
                servers see";
        /// More than 256 client addresses are given; the others are ignored.
        TooManyClientAddresses {
            /// How many are given.
            given: usize,
        } = "too-many-client-addresses"
            => "{given} client addresses are given, and only 256 of them are used";
        /// The configured name is the domain of a mailbox provider; a host that is not the
        /// provider's is taken for a forger.
        MailboxDomain(name: HeloName) = "mailbox-domain"
            => "{name} is the domain of a mailbox provider, and only its own hosts may say it; set \
                HELO_NAME to a name of this host";
        /// A client address has several PTR records. Some servers compare only one of them with the
        /// name, any one (Haraka).
        ManyPtr {
            /// The client address.
            address: IpAddr,
            /// How many PTR records it has.
            count: usize,
        } = "many-ptr"
            => "client address {address} has {count} PTR records, and some servers compare one of \
                them only; keep one";
        /// Mail is right by one family, and the other lacks records. Gmail refuses IPv6 without PTR.
        /// [`MissingRecords`](Self::MissingRecords) says which, for each address.
        SendBy(family: Family) = "send-by"
            => "send by {protocol} until the records exist that {other} lacks",
            protocol = protocol(*family), other = protocol(family.other());
        /// The chosen name has the address of the server that mail goes to: it is the server's name,
        /// and servers refuse their own.
        ServersName {
            /// The chosen name.
            name: HeloName,
            /// The address of the server.
            server: IpAddr,
        } = "servers-name"
            => "{name} has the address of the server, {server}, and servers refuse their own name; \
                set HELO_NAME to a name of this host";
        /// A setting is blank, and counts as not set.
        BlankSetting(source: Source) = "blank-setting"
            => "{source} is blank and counts as not set";
        /// No server outside sees this address: it is private, loopback or reserved.
        ClientAddressNotPublic(address: IpAddr) = "client-address-not-public"
            => "client address {address} is not public, so no server outside sees it; \
                give the address that servers see";
        /// Services that echo the asker's address named different ones, sorted here: none counts,
        /// as some of the questions may have been intercepted.
        DiscoveryDisagrees(addresses: Vec<IpAddr>) = "discovery-disagrees"
            => "services named different client addresses ({named}), so none counts; \
                give the client address",
            named = list(addresses);
        /// One service named this as the client address, and its PTR names do not lead back to it:
        /// it does not count, as the question may have been intercepted.
        DiscoveryUnconfirmed(address: IpAddr) = "discovery-unconfirmed"
            => "one service named {address} as the client address, and nothing confirms it; \
                give the client address";
        /// The chosen name looks like one that a provider gives to every customer; many servers
        /// count that against it.
        Generic {
            /// The chosen name.
            name: HeloName,
            /// What makes it look so.
            look: String,
        } = "generic"
            => "{name} looks like an ISP-assigned name ({look}); some servers refuse such names";
        /// An address literal is sent. Many servers refuse literals, and most refuse IPv6 ones.
        LiteralSent(name: HeloName) = "literal-sent"
            => "the address literal {name} is sent; many servers refuse literals; set HELO_NAME to \
                a fully-qualified name";
        /// The address that servers see is not known, so nothing could be matched.
        NoClientAddress = "no-client-address"
            => "the address that servers see is not known, so no name could be matched with it; \
                give the client address";
        /// The client address has no PTR record; many servers refuse that, whatever the name is.
        NoPtr(address: IpAddr) = "no-ptr"
            => "client address {address} has no PTR record; many servers refuse that whatever the \
                name is; ask whoever provides the address to set one";
        /// The chosen name is not right for this client address.
        OtherAddress {
            /// The chosen name.
            name: HeloName,
            /// The client address.
            address: IpAddr,
            /// What was found about the two.
            finding: Finding,
        } = "other-address" => "{name} is not right for client address {address}: {why}",
            why = finding.about(name, Some(*address));
        /// The name is not right for this client address: one of several, or of a family that should
        /// not be used before.
        MissingRecords {
            /// The client address.
            address: IpAddr,
            /// What would make the name right, as lines of a zone file.
            records: Vec<MissingRecord>,
        } = "missing-records"
            => "client address {address} lacks records: {lines}",
            lines = list(records);
        /// The choice rests on something that the DNS did not say; resolve again soon.
        Provisional = "provisional"
            => "the choice rests on something the DNS did not say; resolve again within a minute";
        /// The client address has PTR names, and the chosen name is none of them; some servers
        /// compare the two.
        PtrNamesOther {
            /// The chosen name.
            name: HeloName,
            /// The client address.
            address: IpAddr,
        } = "ptr-names-other"
            => "the PTR record of {address} does not name {name}; some servers compare the two";
        /// A file of this machine was not read, so what it says is not known.
        UnreadableFile {
            /// The path of the file.
            path: String,
            /// Why not.
            problem: FileProblem,
        } = "unreadable-file" => "{path} was not read: {problem}";
        /// The name is sent because the operator or the policy says so; the DNS does not confirm
        /// it.
        Unverified {
            /// The chosen name.
            name: HeloName,
            /// The client address, if it is known.
            client: Option<IpAddr>,
            /// What was found about the two.
            finding: Finding,
        } = "unverified" => "{name} is sent unverified: {why}", why = finding.about(name, *client);
        /// Some name servers in resolv.conf were skipped, as they cannot be asked.
        UnusableNameServers {
            /// The first of them, escaped and cut.
            first: String,
            /// How many there are.
            count: usize,
        } = "unusable-name-servers" => "{problem}",
            problem = ServerProblem::UnusableServers { first: first.clone(), count: *count };
        /// The configured name won over a different one in `HELO_NAME`.
        VariableOverruled {
            /// What is configured, escaped and cut.
            configured: String,
            /// What the variable says, escaped and cut.
            variable: String,
        } = "variable-overruled"
            => "the configured name \"{configured}\" is used; HELO_NAME says \"{variable}\"";
        /// The chosen name has its address by a wildcard record: every name below its parent domain
        /// has the same.
        Wildcard(name: HeloName) = "wildcard"
            => "{name} has its address by a wildcard record, as any other name below its domain; \
                publish an address record for it";
    }
}

impl From<&ServerProblem> for Warning {
    fn from(problem: &ServerProblem) -> Self {
        match problem {
            ServerProblem::UnreadableFile { path, problem } => Self::UnreadableFile {
                path: (*path).to_owned(),
                problem: *problem,
            },
            ServerProblem::UnusableServers { first, count } => Self::UnusableNameServers {
                first: first.clone(),
                count: *count,
            },
        }
    }
}

const fn protocol(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

impl Warning {
    /// Returns the name that it is about, if it is about one.
    ///
    /// ```
    /// assert_eq!(helo_name::resolve::Warning::NoClientAddress.name(), None);
    /// ```
    #[must_use]
    pub const fn name(&self) -> Option<&HeloName> {
        match self {
            Self::Alias { name, .. }
            | Self::Generic { name, .. }
            | Self::LiteralSent(name)
            | Self::MailboxDomain(name)
            | Self::OtherAddress { name, .. }
            | Self::PtrNamesOther { name, .. }
            | Self::ServersName { name, .. }
            | Self::Unverified { name, .. }
            | Self::Wildcard(name) => Some(name),
            Self::AnswersEverything
            | Self::BlankSetting(_)
            | Self::ClientAddressNotPublic(_)
            | Self::ClientAddressTwice(_)
            | Self::NoClientAddresses
            | Self::NotAHostsAddress(_)
            | Self::MissingRecords { .. }
            | Self::SendBy(_)
            | Self::TooManyClientAddresses { .. }
            | Self::DiscoveryDisagrees(_)
            | Self::DiscoveryUnconfirmed(_)
            | Self::ManyPtr { .. }
            | Self::NoClientAddress
            | Self::NoPtr(_)
            | Self::Provisional
            | Self::UnreadableFile { .. }
            | Self::UnusableNameServers { .. }
            | Self::VariableOverruled { .. } => None,
        }
    }

    /// Returns the client address that it is about, if it is about one.
    ///
    /// ```
    /// let address = "192.0.2.10".parse().unwrap();
    /// assert_eq!(helo_name::resolve::Warning::NoPtr(address).address(), Some(address));
    /// ```
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::ClientAddressNotPublic(address)
            | Self::ClientAddressTwice(address)
            | Self::NotAHostsAddress(address)
            | Self::DiscoveryUnconfirmed(address)
            | Self::ManyPtr { address, .. }
            | Self::MissingRecords { address, .. }
            | Self::NoPtr(address)
            | Self::OtherAddress { address, .. }
            | Self::PtrNamesOther { address, .. } => Some(*address),
            Self::Unverified { client, .. } => *client,
            Self::Alias { .. }
            | Self::NoClientAddresses
            | Self::SendBy(_)
            | Self::TooManyClientAddresses { .. }
            | Self::AnswersEverything
            | Self::BlankSetting(_)
            | Self::DiscoveryDisagrees(_)
            | Self::Generic { .. }
            | Self::LiteralSent(_)
            | Self::MailboxDomain(_)
            | Self::NoClientAddress
            | Self::Provisional
            | Self::ServersName { .. }
            | Self::UnreadableFile { .. }
            | Self::UnusableNameServers { .. }
            | Self::VariableOverruled { .. }
            | Self::Wildcard(_) => None,
        }
    }

    /// Returns the finding that it rests on, if it rests on one.
    ///
    /// ```
    /// assert_eq!(helo_name::resolve::Warning::Provisional.finding(), None);
    /// ```
    #[must_use]
    pub const fn finding(&self) -> Option<Finding> {
        match self {
            Self::OtherAddress { finding, .. } | Self::Unverified { finding, .. } => Some(*finding),
            _ => None,
        }
    }
}
