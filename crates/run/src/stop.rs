//! A flag that asks for a stop.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

/// Asks whoever holds a clone of it to stop.
#[derive(Clone, Default)]
pub struct StopFlag(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    raised: bool,
    hooks: Vec<Box<dyn FnOnce() + Send>>,
}

impl StopFlag {
    /// One that asks for nothing yet.
    pub fn new() -> StopFlag {
        StopFlag::default()
    }

    /// Asks for a stop, from now on.
    pub fn stop(&self) {
        let hooks = {
            let mut state = self.state();
            state.raised = true;
            std::mem::take(&mut state.hooks)
        };
        hooks.into_iter().for_each(|hook| hook());
    }

    /// True if a stop was asked for.
    pub fn should_stop(&self) -> bool {
        self.state().raised
    }

    /// Does something as soon as a stop is asked for, at once where it was already.
    pub fn on_stop(&self, hook: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        if state.raised {
            drop(state);
            hook();
        } else {
            state.hooks.push(Box::new(hook));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the state")
    }
}

impl fmt::Debug for StopFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StopFlag").field(&self.should_stop()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_hook_is_called_once_whenever_it_was_given() {
        let calls = Arc::new(AtomicUsize::new(0));
        let hook = || {
            let calls = calls.clone();
            move || _ = calls.fetch_add(1, Ordering::Relaxed)
        };
        let flag = StopFlag::new();
        flag.on_stop(hook());
        assert!(!flag.should_stop());
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        flag.clone().stop();
        flag.stop();
        assert!(flag.should_stop());
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        flag.on_stop(hook());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
