//! Leases: who works on something, known to all machines that share a folder.
//!
//! A lease is a file. Its content says who has it; that they still have it, the time at which it was last touched. It
//! asks of the shared file system what NFS gives, too: a hard link is made for one of several that try, a file is
//! renamed whole, and times are those of the file server. No clock of a machine is compared with that of another. Only of
//! a lease whose time is yet to come, since the server's clock was set back, does whoever waits look at its own: it has run
//! out if it stays as it is for as long as a lease lasts.
//!
//! Whoever finds no lease links its own into place. What is in place may be removed or replaced only by the heir of its
//! owner: whoever was the first to link a file to the name of the lease with the owner's mark, and after that found the
//! lease to be still that owner's. So the owner and all who would succeed it compete for one link. A heir that dies in
//! between leaves a lease under that name, which goes stale as any other, and has a heir itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};
use serde::{Deserialize, Serialize};

use crate::files::{TEMPORARY, stage_file, temporary};
use crate::{RunError, sha256};

/// The times by which a lease is renewed, and after which it has run out.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTerms {
    /// Time between two renewals.
    pub renewal: Duration,
    /// Time since the last one after which anybody may take the lease.
    pub expiry: Duration,
}

impl LeaseTerms {
    /// Those of a study. Six renewals in a row must be missed.
    pub const STUDY: LeaseTerms =
        LeaseTerms { renewal: Duration::from_secs(5), expiry: Duration::from_secs(30) };
}

/// The process that has a lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaseOwner {
    /// The name of its machine.
    pub host: String,
    /// The process there.
    pub pid: u32,
    /// A random number in hexadecimal, which nobody else has, whatever machines and processes are called.
    pub token: String,
}

impl LeaseOwner {
    /// A process of a machine.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn new(host: &str, pid: u32) -> io::Result<LeaseOwner> {
        let token = format!("{:016x}", getrandom::u64()?);
        Ok(LeaseOwner { host: host.to_owned(), pid, token })
    }

    /// This process.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn this_process() -> io::Result<LeaseOwner> {
        LeaseOwner::new(&rustix::system::uname().nodename().to_string_lossy(), std::process::id())
    }
}

/// A lease that this process has. It is given back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    mark: String,
    file: File,
}

impl Lease {
    /// Takes a lease if nobody has it, or if it has run out. In the latter case it waits for a renewal first, since
    /// owner and file server may have been stopped, or out of reach, until now; where its time is yet to come, for as long as
    /// a lease lasts.
    ///
    /// # Errors
    ///
    /// If its folder cannot be read or written to.
    pub fn take(path: &Path, owner: &LeaseOwner, terms: LeaseTerms) -> Result<Option<Lease>, RunError> {
        let taken = || {
            let content = serde_json::to_vec(owner).expect("an owner has a JSON form");
            let mark = mark(&content);
            let staged = stage_file(path, &content)?;
            let taken = link(&staged, path)? || succeed(&staged, &mark, path, terms)?;
            drop(staged);
            if !taken {
                return Ok(None);
            }
            let lease = Lease { path: path.to_owned(), mark, file: File::options().write(true).open(path)? };
            Ok(lease.is_held()?.then_some(lease))
        };
        taken().map_err(RunError::file("take", path))
    }

    /// Its mark, which no other lease has.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Renews it; says whether it is still this process's.
    ///
    /// # Errors
    ///
    /// If that cannot be found out.
    pub fn renew(&self) -> io::Result<bool> {
        let held = self.is_held()?;
        if held {
            // Through the file itself: whoever has succeeded is not touched. By the file server's clock.
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            futimens(&self.file, &Timestamps { last_access: now, last_modification: now })?;
        }
        Ok(held)
    }

    /// True if it is still this process's.
    fn is_held(&self) -> io::Result<bool> {
        Ok(is_of(&self.path, &self.mark)? && !heir_of(&self.path, &self.mark).exists())
    }

