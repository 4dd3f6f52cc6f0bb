pub(super) fn register(_context: &datafusion::prelude::SessionContext) {}
