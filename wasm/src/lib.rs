//! The one WebAssembly module of trimtab: the surface for JavaScript and the raw surface.
