use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use tempfile::TempDir;

use super::*;

/// A renewal is soon due, and no lease runs out before a test makes it look old.
const TERMS: LeaseTerms = LeaseTerms { renewal: Duration::from_millis(1), expiry: Duration::from_secs(600) };

/// A folder and a lease in it that nobody has.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.lease");
    (folder, path)
}

fn owner(host: &str) -> LeaseOwner {
    LeaseOwner::new(host, 1).unwrap()
}

fn take(path: &Path, host: &str) -> Option<Lease> {
    Lease::take(path, &owner(host), TERMS).unwrap()
}

/// Makes a lease look as if it had not been renewed for an hour.
fn age(path: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path).unwrap().set_modified(hour_ago).unwrap();
}

/// The names in a folder.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_lease_is_one_owners_until_it_is_given_back() {
    let (folder, path) = place();
    let here = owner("here");
    let lease = Lease::take(&path, &here, TERMS).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<LeaseOwner>(&fs::read(&path).unwrap()).unwrap(), here);
    // Another machine, and another process with the same name and number.
    for other in ["there", "here"] {
        assert!(take(&path, other).is_none(), "{other}");
    }
    assert!(lease.renew().unwrap());
    drop(lease);
    assert_eq!(names(&folder), [""; 0], "nothing is left of it");
    assert!(take(&path, "there").is_some());
}

#[test]
fn a_lease_that_is_not_renewed_is_anybodys() {
    let (folder, path) = place();
    let clock = FileSystemClock::new(folder.path());
    let lost = take(&path, "here").unwrap();
    assert!(is_leased(&path, &clock, TERMS));
    age(&path);
    assert!(!is_leased(&path, &clock, TERMS));
    let taken = take(&path, "there").unwrap();
    assert!(is_leased(&path, &clock, TERMS));
    // The first owner lives: it learns that the lease is lost, and leaves the other's alone.
    assert!(!lost.renew().unwrap());
    drop(lost);
    assert!(taken.renew().unwrap());
    assert_eq!(names(&folder), ["one.lease"]);
}

#[test]
fn a_lease_that_is_renewed_does_not_run_out() {
    let (folder, path) = place();
    let lease = take(&path, "here").unwrap();
    age(&path);
    assert!(lease.renew().unwrap());
    assert!(is_leased(&path, &FileSystemClock::new(folder.path()), TERMS));
    assert!(take(&path, "there").is_none());
}

/// The clock of the file server was set back, or the folder was copied from where it is ahead.
#[test]
fn a_lease_from_the_future_that_stays_as_it_is_runs_out() {
    let terms = LeaseTerms { renewal: Duration::from_millis(1), expiry: Duration::from_millis(20) };
    let (folder, path) = place();
    let clock = FileSystemClock::new(folder.path());
    let in_an_hour = |path: &Path| {
        let time = SystemTime::now() + Duration::from_secs(3600);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    };
    std::mem::forget(Lease::take(&path, &owner("dead"), terms).unwrap());
    in_an_hour(&path);
    assert!(is_leased(&path, &clock, terms), "its owner may live");
    assert_eq!(lease_owner(&path).unwrap().host, "dead");
    assert!(!is_leased_when_watched(&path, &clock, terms));
    let lease = Lease::take(&path, &owner("here"), terms).unwrap().unwrap();
    // One that lives gives it a time of now.
    in_an_hour(&path);
    assert!(is_leased(&path, &clock, TERMS));
    assert!(lease.renew().unwrap());
    assert!(take(&path, "there").is_none());
}

