;; A policy in a hundred lines: it answers hub.plan with a plan that does nothing, and every other
;; operation with the error unknown_operation. While a batch is on its way it refuses to plan: a batch
;; that is stuck has to be taken back, and this policy cannot tell.
;;
;;   wat2wasm minimal.wat && trimtab check minimal.wasm
(module
  ;; At most 16 pages: what is declared is shown by `trimtab check`.
  (memory (export "memory") 1 16)

  ;; An answer is one byte, 0 for a decision and 1 for an error, then canonical JSON.
  (data (i32.const 16) "\00{\22decision\22:{\22actions\22:[]},\22reasons\22:[]}")
  (data (i32.const 128)
    "\01{\22error\22:{\22code\22:\22unknown_operation\22,\22expected\22:\22hub.plan\22,\22field\22:\22op\22,\22got\22:\22another\22}}")

  (data (i32.const 256)
    "\01{\22error\22:{\22code\22:\22out_of_range\22,\22expected\22:\22no batch on its way\22,\22field\22:\22sent\22,\22got\22:\22one\22}}")

  ;; Where the next allocation begins.
  (global $next (mut i32) (i32.const 1024))

  ;; The version of the interface.
  (func (export "tt_abi") (result i32)
    (i32.const 1))

  ;; Gives the host room to write. Takes nothing back: an instance lives for one call.
  (func (export "tt_alloc") (param $length i32) (result i32)
    (local $pointer i32)
    (local.set $pointer (global.get $next))
    ;; A sum that wraps would hand out memory twice.
    (if (i32.gt_u (local.get $length) (i32.sub (i32.const -1) (local.get $pointer)))
      (then (return (i32.const 0))))
    (global.set $next (i32.add (local.get $pointer) (local.get $length)))
    (block $fits
      (br_if $fits
        (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $fits
        (i32.ne
          (memory.grow (i32.add (i32.shr_u (local.get $length) (i32.const 16)) (i32.const 1)))
          (i32.const -1)))
      (return (i32.const 0)))
    (local.get $pointer))

  (func (export "tt_free") (param i32 i32))

  ;; Whether the six bytes of "sent", quotes included, stand anywhere in the input.
  (func $is_sent (param $at i32) (param $length i32) (result i32)
    (local $end i32)
    ;; Eight bytes are read at once; something always follows the name of a field.
    (if (i32.lt_u (local.get $length) (i32.const 8))
      (then (return (i32.const 0))))
    (local.set $end (i32.add (local.get $at) (i32.sub (local.get $length) (i32.const 8))))
    (loop $next_byte
      (if (i64.eq
            (i64.and (i64.load align=1 (local.get $at)) (i64.const 0xffffffffffff))
            (i64.const 0x22746e657322))
        (then (return (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next_byte (i32.le_u (local.get $at) (local.get $end))))
    (i32.const 0))

  ;; A result is pointer << 32 | length.
  (func (export "tt_call")
    (param $op i32) (param $op_length i32) (param $input i32) (param $input_length i32) (result i64)
    ;; "hub.plan" is eight bytes: one comparison.
    (if (i32.eq (local.get $op_length) (i32.const 8))
      (then
        (if (i64.eq (i64.load align=1 (local.get $op)) (i64.const 0x6e616c702e627568))
          (then
            (if (call $is_sent (local.get $input) (local.get $input_length))
              (then (return (i64.or (i64.shl (i64.const 256) (i64.const 32)) (i64.const 94)))))
            (return (i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const 41)))))))
    (i64.or (i64.shl (i64.const 128) (i64.const 32)) (i64.const 90)))

  ;; A module without handles may trap here.
  (func (export "tt_open") (param i32 i32 i32 i32) (result i64) (unreachable))
  (func (export "tt_call_on") (param i32 i32 i32 i32 i32) (result i64) (unreachable))
  (func (export "tt_close") (param i32)))
