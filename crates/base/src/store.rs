//! The shared store: one directory, or one prefix of an S3 bucket, that holds all data and metadata.
//!
//! The catalog's log and the table files go through this module, so that one place decides what "durable" means:
//! locally written, fsynced, renamed or linked into place, and the directory fsynced (`object_store`'s own local store
//! does not fsync); on S3 a completed PUT.

mod local;

use crate::config::Config;
use crate::{Error, ErrorKind, Result};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use local::{LocalDirectory, Placement};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart};
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// Local folders that exist from the start, durably.
const FOLDERS: &[&str] = &["meta/log", "meta/checkpoint", "data"];
/// An S3 request has 30 seconds: what is larger travels in parts of this size.
const PART_BYTES: usize = 8 << 20;
const PARTS_AT_ONCE: usize = 4;
/// Small objects that are read at once.
const READS_AT_ONCE: usize = 32;

/// What [`Store::create`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    New,
    /// Somebody wrote this path before; nothing was changed.
    Exists,
}

/// A handle to the shared store; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    local: Option<Arc<LocalDirectory>>,
    /// Keeps a second process out of the data directory, also when that only has scratch files.
    _lock: Option<Arc<File>>,
    url: String,
}

impl Store {
    /// Opens the store that the configuration names: `storage_url`, or else `data_dir`.
    ///
    /// # Errors
    /// `Conflict` if another process uses `data_dir`, `WrongValue` for a bad URL, `Unavailable` if it cannot be used.
    pub fn open(config: &Config, data_dir: &Path) -> Result<Self> {
        match config.text("storage_url") {
            "" => Self::local(data_dir),
            _ => Ok(Store { _lock: Some(Arc::new(lock(data_dir)?)), ..Self::join_bucket(config)? }),
        }
    }

    pub fn local(root: &Path) -> Result<Self> {
        let lock = lock(root)?;
        Ok(Store { _lock: Some(Arc::new(lock)), ..Self::join_local(root)? })
    }

    /// The directory that another process, which keeps the metadata, has opened.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be used.
    pub fn join_local(root: &Path) -> Result<Self> {
        let root = root.canonicalize().map_err(|e| unusable(root, e))?;
        let directory = LocalDirectory::open(&root, FOLDERS)?;
        let objects = LocalFileSystem::new_with_prefix(&root).map_err(|e| from_object_store(e, ""))?;
        let url = format!("file://{}", root.display());
        let local = Some(Arc::new(directory));
        Ok(Store { objects: Arc::new(objects), local, _lock: None, url })
    }

    /// Any other store that honours exclusive puts.
    pub fn over(objects: Arc<dyn ObjectStore>, url: &str) -> Self {
        Store { objects, local: None, _lock: None, url: url.to_string() }
    }

