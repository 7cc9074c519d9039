//! Which block a request gets: the pool's state without a device and without a lock, so that every interleaving of its steps
//! can be checked.

/// The sizes that blocks come in.
pub(crate) const TIERS: [u64; 6] = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20];

/// For how many frames the greatest demand is remembered, at least.
const WINDOW: u32 = 32;

/// The smallest tier that holds this many bytes.
pub(crate) fn tier_of(bytes: u64) -> Option<usize> {
    TIERS.iter().position(|&size| bytes <= size)
}

/// Every tier of a pool of blocks `B`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tiers<B> {
    tiers: [Tier<B>; TIERS.len()],
    /// Frames since the window moved.
    frames: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tier<B> {
    idle: Vec<B>,
    /// Blocks of this size that exist or are being made.
    made: usize,
    /// Requests of this size that are being served or wait, whatever the size of the block that they got.
    wanted: usize,
    /// The most that was wanted at a time: in this window and in the one before.
    demand: [usize; 2],
    /// How many blocks adapting leaves in any case.
    floor: usize,
}

/// What a request is to do next.
#[derive(Debug)]
pub(super) enum Step<B, R, E> {
    /// Take this block of that tier.
    Take(usize, B),
    /// Make a block of its own tier, for which room was reserved; then call [`Tiers::abandon`] if that fails.
    Make(R),
    /// Destroy this block of another tier, tell everyone who waits, and ask again.
    Evict(B),
    /// There is nothing to be had until somebody gives something back.
    Exhausted(E),
}

impl<B> Tiers<B> {
    pub fn new() -> Self {
        let tier = || Tier { idle: Vec::new(), made: 0, wanted: 0, demand: [0; 2], floor: 0 };
        Self { tiers: std::array::from_fn(|_| tier()), frames: 0 }
    }

    /// Somebody wants a block of a tier, until [`Self::unwant`].
    pub fn want(&mut self, asked: usize) {
        let tier = &mut self.tiers[asked];
        tier.wanted += 1;
        tier.demand[0] = tier.demand[0].max(tier.wanted);
    }

    /// The opposite of [`Self::want`].
    pub fn unwant(&mut self, asked: usize) {
        self.tiers[asked].wanted -= 1;
    }

    /// The next step of a request: an idle block of its tier or of the next, else a new one, else any larger one, else room
    /// is made at the cost of other tiers. `reserve` asks for the right to this many bytes more.
    pub fn step<R, E>(&mut self, asked: usize, reserve: impl FnOnce(u64) -> Result<R, E>) -> Step<B, R, E> {
        for tier in asked..TIERS.len().min(asked + 2) {
            if let Some(block) = self.tiers[tier].idle.pop() {
                return Step::Take(tier, block);
            }
        }
        let refused = match reserve(TIERS[asked]) {
            Ok(reservation) => {
                self.begin(asked);
                return Step::Make(reservation);
            }
            Err(refused) => refused,
        };
        for tier in asked + 2..TIERS.len() {
            if let Some(block) = self.tiers[tier].idle.pop() {
                return Step::Take(tier, block);
            }
        }
        for tier in &mut self.tiers[..asked] {
            if let Some(block) = tier.idle.pop() {
                tier.made -= 1;
                return Step::Evict(block);
            }
        }
        Step::Exhausted(refused)
    }

    /// Counts a block that is about to be made, and sees to it that it can be given back without allocating.
    pub fn begin(&mut self, tier: usize) {
        let tier = &mut self.tiers[tier];
        tier.made += 1;
        tier.idle.reserve(tier.made - tier.idle.len());
    }

    /// A block that was begun could not be made.
    pub fn abandon(&mut self, tier: usize) {
        self.tiers[tier].made -= 1;
    }

    /// A block is idle again.
    pub fn give_back(&mut self, tier: usize, block: B) {
        self.tiers[tier].idle.push(block);
    }

    /// Keeps at least this many blocks of a tier from now on; says how many are missing.
    pub fn keep(&mut self, tier: usize, count: usize) -> usize {
        let tier = &mut self.tiers[tier];
        tier.floor = tier.floor.max(count);
        count.saturating_sub(tier.made)
    }

    /// A frame has ended.
    pub fn end_frame(&mut self) {
        self.frames += 1;
        if self.frames >= WINDOW {
            self.frames = 0;
            for tier in &mut self.tiers {
                tier.demand = [tier.wanted, tier.demand[0]];
            }
        }
    }

    /// An idle block that nobody has wanted for a window or two; its tier no longer counts it.
    pub fn surplus(&mut self) -> Option<B> {
        self.tiers.iter_mut().find(|tier| tier.made > tier.target() && !tier.idle.is_empty()).and_then(Tier::remove)
    }

    /// How many blocks of a tier are missing to what was wanted at a time.
    pub fn missing(&self, tier: usize) -> usize {
        self.tiers[tier].target().saturating_sub(self.tiers[tier].made)
    }

    /// Any idle block; its tier no longer counts it.
    pub fn any_idle(&mut self) -> Option<B> {
        self.tiers.iter_mut().find_map(Tier::remove)
    }

    /// How many blocks of a tier exist, and how many of them are idle.
    pub fn count(&self, tier: usize) -> (usize, usize) {
        (self.tiers[tier].made, self.tiers[tier].idle.len())
    }
}

impl<B> Tier<B> {
    fn target(&self) -> usize {
        self.demand[0].max(self.demand[1]).max(self.floor)
    }

    fn remove(&mut self) -> Option<B> {
        let block = self.idle.pop()?;
        self.made -= 1;
        Some(block)
    }
}
