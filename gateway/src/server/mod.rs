//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod rpc;