    /// The bucket of `storage_url`.
    ///
    /// # Errors
    /// `WrongValue` for a bad URL.
    pub fn join_bucket(config: &Config) -> Result<Self> {
        let url = config.text("storage_url");
        let wrong =
            || Error::new(ErrorKind::WrongValue, "storage_url must be s3://bucket/prefix").with("storage_url", url);
        let rest = url.strip_prefix("s3://").ok_or_else(wrong)?.trim_end_matches('/');
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong());
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_region(config.text("aws_s3_region"))
            .with_virtual_hosted_style_request(!config.bool("aws_s3_enable_path_style_access"));
        match config.text("aws_s3_endpoint") {
            "" => {}
            endpoint if endpoint.contains("://") => builder = builder.with_endpoint(endpoint),
            endpoint => builder = builder.with_endpoint(format!("http://{endpoint}")),
        }
        if config.text("aws_s3_endpoint").starts_with("http://") || !config.text("aws_s3_endpoint").contains("://") {
            builder = builder.with_allow_http(true);
        }
        if !config.text("aws_s3_access_key").is_empty() {
            builder = builder
                .with_access_key_id(config.text("aws_s3_access_key"))
                .with_secret_access_key(config.text("aws_s3_secret_key"));
        }
        let s3 = builder.build().map_err(|e| from_object_store(e, url))?;
        let objects: Arc<dyn ObjectStore> =
            if prefix.is_empty() { Arc::new(s3) } else { Arc::new(PrefixStore::new(s3, prefix)) };
        Ok(Self::over(objects, url))
    }

    /// Where the store is, for people.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For readers that speak `object_store`; writing through it is not durable.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    /// Writes an object, replacing one at that path; durable on return.
    pub async fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        if let Some(directory) = &self.local {
            return directory.write(path, bytes, Placement::Replace).await.map(|_| ());
        }
        let key = ObjectPath::from(path);
        let put = if bytes.len() <= PART_BYTES {
            self.objects.put(&key, bytes.into()).await.map(|_| ())
        } else {
            self.put_in_parts(&key, &bytes).await
        };
        put.map_err(|e| from_object_store(e, path))
    }

    async fn put_in_parts(&self, key: &ObjectPath, bytes: &Bytes) -> object_store::Result<()> {
        let mut upload = WriteMultipart::new_with_chunk_size(self.objects.put_multipart(key).await?, PART_BYTES);
        for start in (0..bytes.len()).step_by(PART_BYTES) {
            if let Err(e) = upload.wait_for_capacity(PARTS_AT_ONCE).await {
                // Otherwise the parts stay in the bucket, unseen.
                let _ = upload.abort().await;
                return Err(e);
            }
            upload.put(bytes.slice(start..bytes.len().min(start + PART_BYTES)));
        }
        upload.finish().await.map(|_| ())
    }

    /// Writes an object only if the path is free; durable on return.
    pub async fn create(&self, path: &str, bytes: Bytes) -> Result<Created> {
        if let Some(directory) = &self.local {
            return directory.write(path, bytes, Placement::OnlyNew).await;
        }
        let options = PutOptions { mode: PutMode::Create, ..Default::default() };
        match self.objects.put_opts(&ObjectPath::from(path), bytes.into(), options).await {
            Ok(_) => Ok(Created::New),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(Created::Exists)
            }
            Err(e) => Err(from_object_store(e, path)),
        }
    }

    /// The object's bytes, or `None` if there is none.
    pub async fn get(&self, path: &str) -> Result<Option<Bytes>> {
        let key = ObjectPath::from(path);
        let found = match self.objects.get(&key).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(from_object_store(e, path)),
        };
        let size = found.meta.size;
        let bytes = if self.local.is_some() || size <= PART_BYTES as u64 {
            found.bytes().await
        } else {
            drop(found);
            let ranges = (0..size).step_by(PART_BYTES).map(|start| start..size.min(start + PART_BYTES as u64));
            let parts = stream::iter(ranges).map(|range| self.objects.get_range(&key, range)).buffered(PARTS_AT_ONCE);
            let whole = BytesMut::with_capacity(size as usize);
            let joined = parts.try_fold(whole, |mut whole, part| async move {
                whole.extend_from_slice(&part);
                Ok(whole)
            });
            joined.await.map(BytesMut::freeze)
        };
        bytes.map(Some).map_err(|e| from_object_store(e, path))
    }

    /// [`Store::get`] for many small objects, in their order.
    pub async fn get_all(&self, paths: &[String]) -> Result<Vec<Option<Bytes>>> {
        stream::iter(paths).map(|path| self.get(path)).buffered(READS_AT_ONCE).try_collect().await
    }

    /// Every object below a folder, in no order.
    pub async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let listed = self.objects.list(Some(&ObjectPath::from(folder))).try_collect().await;
        listed.map_err(|e| from_object_store(e, folder))
    }

    /// Removes objects; those already gone are not an error. One that cannot be removed does not keep the others.
    pub async fn delete(&self, paths: impl IntoIterator<Item = String>) -> Result<()> {
        self.delete_all(paths.into_iter().collect()).await.map_err(|(_, e)| e)
    }

    /// [`Store::delete`] that tells also which objects may still be there.
    pub async fn delete_all(&self, paths: Vec<String>) -> Result<(), (Vec<String>, Error)> {
        let keys: Vec<_> = paths.iter().map(|p| Ok(ObjectPath::from(p.as_str()))).collect();
        let mut results = self.objects.delete_stream(stream::iter(keys).boxed());
        let (mut deleted, mut failed) = (HashSet::new(), None);
        while let Some(result) = results.next().await {
            match result {
                Ok(path) => {
                    deleted.insert(path.to_string());
                }
                Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => failed = Some(e),
            }
        }
        let Some(e) = failed else { return Ok(()) };
        let left = paths.into_iter().filter(|p| !deleted.contains(p)).collect();
        Err((left, from_object_store(e, "")))
    }

    /// Removes the empty folders directly in `folder` whose names `unused` confirms. S3 has no folders.
    pub async fn remove_empty_folders(
        &self,
        folder: &'static str,
        unused: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<()> {
        let Some(directory) = self.local.clone() else { return Ok(()) };
        let removed = tokio::task::spawn_blocking(move || directory.remove_empty_folders(folder, unused)).await;
        removed.map_err(|e| Error::internal("removing folders was interrupted").caused_by(e))?.map_err(|e| {
            let error = Error::new(ErrorKind::Unavailable, "could not look for empty folders");
            error.with("folder", folder).caused_by(e)
        })
    }
}

