//! The memory of an instance grows by a quarter at a time, not page by page.
//!
//! In a JavaScript engine every growth makes a new buffer of the whole memory, and its size is
//! counted again by the garbage collector: a large tick that asked for its megabytes in single
//! pages spent ten seconds in collections. The allocator is the one that Rust's standard library
//! has for this target; only what it asks of the engine is changed.
//!
//! The module has one thread, which is what makes a cell without a lock sound here.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::{Cell, UnsafeCell};

use dlmalloc::{Allocator, Dlmalloc};

#[global_allocator]
static MEMORY: Memory = Memory(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages {
    linked: Cell::new(true),
})));

const PAGE: usize = 64 * 1024;

/// The end of the address space: what lies there is left out, so that no pointer wraps around.
const LAST_BYTES: usize = 16;

struct Memory(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: the module is built without threads, so nothing is ever shared between two.
unsafe impl Sync for Memory {}

// SAFETY: every call goes to one `Dlmalloc`, which keeps the contract of `GlobalAlloc`. None of its
// functions allocates or calls back, so the cell is borrowed by one of them at a time.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above; the layout is the caller's promise.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller got the pointer from here, with this layout.
        unsafe { (*self.0.get()).free(pointer, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller got the pointer from here, with this layout.
        unsafe { (*self.0.get()).realloc(pointer, layout.size(), layout.align(), size) }
    }
}

/// Where the allocator's memory comes from.
struct Pages {
    /// Whether what the linker left behind the module's data is still to be given out.
    linked: Cell<bool>,
}

// SAFETY: `alloc` gives memory that is nobody else's: what the linker reserved for the heap, once,
// then pages that the engine has just added. Nothing is ever taken back.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (base, length) = self.left_by_linker(size).unwrap_or_else(|| grown(size));
        (base as *mut u8, length, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

// SAFETY: the module has one thread.
unsafe impl Send for Pages {}

impl Pages {
    fn left_by_linker(&self, size: usize) -> Option<(usize, usize)> {
        unsafe extern "C" {
            static __heap_base: u8;
            static __heap_end: u8;
        }
        if !self.linked.take() {
            return None;
        }
        let base = &raw const __heap_base as usize;
        let end = &raw const __heap_end as usize;
        let length = end.checked_sub(base)?;
        (base != 0 && length >= size).then_some((base, length))
    }
}

/// A quarter of the memory, or what is wanted if that is more or if the host allows no more.
fn grown(size: usize) -> (usize, usize) {
    let wanted = size.div_ceil(PAGE);
    let generous = wanted.max(memory_size(0) / 4);
    pages(generous).or_else(|| pages(wanted)).unwrap_or((0, 0))
}

fn pages(count: usize) -> Option<(usize, usize)> {
    let first = memory_grow(0, count);
    if first == usize::MAX {
        return None;
    }
    let base = first * PAGE;
    let length = count * PAGE;
    let at_the_end = base.wrapping_add(length) == 0;
    Some((
        base,
        if at_the_end {
            length - LAST_BYTES
        } else {
            length
        },
    ))
}
