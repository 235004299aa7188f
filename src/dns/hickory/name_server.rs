//! Asks one name server, and asks again when it fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};

use crate::dns::answer::Answer;
use crate::dns::hickory::chain::Chain;

/// How often a question is asked that ends in an error or in silence.
const TRIES: usize = 3;

/// The pause before a question that ended in an error is asked again: a server that just failed
/// would fail again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// One name server. Each has a pool of its own, as a pool of several does not ask the second in
/// time.
pub(super) struct NameServer {
    address: SocketAddr,
    pool: NameServerPool<TokioRuntimeProvider>,
}

impl NameServer {
    /// Makes a pool that waits this long for the answer to one try.
    pub(super) fn open(address: SocketAddr, attempt: Duration) -> Option<Self> {
        let mut options = ResolverOpts::default();
        options.timeout = attempt;
        let context = PoolContext::new(options, TlsConfig::new().ok()?);
        let pool = NameServerPool::from_config(
            [at_address(address)],
            Arc::new(context),
            TokioRuntimeProvider::default(),
        );
        Some(Self { address, pool })
    }

    /// Asks one question and follows CNAMEs, within the answer or with further questions.
    pub(super) async fn ask(&self, query: &Query) -> Answer<RData> {
        let mut chain = Chain::starting_with(query.clone());
        loop {
            let response = self.try_often(chain.question()).await;
            if let Some(answer) = chain.read(response) {
                return answer.with_server(self.address);
            }
        }
    }

    /// Tries a question until there is an answer, and gives up after [`TRIES`] errors.
    async fn try_often(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        let mut tries = 0;
        loop {
            let result = self
                .pool
                .lookup(query.clone(), options)
                .first_answer()
                .await;
            tries += 1;
            match &result {
                Err(error) if tries < TRIES && is_worth_another_try(error) => {
                    // RFC 6891 7: a server that does not know EDNS answers FORMERR (or NOTIMP).
                    options.use_edns &= !refuses_edns(error);
                    tokio::time::sleep(PAUSE).await;
                }
                _ => return result,
            }
        }
    }
}

fn at_address(address: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut config.connections {
        connection.port = address.port();
    }
    config
}

fn refuses_edns(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Dns(DnsError::ResponseCode(
            ResponseCode::FormErr | ResponseCode::NotImp
        ))
    )
}

/// An answer, even a negative one, and a policy are final; the rest may pass.
fn is_worth_another_try(error: &NetError) -> bool {
    !matches!(
        error,
        NetError::Dns(DnsError::NoRecordsFound(_) | DnsError::ResponseCode(ResponseCode::Refused))
    )
}
