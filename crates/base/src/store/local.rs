//! The store as a directory: exclusive use, and writes that survive a power cut.

use super::Created;
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where half-written files wait; emptied when the store is opened.
pub(super) const TEMPORARY: &str = "tmp";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    Replace,
    OnlyNew,
}

#[derive(Debug)]
pub(super) struct LocalDirectory {
    root: PathBuf,
    /// Folders whose own entry is known to be durable: a folder that was made just now may be lost with all that is in it.
    durable: Mutex<HashSet<PathBuf>>,
}

/// A write that failed, and whether the file may be in place all the same.
struct Failed {
    error: std::io::Error,
    placed: bool,
}

impl LocalDirectory {
    /// # Errors
    /// `Unavailable` if the directory cannot be used.
    pub(super) fn open(root: &Path, folders: &[&str]) -> Result<Self> {
        let failed = |e: std::io::Error| super::unusable(root, e);
        // Only the lock's holder may do this: these are writes that were never acknowledged.
        let _ = fs::remove_dir_all(root.join(TEMPORARY));
        fs::create_dir_all(root.join(TEMPORARY)).map_err(failed)?;
        let directory = LocalDirectory { root: root.to_path_buf(), durable: Mutex::default() };
        if let Some(parent) = root.parent() {
            sync(parent).map_err(failed)?;
        }
        for folder in folders {
            directory.make_folder(&root.join(folder)).map_err(failed)?;
        }
        Ok(directory)
    }

    /// # Errors
    /// `Exhausted` if the disk is full: then nothing is at `path` that was not there before. `Unavailable` otherwise: the
    /// file may be there.
    pub(super) async fn write(self: &Arc<Self>, path: &str, bytes: Bytes, placement: Placement) -> Result<Created> {
        let (this, relative) = (Arc::clone(self), path.to_string());
        let written = tokio::task::spawn_blocking(move || this.write_blocking(&relative, &bytes, placement)).await;
        let result = written.map_err(|e| Error::internal("a write was interrupted").caused_by(e))?;
        result.map_err(|Failed { error, placed }| {
            let full = matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
            let kind = if full && !placed { ErrorKind::Exhausted } else { ErrorKind::Unavailable };
            Error::new(kind, "could not write to the data directory").with("path", path).caused_by(error)
        })
    }

    fn write_blocking(&self, relative: &str, bytes: &[u8], placement: Placement) -> Result<Created, Failed> {
        let target = self.root.join(relative);
        let temporary = self.root.join(TEMPORARY).join(uuid::Uuid::new_v4().to_string());
        let result = self.place(&temporary, &target, bytes, placement);
        if result.is_err() || placement == Placement::OnlyNew {
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    fn place(&self, temporary: &Path, target: &Path, bytes: &[u8], placement: Placement) -> Result<Created, Failed> {
        let unplaced = |error| Failed { error, placed: false };
        let mut file = File::create_new(temporary).map_err(unplaced)?;
        file.write_all(bytes).map_err(unplaced)?;
        file.sync_data().map_err(unplaced)?;
        let folder = target.parent().unwrap_or(&self.root);
        self.make_folder(folder).map_err(unplaced)?;
        let created = match placement {
            Placement::Replace => fs::rename(temporary, target).map(|()| Created::New),
            Placement::OnlyNew => match fs::hard_link(temporary, target) {
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(Created::Exists),
                linked => linked.map(|()| Created::New),
            },
        };
        let created = created.map_err(unplaced)?;
        // Also if it exists: whoever placed it may have failed here, and must not be taken for durable.
        sync(folder).map_err(|error| Failed { error, placed: true })?;
        Ok(created)
    }

    /// Makes a folder and what is above it; durable on return.
    fn make_folder(&self, folder: &Path) -> std::io::Result<()> {
        let missing: Vec<&Path> = {
            let durable = self.durable.lock();
            let below_root = folder.ancestors().take_while(|f| *f != self.root);
            below_root.take_while(|f| !durable.contains(*f)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        for made in missing {
            // A folder is durable once its parent is synced, whoever made it.
            sync(made.parent().unwrap_or(&self.root))?;
            self.durable.lock().insert(made.to_path_buf());
        }
        Ok(())
    }

    /// Removes the empty folders directly in `folder` whose names `unused` confirms.
    pub(super) fn remove_empty_folders(&self, folder: &str, unused: impl Fn(&str) -> bool) -> std::io::Result<()> {
        for entry in fs::read_dir(self.root.join(folder))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() && unused(name) {
                self.durable.lock().remove(&path);
                // Fails for a folder that is not empty.
                let _ = fs::remove_dir(&path);
            }
        }
        Ok(())
    }
}

fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
