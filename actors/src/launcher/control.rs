//! The packet socket to the fork server, with descriptors travelling beside the packets.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::net::{
    self, AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use tokio::{io::Interest, net::UnixDatagram};

/// Largest packet from the fork server: a few numbers or an error's text.
const PACKET_BYTES_MAX: usize = 64 * 1024;

/// Our end of the socket. It is a SEQPACKET socket, which tokio has no type for; all that is used of this one is its
/// readiness.
pub(crate) struct Control(UnixDatagram);

/// One packet, with the descriptor that came with it.
pub(crate) struct Packet {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptor: Option<OwnedFd>,
}

impl Control {
    /// A connected pair: our end, and the one that becomes the fork server's standard input.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC;
        let (ours, theirs) = net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        Ok((Self(UnixDatagram::from_std(ours.into())?), theirs))
    }

    /// Sends one packet, whole or not at all.
    pub(crate) async fn send(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let descriptors: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
        self.0
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut ancillary = SendAncillaryBuffer::new(&mut space);
                if !descriptors.is_empty() {
                    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
                }
                net::sendmsg(&self.0, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
                Ok(())
            })
            .await
    }

    /// Receives one packet; `None` once the other end is closed.
    pub(crate) async fn receive(&self) -> io::Result<Option<Packet>> {
        let mut buffer = vec![0; PACKET_BYTES_MAX];
        let (length, descriptor) = self
            .0
            .async_io(Interest::READABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut ancillary = RecvAncillaryBuffer::new(&mut space);
                let mut parts = [IoSliceMut::new(&mut buffer)];
                let received = net::recvmsg(&self.0, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
                let mut descriptor = None;
                for message in ancillary.drain() {
                    if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                        descriptor = descriptors.last();
                    }
                }
                Ok((received.bytes, descriptor))
            })
            .await?;
        if length == 0 {
            return Ok(None);
        }
        buffer.truncate(length);
        Ok(Some(Packet { bytes: buffer, descriptor }))
    }
}
