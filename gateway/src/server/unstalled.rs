//! A connection on which writes get on, or fail. What is written for somebody who does not read stays in memory, and he
//! has one of the places.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// A stream whose writes fail when the other side takes nothing of them for so long.
pub(crate) struct Unstalled<S> {
    stream: S,
    limit: Duration,
    /// Ends when a write that waits has waited long enough.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Unstalled<S> {
    pub(crate) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, patience: None }
    }

    /// What came of a write, or its failure where nothing has come for too long.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let limit = self.limit;
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        patience.as_mut().poll(cx).map(|()| {
            let message = format!("nothing of what is written was taken for {} ms", limit.as_millis());
            Err(io::Error::new(ErrorKind::TimedOut, message))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::{Instant, advance},
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);
    const BYTES: usize = 16;

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_nothing_is_given_up_on() {
        let (ours, mut theirs) = duplex(BYTES);
        let mut ours = Unstalled::new(ours, LIMIT);
        ours.write_all(&[1; BYTES]).await.unwrap();
        // Nobody waits, so nobody has waited.
        advance(LIMIT * 3).await;
        let start = Instant::now();
        let error = ours.write_all(&[2; BYTES]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (ErrorKind::TimedOut, LIMIT));
        drop(ours);
        let mut taken = Vec::new();
        theirs.read_to_end(&mut taken).await.unwrap();
        assert_eq!(taken, [1; BYTES], "what was written before is his");
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_a_little_now_and_then_is_waited_for() {
        let (ours, mut theirs) = duplex(BYTES);
        let mut ours = Unstalled::new(ours, LIMIT);
        let sent: Vec<u8> = (0..100).collect();
        let all = sent.clone();
        let writing = tokio::spawn(async move { ours.write_all(&all).await });
        let mut taken = Vec::new();
        while taken.len() < sent.len() {
            tokio::time::sleep(LIMIT - Duration::from_millis(1)).await;
            taken.push(theirs.read_u8().await.unwrap());
        }
        writing.await.unwrap().unwrap();
        assert_eq!(taken, sent);
    }

    #[tokio::test]
    async fn what_comes_is_read_while_a_write_waits() {
        let (ours, mut theirs) = duplex(BYTES);
        let (mut reads, mut writes) = tokio::io::split(Unstalled::new(ours, LIMIT));
        let writing = tokio::spawn(async move { writes.write_all(&[1; BYTES * 2]).await });
        theirs.write_all(&[3]).await.unwrap();
        assert_eq!(reads.read_u8().await.unwrap(), 3);
        theirs.read_exact(&mut [0; BYTES * 2]).await.unwrap();
        writing.await.unwrap().unwrap();
    }
}
