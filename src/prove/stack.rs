//! How much of the stack a proof has used.
//!
//! Proofs recurse with the schemas. Most are shallow and run where they are asked for; one that comes too deep is given up and
//! asked again on a thread with a stack of its own.

/// What a proof may use of the stack of its caller.
const INLINE_LIMIT: usize = 384 * 1024;

/// The stack of the second try, and what a proof may use of it: the validator below needs some as well.
const OWN_STACK: usize = 256 * 1024 * 1024;
const OWN_LIMIT: usize = 160 * 1024 * 1024;

#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    base: usize,
    limit: usize,
    /// Set once the limit was met. From then on there is no room: what is given up ends at once.
    pub exceeded: bool,
    /// The work of the budget that earlier tries have spent.
    pub done: u64,
}

impl Stack {
    pub fn inline() -> Stack {
        Stack { base: here(), limit: INLINE_LIMIT, exceeded: false, done: 0 }
    }

    /// Whether there is room to recurse further.
    pub fn has_room(&mut self) -> bool {
        self.exceeded |= self.base.abs_diff(here()) >= self.limit;
        !self.exceeded
    }
}

/// An address in the current frame.
#[inline(never)]
fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

/// Runs `work` on a thread with a large stack; `None` where no such thread can be had.
pub(super) fn with_own_stack<T: Send>(done: u64, work: impl FnOnce(Stack) -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(OWN_STACK)
            .spawn_scoped(scope, || work(Stack { base: here(), limit: OWN_LIMIT, exceeded: false, done }))
            .ok()?
            .join()
            .ok()
    })
}

/// Does two things at once, the first on a thread of its own where one can be had.
pub(super) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    let beside = &one;
    let (first, second) = std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().stack_size(OWN_STACK).spawn_scoped(scope, beside);
        let second = other();
        (beside.ok().and_then(|beside| beside.join().ok()), second)
    });
    (first.unwrap_or_else(one), second)
}