/// A process that was stopped together with the others, or cut off from the files, renews as soon as it goes on.
#[test]
fn an_owner_that_renews_while_it_is_waited_for_keeps_the_lease() {
    let (_folder, path) = place();
    let lease = take(&path, "here").unwrap();
    age(&path);
    let waits = LeaseTerms { renewal: Duration::from_millis(300), ..TERMS };
    let taker = {
        let path = path.clone();
        thread::spawn(move || Lease::take(&path, &owner("there"), waits).unwrap().is_none())
    };
    while !taker.is_finished() {
        lease.renew().unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    assert!(taker.join().unwrap());
}

#[test]
fn a_lease_that_is_kept_is_renewed_and_its_loss_is_told() {
    let (folder, path) = place();
    let (told, loss) = channel();
    let kept = take(&path, "here").unwrap().keep(TERMS.renewal, move || told.send(()).unwrap());
    age(&path);
    let clock = FileSystemClock::new(folder.path());
    while !is_leased(&path, &clock, TERMS) {
        thread::sleep(TERMS.renewal);
    }
    assert!(kept.is_held());
    // As a taker finds it who saw it before it was renewed.
    fs::remove_file(&path).unwrap();
    let other = take(&path, "there").unwrap();
    loss.recv().unwrap();
    assert!(!kept.is_held());
    drop(kept);
    assert!(other.renew().unwrap());
}

#[test]
fn a_lease_is_given_back_for_a_dead_owner_and_for_no_other() {
    let (folder, path) = place();
    let dead = take(&path, "here").unwrap();
    let mark = dead.mark().to_owned();
    std::mem::forget(dead);
    end_lease(&path, &mark).unwrap();
    assert_eq!(names(&folder), [""; 0]);
    let other = take(&path, "there").unwrap();
    end_lease(&path, &mark).unwrap();
    assert!(other.renew().unwrap());
}

/// Killed between its two steps.
#[test]
fn a_heir_that_died_has_a_heir_itself() {
    let (folder, path) = place();
    std::mem::forget(take(&path, "first"));
    let mut last = path.clone();
    for dead in ["second", "third"] {
        let heir = heir_of(&last, &Seen::at(&last).unwrap().unwrap().mark);
        std::mem::forget(take(&heir, dead));
        assert!(take(&path, "fourth").is_none(), "the last of them may live");
        age(&last);
        assert!(take(&path, "fourth").is_none(), "the last of them may live");
        last = heir;
    }
    age(&last);
    let lease = take(&path, "fourth").unwrap();
    assert!(lease.renew().unwrap());
    assert_eq!(names(&folder), ["one.lease"]);
}

#[test]
fn an_owner_that_died_as_it_gave_back_has_a_heir() {
    let (folder, path) = place();
    let dead = take(&path, "here").unwrap();
    fs::hard_link(&path, heir_of(&path, dead.mark())).unwrap();
    std::mem::forget(dead);
    assert!(take(&path, "there").is_none());
    age(&path);
    let lease = take(&path, "there").unwrap();
    assert!(lease.renew().unwrap());
    assert_eq!(names(&folder), ["one.lease"]);
}

#[test]
fn whatever_is_in_the_place_of_a_lease_goes_stale_as_well() {
    let (_folder, path) = place();
    fs::write(&path, "no lease").unwrap();
    assert!(take(&path, "here").is_none());
    age(&path);
    assert!(take(&path, "here").is_some());
}

#[test]
fn of_many_that_take_a_stale_lease_one_gets_it() {
    for _ in 0..50 {
        let (folder, path) = place();
        std::mem::forget(take(&path, "dead"));
        age(&path);
        let start = Barrier::new(16);
        let leases: Vec<Lease> = thread::scope(|scope| {
            let takers = [(); 16].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    take(&path, "taker")
                })
            });
            takers.into_iter().filter_map(|taker| taker.join().unwrap()).collect()
        });
        assert_eq!(leases.len(), 1);
        assert!(leases[0].renew().unwrap());
        assert_eq!(names(&folder), ["one.lease"]);
    }
}

/// Owners give back, or die and leave a lease that runs out, while all others try.
#[test]
fn a_lease_never_has_two_owners() {
    let (folder, path) = place();
    let owners = AtomicUsize::new(0);
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for attempt in 0..100 {
                    let Some(lease) = take(&path, "owner") else { continue };
                    assert_eq!(owners.fetch_add(1, Ordering::SeqCst), 0);
                    taken.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    assert!(lease.renew().unwrap());
                    owners.fetch_sub(1, Ordering::SeqCst);
                    if attempt % 2 == 0 {
                        age(&path);
                        std::mem::forget(lease);
                    }
                }
            });
        }
    });
    assert!(taken.into_inner() > 10);
    let left = names(&folder);
    assert!(left.len() <= 1, "{left:?}");
}
