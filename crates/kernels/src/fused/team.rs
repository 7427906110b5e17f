//! The threads that help the calling thread with a pass.
//!
//! A step of training calls the kernel twice within a millisecond or two, and a sleeping thread takes a good part
//! of that to wake up. So these look out for the next call for a moment before they sleep.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread looks out for work before it sleeps.
const LOOKOUT: Duration = Duration::from_millis(1);

/// What all threads do at once, each taking what the others have not.
type Work<'a> = &'a (dyn Fn() + Sync);

/// Does `work` on this thread and, at the same time, on up to `helpers` others; on this one alone while the
/// others help another caller. Returns when all have come back from it.
///
/// # Panics
///
/// If `work` does, on any thread.
pub(super) fn together(helpers: usize, work: Work) {
    static TEAM: LazyLock<Mutex<Team>> = LazyLock::new(Mutex::default);
    if helpers == 0 {
        return work();
    }
    match TEAM.try_lock() {
        Ok(mut team) => team.call(helpers, work),
        // A caller that panicked has left nothing behind.
        Err(TryLockError::Poisoned(team)) => team.into_inner().call(helpers, work),
        Err(TryLockError::WouldBlock) => work(),
    }
}

#[derive(Default)]
struct Team {
    board: Arc<Board>,
    /// Helpers that have been started.
    hired: usize,
}

/// Where the caller and its helpers meet.
#[derive(Default)]
struct Board {
    /// How many calls there have been; helpers look out for its change.
    calls: AtomicUsize,
    call: Mutex<Call>,
    /// Told when there is a call.
    changed: Condvar,
    /// How many helpers are at work; the caller looks out for zero.
    busy: AtomicUsize,
}

#[derive(Default)]
struct Call {
    work: Option<Work<'static>>,
    /// How many helpers may still come.
    wanted: usize,
    /// What a helper died of.
    panic: Option<Box<dyn std::any::Any + Send>>,
}

impl Board {
    fn call(&self) -> MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Team {
    fn call(&mut self, helpers: usize, work: Work) {
        while self.hired < helpers {
            let board = self.board.clone();
            let helper = thread::Builder::new().name("recurrence".to_owned());
            // Without it there is less help, but the work gets done.
            let _ = helper.spawn(move || help(&board));
            self.hired += 1;
        }
        let board = &*self.board;
        // SAFETY: the reference goes to helpers only through `board.call`, from which it is taken back below;
        // then this waits for those that have it. Both happen though `work` panics here.
        let shared = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        let mut call = board.call();
        *call = Call { work: Some(shared), wanted: helpers, panic: None };
        // While the call is locked: a helper that has just found no call would sleep through this one.
        board.calls.fetch_add(1, Ordering::Release);
        drop(call);
        board.changed.notify_all();

        let own = catch_unwind(AssertUnwindSafe(work));
        board.call().work = None;
        while board.busy.load(Ordering::Acquire) > 0 {
            look_out();
        }
        let theirs = board.call().panic.take();
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }
}

/// The life of a helper.
fn help(board: &Board) {
    let mut seen = 0;
    loop {
        let begin = Instant::now();
        while board.calls.load(Ordering::Acquire) == seen && begin.elapsed() < LOOKOUT {
            look_out();
        }
        let mut call = board.call();
        while board.calls.load(Ordering::Acquire) == seen {
            call = board.changed.wait(call).unwrap_or_else(PoisonError::into_inner);
        }
        seen = board.calls.load(Ordering::Acquire);
        let Some(work) = call.work.filter(|_| call.wanted > 0) else { continue };
        call.wanted -= 1;
        // While the call is locked, so that the caller sees either this or that the work is still there.
        board.busy.fetch_add(1, Ordering::AcqRel);
        drop(call);
        let result = catch_unwind(AssertUnwindSafe(work));
        if let Err(panic) = result {
            board.call().panic = Some(panic);
        }
        board.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Waits for about a hundred nanoseconds; others may have the processor.
fn look_out() {
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
                        together(jobs % 4, &|| {
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
                together(2, &|| {
                    while next.fetch_add(1, Ordering::Relaxed) < 40 {
                        assert!(next.load(Ordering::Relaxed) != 20, "meant to be");
                    }
                });
            };
            let _ = catch_unwind(AssertUnwindSafe(call));
            let whole = AtomicUsize::new(0);
            together(2, &|| {
                whole.fetch_add(1, Ordering::Relaxed);
            });
            assert!((1..=3).contains(&whole.into_inner()));
        }
        assert!(catch_unwind(|| together(2, &|| panic!("meant to be"))).is_err());
    }

    #[test]
    fn a_panic_of_a_helper_reaches_the_caller() {
        let on_a_helper = || thread::current().name() == Some("recurrence");
        // The team may be with another test, and then nobody helps.
        let reached = (0..1000).any(|_| {
            let began = Instant::now();
            let helped = AtomicUsize::new(0);
            let call = || {
                together(1, &|| {
                    if on_a_helper() {
                        helped.store(1, Ordering::Release);
                        panic!("meant to be");
                    }
                    while helped.load(Ordering::Acquire) == 0 && began.elapsed() < Duration::from_millis(20) {
                        look_out();
                    }
                });
            };
            let ended = catch_unwind(AssertUnwindSafe(call));
            assert_eq!(ended.is_err(), helped.load(Ordering::Acquire) == 1);
            ended.is_err()
        });
        assert!(reached);
    }
}
