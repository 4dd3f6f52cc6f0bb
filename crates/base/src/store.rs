//! The shared store: one directory, or one prefix of an S3 bucket, that holds all data and metadata.
//!
//! The catalog's log and the table files go through this module, so that one place decides what "durable" means:
//! locally written, fsynced, renamed or linked into place, and the directory fsynced (`object_store`'s own local store
//! does not fsync); on S3 a completed PUT.

use crate::config::Config;
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where half-written local files wait; emptied when the store is opened.
const TEMPORARY: &str = "tmp";

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
    url: String,
}

/// The directory, with the lock that keeps a second process out.
#[derive(Debug)]
struct LocalDirectory {
    root: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens the store that the configuration names: `storage_url`, or else `data_dir`.
    ///
    /// # Errors
    /// `Conflict` if another process uses the directory, `WrongValue` for a bad URL, `Unavailable` if it cannot be used.
    pub fn open(config: &Config, data_dir: &Path) -> Result<Self> {
        match config.text("storage_url") {
            "" => Self::local(data_dir),
            url => Self::s3(url, config),
        }
    }

    pub fn local(root: &Path) -> Result<Self> {
        let failed = |e: std::io::Error| {
            let error = Error::new(ErrorKind::Unavailable, "could not open the data directory");
            error.with("directory", root.display()).caused_by(e)
        };
        fs::create_dir_all(root).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(root.join("LOCK")).map_err(failed)?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            let error =
                Error::new(ErrorKind::Conflict, "another viewmill server uses this data directory; stop it first");
            error.with("directory", root.display())
        })?;
        // Only the lock's holder may do this: these are writes that were never acknowledged.
        let _ = fs::remove_dir_all(root.join(TEMPORARY));
        fs::create_dir_all(root.join(TEMPORARY)).map_err(failed)?;
        let objects = LocalFileSystem::new_with_prefix(&root).map_err(|e| from_object_store(e, ""))?;
        let url = format!("file://{}", root.display());
        Ok(Store { objects: Arc::new(objects), local: Some(Arc::new(LocalDirectory { root, _lock: lock })), url })
    }

    fn s3(url: &str, config: &Config) -> Result<Self> {
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
        Ok(Store { objects, local: None, url: url.to_string() })
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
        match &self.local {
            Some(directory) => directory.write(path, bytes, Placement::Replace).await.map(|_| ()),
            None => {
                let put = self.objects.put(&ObjectPath::from(path), bytes.into()).await;
                put.map(|_| ()).map_err(|e| from_object_store(e, path))
            }
        }
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
        match self.objects.get(&ObjectPath::from(path)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|e| from_object_store(e, path)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(from_object_store(e, path)),
        }
    }

    /// Every object below a folder, in no order.
    pub async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let listed = self.objects.list(Some(&ObjectPath::from(folder))).try_collect().await;
        listed.map_err(|e| from_object_store(e, folder))
    }

    /// Removes objects; those already gone are not an error.
    pub async fn delete(&self, paths: impl IntoIterator<Item = String>) -> Result<()> {
        let paths: Vec<_> = paths.into_iter().map(|p| Ok(ObjectPath::from(p))).collect();
        let mut deleted = self.objects.delete_stream(futures::stream::iter(paths).boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(from_object_store(e, "")),
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placement {
    Replace,
    OnlyNew,
}

impl LocalDirectory {
    async fn write(self: &Arc<Self>, path: &str, bytes: Bytes, placement: Placement) -> Result<Created> {
        let (this, relative) = (Arc::clone(self), path.to_string());
        let written = tokio::task::spawn_blocking(move || this.write_blocking(&relative, &bytes, placement)).await;
        let result = written.map_err(|e| Error::internal("a write was interrupted").caused_by(e))?;
        result.map_err(|e| {
            let full = e.kind() == std::io::ErrorKind::StorageFull;
            let kind = if full { ErrorKind::Exhausted } else { ErrorKind::Unavailable };
            Error::new(kind, "could not write to the data directory").with("path", path).caused_by(e)
        })
    }

    fn write_blocking(&self, relative: &str, bytes: &[u8], placement: Placement) -> std::io::Result<Created> {
        let target = self.root.join(relative);
        let temporary = self.root.join(TEMPORARY).join(uuid::Uuid::new_v4().to_string());
        let result = self.place(&temporary, &target, bytes, placement);
        if result.is_err() || placement == Placement::OnlyNew {
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    fn place(&self, temporary: &Path, target: &Path, bytes: &[u8], placement: Placement) -> std::io::Result<Created> {
        let mut file = File::create_new(temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        let folder = target.parent().unwrap_or(&self.root);
        let new_folders: Vec<&Path> = folder.ancestors().take_while(|f| !f.is_dir()).collect();
        fs::create_dir_all(folder)?;
        match placement {
            Placement::Replace => fs::rename(temporary, target)?,
            Placement::OnlyNew => match fs::hard_link(temporary, target) {
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Ok(Created::Exists),
                linked => linked?,
            },
        }
        File::open(folder)?.sync_all()?;
        // A folder is durable once its parent is.
        for created in new_folders {
            File::open(created.parent().unwrap_or(&self.root))?.sync_all()?;
        }
        Ok(Created::New)
    }
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
        assert_eq!(fs::read_dir(dir.path().join(TEMPORARY)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::local(dir.path()).unwrap();
        assert_eq!(Store::local(dir.path()).unwrap_err().kind(), ErrorKind::Conflict);
        drop(first);
        Store::local(dir.path()).unwrap();
    }
}
