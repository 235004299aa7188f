//! The option `--json`, and how values are written with it.
//!
//! The crate's types have a JSON form with its feature `serde` only. Without it the option is
//! refused, so nothing here is called.

use helo_name::Resolution;
use serde_json::Value;

use crate::shared::Stop;

/// Whether to write JSON.
#[derive(clap::Args)]
pub(crate) struct Json {
    /// Write JSON instead, see below (needs the feature serde)
    #[arg(long)]
    json: bool,
}

/// The form of the output.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Json,
    Text,
}

impl Json {
    /// Returns the form to write, or refuses the option in a build that cannot write JSON.
    pub(crate) fn form(&self) -> Result<Form, Stop> {
        match self.json {
            false => Ok(Form::Text),
            true if cfg!(feature = "serde") => Ok(Form::Json),
            true => Err(Stop::Usage(
                "--json needs the feature serde; build or install helo with `--features serde`"
                    .to_owned(),
            )),
        }
    }
}

/// Returns a value as JSON, with its fields in the order of the alphabet.
#[cfg(feature = "serde")]
pub(crate) fn value(of: &impl serde::Serialize) -> Value {
    serde_json::json!(of)
}

#[cfg(not(feature = "serde"))]
pub(crate) fn value<T>(_: &T) -> Value {
    Value::Null
}

/// Returns a report as one line of JSON, with its fields in the order of the documentation.
#[cfg(feature = "serde")]
pub(crate) fn document(report: &Resolution) -> String {
    serde_json::to_string(report).expect("all keys of a report are strings")
}

#[cfg(not(feature = "serde"))]
pub(crate) fn document(_: &Resolution) -> String {
    String::new()
}
