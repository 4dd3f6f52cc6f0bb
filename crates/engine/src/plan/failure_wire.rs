//! Errors of ours on their way through DataFusion, also from one node to another: there only text arrives.

use base::Error;
use datafusion::common::{DataFusionError, exec_datafusion_err};

const MARK: &str = "viewmill error: ";

/// The error in a form that keeps its kind.
pub(crate) fn to_datafusion(error: Error) -> DataFusionError {
    match serde_json::to_string(&error) {
        Ok(text) => DataFusionError::Context(format!("{MARK}{text}"), Box::new(exec_datafusion_err!("{error}"))),
        Err(_) => DataFusionError::External(Box::new(error)),
    }
}

/// Our error, if this text of a context is one.
pub(crate) fn from_context(text: &str) -> Option<Error> {
    serde_json::from_str(text.strip_prefix(MARK)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::explain_error;
    use base::ErrorKind;

    #[test]
    fn the_kind_of_an_error_survives() {
        let error = Error::new(ErrorKind::BadData, "a value does not fit").with("column", "c");
        let arrived = explain_error(DataFusionError::Shared(std::sync::Arc::new(to_datafusion(error))));
        assert_eq!(arrived.kind(), ErrorKind::BadData);
        assert_eq!(arrived.to_string(), "a value does not fit (column: c)");
    }
}
