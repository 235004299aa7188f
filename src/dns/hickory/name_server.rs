//! Asks one name server, and asks again when it fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::net::tcp::TcpClientStream;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::net::xfer::{DnsHandle, DnsRequestSender, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{
    DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode,
};
use hickory_resolver::proto::rr::RData;

use crate::allowance::{Allowance, Purpose};
use crate::dns::answer::Answer;
use crate::dns::hickory::chain::Chain;
use crate::dns::hickory::sockets::{Permits, Sockets};
use crate::dns::stub::{is_stub, judged};

/// How often a question is asked that ends in an error or in silence.
const TRIES: u32 = 3;

/// The pause before a question that ended in an error is asked again: a server that just failed
/// would fail again at once. The next pause is longer.
const PAUSE: Duration = Duration::from_millis(50);

/// How many datagrams one try sends: hickory repeats them by itself.
const DATAGRAMS: u8 = 3;

/// One name server, and what its sockets are opened with.
pub(super) struct NameServer {
    pub(super) address: SocketAddr,
    /// How long one try waits for an answer.
    pub(super) attempt: Duration,
    pub(super) permits: Permits,
    pub(super) allowance: Arc<Allowance>,
    /// Why the first datagram of a question leaves.
    pub(super) purpose: Purpose,
}

impl NameServer {
    /// Asks one question and follows CNAMEs, within the answer or with further questions.
    pub(super) async fn ask(&self, query: &Query) -> Answer<RData> {
        let mut chain = Chain::starting_with(query.clone());
        if is_stub(self.address) {
            chain = chain.asked_of_stub();
        }
        loop {
            let response = self.try_often(chain.question()).await;
            if response.is_ok() {
                self.allowance.note_answer(self.address);
            }
            if let Some(answer) = chain.read(response) {
                let name = query.name().to_ascii();
                return judged(&name, answer.with_server(self.address), RData::ip_addr);
            }
        }
    }

    /// Tries a question until there is an answer, and gives up after [`TRIES`] errors.
    async fn try_often(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        let mut purpose = self.purpose;
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            let result = self.try_once(query, options, purpose).await;
            match &result {
                // RFC 6891 7: a server that does not know EDNS answers FORMERR (or NOTIMP).
                Err(error) if options.use_edns && refuses_edns(error) => options.use_edns = false,
                Err(error) if is_worth_another_try(error) => purpose = Purpose::Repeat,
                _ => return result,
            }
            if !self.allowance.permits(purpose) {
                return result;
            }
            tokio::time::sleep(pause).await;
            pause *= 4;
        }
        self.try_once(query, options, purpose).await
    }

    /// Asks by UDP, and by TCP if the answer is truncated or the case of the name in it is wrong.
    ///
    /// The case of the name is random, and an answer has to repeat it: who forges one must guess it
    /// (draft-vixie-dnsext-dns0x20). A forged answer does not stop TCP. So a server that changes
    /// the case and has no TCP is asked again with the name as it is.
    async fn try_once(
        &self,
        query: &Query,
        mut options: DnsRequestOptions,
        purpose: Purpose,
    ) -> Result<DnsResponse, NetError> {
        options.case_randomization = true;
        let by_udp = self.ask_by_udp(query, options, purpose).await;
        options.case_randomization = false;
        let response = match by_udp {
            Ok(response) if response.truncation => {
                let whole = self.ask_by_tcp(query, options, purpose).await;
                whole.map_err(|_| NetError::Truncated)?
            }
            Err(NetError::QueryCaseMismatch) => {
                match self.ask_by_tcp(query, options, purpose).await {
                    Ok(response) => response,
                    Err(_) => self.ask_by_udp(query, options, purpose).await?,
                }
            }
            by_udp => by_udp?,
        };
        Ok(DnsError::from_response(response)?)
    }

    async fn ask_by_udp(
        &self,
        query: &Query,
        options: DnsRequestOptions,
        purpose: Purpose,
    ) -> Result<DnsResponse, NetError> {
        let sockets = self.sockets(purpose).await;
        let mut udp = UdpClientStream::builder(self.address, sockets)
            .with_timeout(Some(self.attempt))
            .with_max_retries(DATAGRAMS)
            .build();
        let request = DnsRequest::from_query(query.clone(), options);
        udp.send_message(request).first_answer().await
    }

    async fn ask_by_tcp(
        &self,
        query: &Query,
        options: DnsRequestOptions,
        purpose: Purpose,
    ) -> Result<DnsResponse, NetError> {
        let sockets = self.sockets(purpose).await;
        // The connection ends with the last handle of its runtime, `sockets`.
        let opened =
            TcpClientStream::exchange(self.address, None, self.attempt, None, sockets.clone());
        let connection = opened.await?;
        let request = DnsRequest::from_query(query.clone(), options);
        let response = connection.send(request).first_answer().await?;
        if response.truncation {
            return Err(NetError::Truncated);
        }
        Ok(response)
    }

    async fn sockets(&self, purpose: Purpose) -> Sockets {
        Sockets::for_try(self.address, purpose, &self.permits, &self.allowance).await
    }
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
