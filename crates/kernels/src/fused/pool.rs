//! The worker threads that share a pass with the calling thread.
//!
//! A step of training calls the kernel twice within a millisecond or two, and a sleeping thread takes a good part
//! of that to wake up. So a worker spins for a moment, waiting for the next call, before it sleeps.
//!
//! A call takes these steps:
//!
//! 1. The caller publishes the work and bumps the generation, both under the lock.
//! 2. It notifies the workers that sleep; those that spin see the new generation by themselves.
//! 3. It works too. A worker that finds the work published takes it, and raises `busy`, under the lock.
//! 4. The caller has done its share and takes the work back, under the lock: no worker can take it any more.
//! 5. It spins until `busy` is zero: every worker that took the work has come back from it.
//!
//! `busy` rises under the lock so that nothing comes between taking the work and being counted: a worker takes it
//! before step 4, and step 5 waits for it, or finds it gone. So the work, which is borrowed from the caller's stack,
//! is never used after the call has returned.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a worker spins for work before it sleeps.
const SPIN_BEFORE_SLEEP: Duration = Duration::from_millis(1);

/// What all threads do at once, each taking what the others have not.
type Work<'a> = &'a (dyn Fn() + Sync);

/// Does `work` on this thread and, at the same time, on up to `workers` others; on this one alone while the pool works
/// for another caller. Returns when all have come back from it.
///
/// # Panics
///
/// If `work` does, on any thread.
pub(super) fn run_on_pool(workers: usize, work: Work) {
    static POOL: LazyLock<Mutex<WorkerPool>> = LazyLock::new(Mutex::default);
    if workers == 0 {
        return work();
    }
    match POOL.try_lock() {
        Ok(mut pool) => pool.run(workers, work),
        // A caller that panicked has left nothing behind.
        Err(TryLockError::Poisoned(pool)) => pool.into_inner().run(workers, work),
        Err(TryLockError::WouldBlock) => work(),
    }
}

#[derive(Default)]
struct WorkerPool {
    shared: Arc<Shared>,
    /// Workers that have been spawned.
    spawned: usize,
}

/// What the caller and its workers share.
#[derive(Default)]
struct Shared {
    /// How many calls there have been; workers wait for its change.
    generation: AtomicUsize,
    call: Mutex<Call>,
    /// Notified when there is a call.
    changed: Condvar,
    /// How many workers are at work; the caller waits for zero.
    busy: AtomicUsize,
}

#[derive(Default)]
struct Call {
    work: Option<Work<'static>>,
    /// How many workers may still take it.
    wanted: usize,
    /// What a worker panicked with.
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
            // Without it there are fewer at work, but the work gets done.
            let _ = worker.spawn(move || worker_loop(&shared));
            self.spawned += 1;
        }
        let shared = &*self.shared;
        // SAFETY: the reference goes to workers only through `shared.call`, from which it is taken back below;
        // then this waits for those that have it. Both happen though `work` panics here.
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

/// Waits for about a hundred nanoseconds; others may have the processor.
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
        // The pool may be with another test, and then no worker comes.
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
