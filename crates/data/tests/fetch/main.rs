//! Fetching a small set from a server in this process, from packages made here, and from files.

mod clients;
mod disk;
mod local;
mod server;
mod support;
mod web;
