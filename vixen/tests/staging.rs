//! The staging pool on a device, under validation. Its steps in every interleaving are checked in `memory::staging::model`.

mod common;

use common::on_device;
use vixen::memory::{Category, MemoryError, StagingPool, Wait};

const KIB: u64 = 1 << 10;

#[test]
fn blocks_come_in_tiers_and_come_back() {
    on_device(|device| {
        let pool = StagingPool::new(device);
        let sizes = [(1, 64), (65_536, 64), (65_537, 256), (300 * KIB, 1024), (5 << 20, 16 << 10)];
        for (bytes, tier_kib) in sizes {
            let block = pool.checkout(bytes, Wait::Fail).expect("there is room");
            assert_eq!((block.size(), block.buffer().size()), (tier_kib * KIB, tier_kib * KIB), "{bytes} bytes");
            block.buffer().write(0, &[1, 2, 3]).expect("it is mapped");
        }
        let held = pool.statistics();
        assert_eq!((held.made, held.lent, held.idle), (4, 5, [1, 1, 1, 0, 1, 0]));
        assert_eq!(device.budget().staging_usage().reserved, (64 + 256 + 1024 + (16 << 10)) * KIB);
        // From now on nothing is made; the next tier lends a hand.
        let blocks: Vec<_> = (0..2).map(|_| pool.checkout(1, Wait::Fail).expect("there is room")).collect();
        assert_eq!((blocks[0].size(), blocks[1].size(), pool.statistics().made), (64 * KIB, 256 * KIB, 4));
        drop(blocks);
        pool.trim();
        assert_eq!((pool.statistics().blocks, pool.statistics().destroyed), ([0; 6], 4));
        assert_eq!((device.budget().staging_usage().reserved, device.budget().usage().of(Category::Staging)), (0, 0));
    });
}

#[test]
fn a_full_pool_fails_or_waits_as_it_is_told() {
    on_device(|device| {
        device.budget().set_staging_quota(128 * KIB);
        let pool = StagingPool::new(device);
        let [first, second] = [(); 2].map(|()| pool.checkout(1, Wait::Fail).expect("there is room for two"));
        let error = pool.checkout(1, Wait::Fail).expect_err("there is none for a third");
        assert!(
            matches!(error, MemoryError::StagingQuota { requested: 65_536, reserved: 131_072, quota: 131_072, .. }),
            "{error}"
        );
        // What can never be had is refused at once.
        pool.checkout(200 * KIB, Wait::Block).expect_err("its tier is larger than the quota");
        pool.checkout(65 << 20, Wait::Block).expect_err("there is no such tier");
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| pool.checkout(1, Wait::Block).expect("it waits"));
            while pool.statistics().waits == 0 {
                std::thread::yield_now();
            }
            drop(first);
            assert_eq!(waiter.join().expect("it does not panic").size(), 64 * KIB);
        });
        drop(second);
    });
}

#[test]
fn small_blocks_make_way_for_a_large_one() {
    on_device(|device| {
        device.budget().set_staging_quota(256 * KIB);
        let pool = StagingPool::new(device);
        pool.warm(1, 4).expect("there is room for four");
        assert_eq!(pool.statistics().idle[0], 4);
        let large = pool.checkout(256 * KIB, Wait::Fail).expect("the small ones are idle");
        assert_eq!((pool.statistics().blocks, pool.statistics().destroyed), ([0, 1, 0, 0, 0, 0], 4));
        drop(large);
        // What was asked to be kept comes back between frames as soon as there is room.
        pool.trim();
        pool.adapt();
        assert_eq!(pool.statistics().idle, [4, 0, 0, 0, 0, 0]);
    });
}

#[test]
fn eight_threads_never_share_a_block() {
    on_device(|device| {
        device.budget().set_staging_quota(1 << 20);
        let pool = StagingPool::new(device);
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let pool = &pool;
                scope.spawn(move || {
                    for round in 0..400_u64 {
                        let bytes = [1, 64 * KIB, 200 * KIB][((thread + round) % 3) as usize];
                        let block = pool.checkout(bytes, Wait::Block).expect("it waits");
                        let mark = ((thread << 32) | round).to_le_bytes();
                        let mut found = [0; 8];
                        block.buffer().write((bytes - 1) & !7, &mark).expect("it is mapped");
                        std::thread::yield_now();
                        block.buffer().read((bytes - 1) & !7, &mut found).expect("it is mapped");
                        assert_eq!(found, mark, "somebody else wrote into thread {thread}'s block");
                        match round % 50 {
                            10 => pool.trim(),
                            20 => pool.end_frame(),
                            30 => pool.adapt(),
                            _ => {}
                        }
                    }
                });
            }
        });
        let usage = device.budget().staging_usage();
        assert!(usage.peak <= usage.limit, "{usage:?}");
        pool.trim();
        assert_eq!((pool.statistics().blocks, device.budget().staging_usage().reserved), ([0; 6], 0));
    });
}
