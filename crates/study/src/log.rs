//! The reason why a process failed, from its log and its exit status.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The message that a process ended with.
pub(crate) fn message(log: &str, status: Option<ExitStatus>) -> Option<String> {
    // Where a process succeeded and its result is not there, a warning says why.
    let warning = || status.filter(ExitStatus::success).and_then(|_| last_after(log, "warning: "));
    last_message(log).or_else(warning)
}

/// How a process ended that left no message.
pub(crate) fn end(status: Option<ExitStatus>) -> String {
    match (status.and_then(|status| status.code()), status.and_then(|status| status.signal())) {
        (Some(code), _) => format!("its process ended with code {code} and said nothing"),
        (_, Some(KILLED)) => {
            "its process was killed (signal 9), which the system does where memory runs out".to_owned()
        }
        (_, Some(signal)) => format!("its process was ended by signal {signal}"),
        _ => "its process was ended by a signal".to_owned(),
    }
}

/// The signal that a process cannot refuse.
const KILLED: i32 = 9;

/// The message that a log ends with: what follows the last `error: ` at the beginning of a line, or what a panic said.
fn last_message(log: &str) -> Option<String> {
    // Such as `memory allocation of 8 bytes failed`.
    let panic = || {
        log.find("panicked at")
            .or_else(|| log.find("memory allocation of "))
            .map(|at| log[..at].rfind('\n').map_or(0, |line| line + 1))
    };
    let said = |from: usize| Some(log[from..].trim_end().to_owned()).filter(|message| !message.is_empty());
    last_after(log, "error: ").or_else(|| said(panic()?))
}

/// What follows the last of a mark at the beginning of a line: within a line it may be part of a message.
fn last_after(log: &str, mark: &str) -> Option<String> {
    let begins_a_line = |at: usize| at == 0 || log.as_bytes()[at - 1] == b'\n';
    let at = log.rmatch_indices(mark).map(|(at, _)| at).find(|&at| begins_a_line(at))?;
    Some(log[at + mark.len()..].trim_end().to_owned()).filter(|message| !message.is_empty())
}

#[cfg(test)]
mod tests {
    use super::last_message;

    #[test]
    fn a_message_begins_where_its_line_does() {
        let log = "warning: one setting has no effect\n\
                   error: cannot save the model: Record error: `Record I/O error: No space left on device`\n\
                   free some space, then resume\n";
        let message = last_message(log).unwrap();
        assert!(
            message.starts_with("cannot save the model: Record error: `Record I/O error: No"),
            "{message}"
        );
        assert!(message.ends_with("free some space, then resume"), "{message}");
        assert_eq!(last_message("error: first\nerror: last\n").unwrap(), "last");
    }

    #[test]
    fn a_panic_is_a_message_too() {
        let log = "epoch 1\nthread 'main' panicked at src/step.rs:7:\nI/O error: none left\n";
        let message = last_message(log).unwrap();
        assert_eq!(message, "thread 'main' panicked at src/step.rs:7:\nI/O error: none left");
        assert_eq!(last_message("epoch 1\n"), None);
        assert_eq!(last_message("error: "), None);
    }
}
