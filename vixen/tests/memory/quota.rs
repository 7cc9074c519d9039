//! The staging quota.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;

use vixen::memory::{MemoryError, Wait};

use crate::numbers::numbers;

#[test]
fn the_quota_is_exact_to_the_byte() {
    let (_numbers, budget) = numbers(&[1000]);
    assert_eq!(budget.staging_usage().limit, 90, "a tenth of the limit");
    budget.set_staging_quota(100);
    let most = budget.staging("test", 60, Wait::Fail).unwrap();
    let error = budget.staging("test", 41, Wait::Fail).unwrap_err();
    assert_eq!(error, MemoryError::StagingQuota { name: "test".into(), requested: 41, reserved: 60, quota: 100 });
    let rest = budget.staging("test", 40, Wait::Block).unwrap();
    let usage = budget.staging_usage();
    assert_eq!((usage.reserved, usage.peak, usage.waits, rest.bytes()), (100, 100, 0, 40));
    // No wait could help what exceeds the whole quota.
    let error = budget.staging("test", 101, Wait::Block).unwrap_err();
    assert_eq!(error, MemoryError::StagingQuota { name: "test".into(), requested: 101, reserved: 100, quota: 100 });
    assert_eq!(
        budget.staging("test", u64::MAX, Wait::Block).unwrap_err().to_string().matches("smaller pieces").count(),
        1
    );
    drop((most, rest));
    assert_eq!((budget.staging_usage().reserved, budget.staging_usage().peak), (0, 100));
    // Reservations are no memory.
    assert_eq!(budget.usage().in_use, 0);
}

#[test]
fn who_waits_goes_on_when_there_is_room() {
    let (_numbers, budget) = numbers(&[1000]);
    budget.set_staging_quota(100);
    let held = budget.staging("test", 80, Wait::Fail).unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = &budget;
        scope.spawn(move || {
            sender.send(waiting.staging("test", 50, Wait::Block).map(|reservation| reservation.bytes()))
        });
        while budget.staging_usage().waits == 0 {
            std::thread::yield_now();
        }
        assert!(receiver.try_recv().is_err(), "there is no room yet");
        drop(held);
        assert_eq!(receiver.recv().unwrap(), Ok(50));
    });
    assert_eq!(budget.staging_usage().reserved, 0);
}

#[test]
fn a_lower_quota_revokes_nothing_and_wakes_who_waits_in_vain() {
    let (_numbers, budget) = numbers(&[1000]);
    budget.set_staging_quota(100);
    let held = budget.staging("test", 80, Wait::Fail).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| budget.staging("test", 50, Wait::Block).map(|reservation| reservation.bytes()));
        while budget.staging_usage().waits == 0 {
            std::thread::yield_now();
        }
        budget.set_staging_quota(40);
        let error = waiter.join().unwrap().unwrap_err();
        assert_eq!(error, MemoryError::StagingQuota { name: "test".into(), requested: 50, reserved: 80, quota: 40 });
    });
    budget.staging("test", 1, Wait::Fail).unwrap_err();
    drop(held);
    drop(budget.staging("test", 40, Wait::Fail).unwrap());
    budget.set_staging_quota(0);
    budget.staging("test", 1, Wait::Block).unwrap_err();
    assert_eq!(budget.staging("test", 0, Wait::Block).unwrap().bytes(), 0);
}

#[test]
fn a_reservation_outlives_the_handle_of_its_budget() {
    let (numbers, budget) = numbers(&[1000]);
    let reservation = budget.staging("test", 10, Wait::Fail).unwrap();
    drop(budget);
    assert_eq!(std::sync::Arc::strong_count(&numbers), 2);
    drop(reservation);
    assert_eq!(std::sync::Arc::strong_count(&numbers), 1);
}

#[test]
fn eight_threads_share_the_quota_and_all_get_their_turn() {
    let (_numbers, budget) = numbers(&[1000]);
    budget.set_staging_quota(100);
    let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (budget, held, most) = (&budget, &held, &most);
            scope.spawn(move || {
                for round in 0..500_u64 {
                    let bytes = 1 + (thread * 31 + round * 17) % 100;
                    let reservation = budget.staging("test", bytes, Wait::Block).unwrap();
                    let now = held.fetch_add(bytes, Relaxed) + bytes;
                    most.fetch_max(now, Relaxed);
                    held.fetch_sub(bytes, Relaxed);
                    drop(reservation);
                }
            });
        }
    });
    let usage = budget.staging_usage();
    assert!(most.load(Relaxed) <= 100 && usage.peak <= 100, "{usage:?}");
    assert_eq!(usage.reserved, 0);
}
