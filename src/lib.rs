//! Picks the name an SMTP client sends in `EHLO`.