/// Takes the directory for this process until the file is dropped.
fn lock(directory: &Path) -> Result<File> {
    fs::create_dir_all(directory).map_err(|e| unusable(directory, e))?;
    let lock = File::options().create(true).truncate(false).write(true).open(directory.join("LOCK"));
    let lock = lock.map_err(|e| unusable(directory, e))?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        let error = Error::new(ErrorKind::Conflict, "another viewmill server uses this data directory; stop it first");
        error.with("directory", directory.display())
    })?;
    Ok(lock)
}

fn unusable(directory: &Path, e: std::io::Error) -> Error {
    let error = Error::new(ErrorKind::Unavailable, "could not open the data directory");
    error.with("directory", directory.display()).caused_by(e)
}

fn from_object_store(e: object_store::Error, path: &str) -> Error {
    let kind = match e {
        object_store::Error::NotFound { .. } => ErrorKind::Corrupt,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            ErrorKind::AccessDenied
        }
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "the object store refused a request").with("path", path).caused_by(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn create_never_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::local(dir.path()).unwrap();
        assert_eq!(store.create("a/b/1", Bytes::from("x")).await.unwrap(), Created::New);
        assert_eq!(store.create("a/b/1", Bytes::from("y")).await.unwrap(), Created::Exists);
        assert_eq!(store.get("a/b/1").await.unwrap().unwrap(), Bytes::from("x"));
        store.put("a/b/1", Bytes::from("z")).await.unwrap();
        assert_eq!(store.get("a/b/1").await.unwrap().unwrap(), Bytes::from("z"));
        assert_eq!(store.list("a").await.unwrap().len(), 1);
        store.delete(["a/b/1".to_string(), "a/b/2".to_string()]).await.unwrap();
        assert!(store.get("a/b/1").await.unwrap().is_none());
        assert_eq!(fs::read_dir(dir.path().join(local::TEMPORARY)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::local(dir.path()).unwrap();
        assert!(FOLDERS.iter().all(|folder| dir.path().join(folder).is_dir()));
        assert_eq!(Store::local(dir.path()).unwrap_err().kind(), ErrorKind::Conflict);
        drop(first);
        Store::local(dir.path()).unwrap();
    }

    #[tokio::test]
    async fn large_objects_travel_in_parts() {
        let store = Store::over(Arc::new(object_store::memory::InMemory::new()), "memory:");
        let bytes: Bytes = (0..2 * PART_BYTES + 5).map(|n| (n % 251) as u8).collect::<Vec<_>>().into();
        store.put("large", bytes.clone()).await.unwrap();
        assert!(store.get("large").await.unwrap().unwrap() == bytes);
        let all = store.get_all(&["none".into(), "large".into()]).await.unwrap();
        assert!(all[0].is_none() && all[1].as_ref() == Some(&bytes));
    }

    #[tokio::test]
    async fn one_object_that_cannot_be_deleted_does_not_keep_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::local(dir.path()).unwrap();
        for path in ["data/1/a", "data/1/b", "data/1/stuck/x", "data/2/c"] {
            store.put(path, Bytes::from("x")).await.unwrap();
        }
        // A folder is no file.
        let paths = ["data/1/a", "data/1/stuck", "data/2/c", "data/1/b"].map(String::from);
        let (left, _) = store.delete_all(paths.to_vec()).await.unwrap_err();
        assert_eq!(left, ["data/1/stuck"]);
        assert_eq!(store.list("data").await.unwrap().len(), 1);
        store.remove_empty_folders("data", |_| true).await.unwrap();
        assert!(dir.path().join("data/1").exists() && !dir.path().join("data/2").exists());
        store.put("data/2/c", Bytes::from("again")).await.unwrap();
    }
}