    /// Has it renewed by a thread from now on; `lost` is called if it is found to be somebody else's.
    pub fn keep(self, every: Duration, lost: impl FnOnce() + Send + 'static) -> KeptLease {
        let (ended, end) = channel::<()>();
        let lease = Arc::new(self);
        let is_lost = Arc::new(AtomicBool::new(false));
        let (kept, flag) = (lease.clone(), is_lost.clone());
        let thread = thread::spawn(move || {
            while end.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // One that cannot be renewed now may be at the next attempt.
                if matches!(kept.renew(), Ok(false)) {
                    flag.store(true, Ordering::Relaxed);
                    return lost();
                }
            }
        });
        KeptLease { lease, is_lost, thread: Some((ended, thread)) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // One that cannot be given back runs out.
        let _ = end(&self.path, &self.mark);
    }
}

/// A lease that a thread renews until it is dropped, which gives it back.
#[derive(Debug)]
pub struct KeptLease {
    lease: Arc<Lease>,
    is_lost: Arc<AtomicBool>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl KeptLease {
    /// True if it is still this process's, as far as can be seen.
    pub fn is_held(&self) -> bool {
        !self.is_lost.load(Ordering::Relaxed) && self.lease.is_held().unwrap_or(true)
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.thread.take() {
            drop(ended);
            // It may be what drops this: whatever is called when the lease is lost may end the process.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Gives back a lease for its owner, who is known to have died.
///
/// # Errors
///
/// If its folder cannot be written to.
pub fn end_lease(path: &Path, mark: &str) -> Result<(), RunError> {
    end(path, mark).map_err(RunError::file("remove", path))
}

/// True if somebody has a lease that has not run out, by the clock of its file system. Where that cannot be told, whoever
/// has it keeps it.
pub fn is_leased(path: &Path, clock: &FileSystemClock, terms: LeaseTerms) -> bool {
    let Ok(Some(seen)) = Seen::at(path) else { return false };
    let Some(now) = clock.now() else { return true };
    if seen.is_ahead(now, terms) {
        return clock.unchanged_for(path, seen) <= terms.expiry;
    }
    !seen.has_run_out(now, terms)
}

/// As [`is_leased`], of a lease that must not be taken for somebody's who has died: one whose time is yet to come is watched
/// for as long as a lease lasts.
pub fn is_leased_when_watched(path: &Path, clock: &FileSystemClock, terms: LeaseTerms) -> bool {
    let is_ahead = || Some(Seen::at(path).ok()??.is_ahead(clock.now()?, terms));
    if is_leased(path, clock, terms) && is_ahead() == Some(true) {
        thread::sleep(terms.expiry + terms.renewal);
    }
    is_leased(path, clock, terms)
}

/// Whoever has a lease, if it reads.
pub fn lease_owner(path: &Path) -> Option<LeaseOwner> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The clock of the file system that a folder is on.
#[derive(Debug)]
pub struct FileSystemClock {
    folder: PathBuf,
    /// Its time when it was last read, and this machine's then.
    read: Cell<Option<(SystemTime, Instant)>>,
    /// The leases there whose time was yet to come, and since when each has been as it is.
    ahead: RefCell<HashMap<PathBuf, (Seen, Instant)>>,
}

impl FileSystemClock {
    /// So long after it was read the time is told from this machine's own.
    const KNOWN_FOR: Duration = Duration::from_secs(10);

    /// That of a folder.
    pub fn new(folder: &Path) -> FileSystemClock {
        FileSystemClock { folder: folder.to_owned(), read: Cell::default(), ahead: RefCell::default() }
    }

    /// The time for which a lease has been seen as it is, by this machine's clock.
    fn unchanged_for(&self, path: &Path, seen: Seen) -> Duration {
        let mut ahead = self.ahead.borrow_mut();
        match ahead.get(path) {
            Some((known, since)) if *known == seen => since.elapsed(),
            _ => {
                ahead.insert(path.to_owned(), (seen, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// The time there, unless the folder cannot be written to.
    pub fn now(&self) -> Option<SystemTime> {
        if let Some((time, at)) = self.read.get().filter(|(_, at)| at.elapsed() < Self::KNOWN_FOR) {
            return Some(time + at.elapsed());
        }
        let at = Instant::now();
        let file = temporary(TEMPORARY, 0o666).tempfile_in(&self.folder).ok()?;
        let time = file.as_file().metadata().and_then(|found| found.modified()).ok()?;
        self.read.set(Some((time, at)));
        Some(time)
    }
}

/// A lease as it was seen.
#[derive(Debug, PartialEq)]
struct Seen {
    mark: String,
    renewed: SystemTime,
}

impl Seen {
    /// The lease in a file, if that is there.
    fn at(path: &Path) -> io::Result<Option<Seen>> {
        // A file that is opened is asked for anew on NFS, where otherwise its time may be that of a minute ago.
        let read = || {
            let mut file = File::open(path)?;
            let mut content = Vec::new();
            io::Read::read_to_end(&mut file, &mut content)?;
            Ok(Seen { mark: mark(&content), renewed: file.metadata()?.modified()? })
        };
        match read() {
            Err(error) if is_gone(&error) => Ok(None),
            seen => seen.map(Some),
        }
    }

    fn has_run_out(&self, now: SystemTime, terms: LeaseTerms) -> bool {
        now.duration_since(self.renewed).is_ok_and(|age| age > terms.expiry)
    }

    /// True if it was renewed in the future, as no owner does, and not just now by a clock that is read twice.
    fn is_ahead(&self, now: SystemTime, terms: LeaseTerms) -> bool {
        self.renewed.duration_since(now).is_ok_and(|ahead| ahead > terms.expiry)
    }
}

/// An owner's mark, which stands in the names of its heirs: the beginning of the hash of its lease.
fn mark(content: &[u8]) -> String {
    sha256(content)[..16].to_owned()
}

fn heir_of(path: &Path, mark: &str) -> PathBuf {
    path.with_added_extension(mark)
}

/// True if the lease in place is of this mark.
fn is_of(path: &Path, mark: &str) -> io::Result<bool> {
    Ok(Seen::at(path)?.is_some_and(|seen| seen.mark == mark))
}

/// Puts a staged lease, which is of this mark, in the place of one that has run out; says whether it did.
fn succeed(staged: &Path, own: &str, path: &Path, terms: LeaseTerms) -> io::Result<bool> {
    let now = fs::metadata(staged)?.modified()?;
    let patience = |seen: &Seen| match seen.is_ahead(now, terms) {
        true => Some(terms.expiry),
        false => seen.has_run_out(now, terms).then_some(terms.renewal),
    };
    let Some(seen) = Seen::at(path)? else { return Ok(false) };
    let Some(patience) = patience(&seen) else { return Ok(false) };
    thread::sleep(patience);
    if Seen::at(path)?.as_ref() != Some(&seen) {
        return Ok(false);
    }
    // Where a heir died before it had the place, in the place of that.
    let heir = heir_of(path, &seen.mark);
    if !link(staged, &heir)? && !succeed(staged, own, &heir, terms)? {
        return Ok(false);
    }
    let placed = if is_of(path, &seen.mark)? { fs::rename(&heir, path) } else { fs::remove_file(&heir) };
    // A heir that was taken for dead may have come first: it moves what it finds under its name, which is this lease.
    placed.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })?;
    is_of(path, own)
}

/// Removes the lease of this mark, unless it has a heir, or another has its place.
fn end(path: &Path, mark: &str) -> io::Result<()> {
    // The lease is its own heir, which takes no space: a full disk may be why it is given back.
    let heir = heir_of(path, mark);
    let ended = || {
        if link(path, &heir)? {
            if is_of(path, mark)? {
                fs::remove_file(path)?;
            }
            fs::remove_file(&heir)?;
        }
        Ok(())
    };
    ended().or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
}

/// Gives a file with one name another, which nothing has; says whether it did.
fn link(file: &Path, name: &Path) -> io::Result<bool> {
    match fs::hard_link(file, name) {
        // Where NFS repeats a request whose answer was lost, it finds what it did itself.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let file = fs::metadata(file)?;
            match fs::metadata(name) {
                // It went away meanwhile.
                Err(error) if is_gone(&error) => Ok(false),
                found => found.map(|found| (found.dev(), found.ino()) == (file.dev(), file.ino())),
            }
        }
        linked => linked.map(|()| true),
    }
}

/// True if a file is not there, or no longer.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::STALE.raw_os_error())
}

#[cfg(test)]
mod tests;
