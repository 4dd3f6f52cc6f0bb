//! A store in memory that fails as told when a metadata record is written.

use async_trait::async_trait;
use base::store::Store;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::*;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The record is written, the answer lost.
    Lost,
    /// The record is not written, and nobody says so.
    NotWritten,
    /// S3's 409, which `object_store` calls "already exists".
    Conflict,
}

#[derive(Debug, Default)]
pub(crate) struct Flaky {
    inner: InMemory,
    /// Of the next writes to the log, in this order.
    faults: Mutex<VecDeque<Fault>>,
}

impl Flaky {
    pub(crate) fn store() -> (Arc<Self>, Store) {
        let flaky = Arc::new(Flaky::default());
        let store = Store::over(Arc::clone(&flaky) as Arc<dyn ObjectStore>, "memory:");
        (flaky, store)
    }

    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.faults.lock() = faults.into_iter().collect();
    }
}

impl fmt::Display for Flaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flaky")
    }
}

#[async_trait]
impl ObjectStore for Flaky {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fault = path.as_ref().starts_with("meta/log").then(|| self.faults.lock().pop_front()).flatten();
        let silent = || Error::Generic { store: "flaky", source: "no answer".into() };
        match fault {
            None => self.inner.put_opts(path, payload, options).await,
            Some(Fault::Lost) => self.inner.put_opts(path, payload, options).await.and_then(|_| Err(silent())),
            Some(Fault::NotWritten) => Err(silent()),
            Some(Fault::Conflict) => {
                Err(Error::AlreadyExists { path: path.to_string(), source: "conditional request conflict".into() })
            }
        }
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
