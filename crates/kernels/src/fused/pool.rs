//! The worker threads that share a pass with the calling thread.
//!
//! A training step calls the kernel twice within a millisecond or two, and a sleeping thread takes much of that time to
//! wake up. So a worker spins for a moment, waiting for the next call, before it sleeps.
//!
//! A call proceeds as follows:
//!
//! 1. The caller publishes the work and bumps the generation, both under the lock.
//! 2. It notifies the sleeping workers; spinning ones see the new generation by themselves.
//! 3. It works too. A worker that finds the work published takes it, and raises `busy`, under the lock.
//! 4. Having done its share, the caller takes the work back, under the lock: no worker can take it any more.
//! 5. It spins until `busy` is zero: every worker that took the work has finished.
//!
//! `busy` rises under the lock, so taking the work and being counted are one atomic step: a worker either takes the
//! work before step 4, and step 5 waits for it, or finds it gone. So the work, which is borrowed from the caller's
//! stack, is never used after the call has returned.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// Time that a worker spins for work before it sleeps.
const SPIN_BEFORE_SLEEP: Duration = Duration::from_millis(1);

/// The function that all threads run at once, each taking jobs that the others have not.
type Work<'a> = &'a (dyn Fn() + Sync);

/// Runs `work` on this thread and, at the same time, on up to `workers` others; on this one alone while the pool serves
/// another caller. Returns when all have finished.
///
/// # Panics
///
/// If `work` panics, on any thread.
pub(super) fn run_on_pool(workers: usize, work: Work) {
    static POOL: LazyLock<Mutex<WorkerPool>> = LazyLock::new(Mutex::default);
    if workers == 0 {
        return work();
    }
    match POOL.try_lock() {
        Ok(mut pool) => pool.run(workers, work),
        // A caller that panicked leaves no work behind.
        Err(TryLockError::Poisoned(pool)) => pool.into_inner().run(workers, work),
        Err(TryLockError::WouldBlock) => work(),
    }
}

#[derive(Default)]
struct WorkerPool {
    shared: Arc<Shared>,
    /// Number of workers spawned.
    spawned: usize,
}

/// State shared by the caller and its workers.
#[derive(Default)]
struct Shared {
    /// Number of calls so far; workers wait for it to change.
    generation: AtomicUsize,
    call: Mutex<Call>,
    /// Notified of each call.
    changed: Condvar,
    /// Number of workers at work; the caller waits for zero.
    busy: AtomicUsize,
}

#[derive(Default)]
struct Call {
    work: Option<Work<'static>>,
    /// Number of workers that may still take the work.
    wanted: usize,
    /// The payload of a worker's panic.
    panic: Option<Box<dyn std::any::Any + Send>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkerPool {
    fn run(&mut self, workers: usize, work: Work) {
        while self.spawned < workers {
            let shared = self.shared.clone();
            let worker = thread::Builder::new().name("recurrence".to_owned());
            // If this fails, fewer threads share the work, but it still gets done.
            let _ = worker.spawn(move || worker_loop(&shared));
            self.spawned += 1;
        }
        let shared = &*self.shared;
        // SAFETY: the reference goes to workers only through `shared.call`, from which it is taken back below; then
        // this waits for the workers that have it. Both happen even if `work` panics here.
        let published = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        let mut call = shared.lock();
        *call = Call { work: Some(published), wanted: workers, panic: None };
        // Under the lock, or a worker that has just seen the old generation would sleep through this call.
        shared.generation.fetch_add(1, Ordering::Release);
        drop(call);
        shared.changed.notify_all();

        let own = catch_unwind(AssertUnwindSafe(work));
        shared.lock().work = None;
        while shared.busy.load(Ordering::Acquire) > 0 {
            spin();
        }
        let theirs = shared.lock().panic.take();
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }
}

/// Waits for calls and takes part in them, for as long as the process lives.
fn worker_loop(shared: &Shared) {
    let mut seen = 0;
    loop {
        let begin = Instant::now();
        while shared.generation.load(Ordering::Acquire) == seen && begin.elapsed() < SPIN_BEFORE_SLEEP {
            spin();
        }
        let mut call = shared.lock();
        while shared.generation.load(Ordering::Acquire) == seen {
            call = shared.changed.wait(call).unwrap_or_else(PoisonError::into_inner);
        }
        seen = shared.generation.load(Ordering::Acquire);
        let Some(work) = call.work.filter(|_| call.wanted > 0) else { continue };
        call.wanted -= 1;
        // Under the lock, so that a caller that takes the work back after this waits for this worker.
        shared.busy.fetch_add(1, Ordering::AcqRel);
        drop(call);
        let result = catch_unwind(AssertUnwindSafe(work));
        if let Err(panic) = result {
            shared.lock().panic = Some(panic);
        }
        shared.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Waits for about a hundred nanoseconds, and lets other threads have the processor.
fn spin() {
    (0..16).for_each(|_| std::hint::spin_loop());
    thread::yield_now();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_work_is_done_whoever_calls() {
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for jobs in 0..500 {
                        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
                        run_on_pool(jobs % 4, &|| {
                            while next.fetch_add(1, Ordering::Relaxed) < jobs {
                                done.fetch_add(1, Ordering::Relaxed);
                            }
                        });
                        assert_eq!(done.into_inner(), jobs);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_next_call_is_as_good() {
        for _ in 0..50 {
            let next = AtomicUsize::new(0);
            let call = || {
                run_on_pool(2, &|| {
                    while next.fetch_add(1, Ordering::Relaxed) < 40 {
                        assert!(next.load(Ordering::Relaxed) != 20, "meant to be");
                    }
                });
            };
            let _ = catch_unwind(AssertUnwindSafe(call));
            let whole = AtomicUsize::new(0);
            run_on_pool(2, &|| {
                whole.fetch_add(1, Ordering::Relaxed);
            });
            assert!((1..=3).contains(&whole.into_inner()));
        }
        assert!(catch_unwind(|| run_on_pool(2, &|| panic!("meant to be"))).is_err());
    }

    #[test]
    fn a_panic_of_a_worker_reaches_the_caller() {
        let on_a_worker = || thread::current().name() == Some("recurrence");
        // The pool may be serving another test, and then no worker joins.
        let reached = (0..1000).any(|_| {
            let began = Instant::now();
            let taken = AtomicUsize::new(0);
            let call = || {
                run_on_pool(1, &|| {
                    if on_a_worker() {
                        taken.store(1, Ordering::Release);
                        panic!("meant to be");
                    }
                    while taken.load(Ordering::Acquire) == 0 && began.elapsed() < Duration::from_millis(20) {
                        spin();
                    }
                });
            };
            let ended = catch_unwind(AssertUnwindSafe(call));
            assert_eq!(ended.is_err(), taken.load(Ordering::Acquire) == 1);
            ended.is_err()
        });
        assert!(reached);
    }
}
