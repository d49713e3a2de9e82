// Accounts of balances only, as columns of bytes: most of a large hub are these. `docs/columns.md`
// has the layout.

/** The amounts of a row. */
export interface Balances {
  readonly collateral: unknown;
  readonly ondelta: unknown;
  readonly offdelta: unknown;
  readonly leftCreditLimit: unknown;
  readonly rightCreditLimit: unknown;
  readonly leftHold: unknown;
  readonly rightHold: unknown;
}

/** Rows of accounts, one after another. */
export class Columns {
  /** The account of each row. */
  readonly #ids: string[] = [];
  /** How many rows belong to whole accounts. */
  #whole = 0;
  /** How many rows there is room for. */
  #room: number;
  #tokens: Uint32Array;
  readonly #collateral = new Column(false);
  readonly #ondelta = new Column(true);
  readonly #offdelta = new Column(true);
  readonly #leftLimit = new Column(false);
  readonly #rightLimit = new Column(false);
  readonly #leftHold = new Column(false);
  readonly #rightHold = new Column(false);
  readonly #all = [this.#collateral, this.#ondelta, this.#offdelta, this.#leftLimit, this.#rightLimit, this.#leftHold, this.#rightHold];

  /** Room for so many rows at first. */
  constructor(rows = 16) {
    this.#room = Math.max(rows, 1);
    this.#tokens = new Uint32Array(this.#room);
  }

  /** How many rows there are. */
  get size(): number {
    return this.#whole;
  }

  /** Adds a row; whether columns can hold it. What is absent is zero. */
  add(id: string, token: unknown, row: Balances): boolean {
    if (typeof token !== "number" || !Number.isInteger(token) || token < 1 || token > LARGEST_TOKEN) return false;
    const at = this.#ids.length;
    if (at === this.#room) this.#grow();
    const room = this.#room;
    const fits =
      this.#collateral.set(room, at, row.collateral) &&
      this.#ondelta.set(room, at, row.ondelta) &&
      this.#offdelta.set(room, at, row.offdelta) &&
      this.#leftLimit.set(room, at, row.leftCreditLimit) &&
      this.#rightLimit.set(room, at, row.rightCreditLimit) &&
      this.#leftHold.set(room, at, row.leftHold) &&
      this.#rightHold.set(room, at, row.rightHold);
    if (!fits) return false;
    this.#tokens[at] = token;
    this.#ids.push(id);
    return true;
  }

  /** The rows since the last call are a whole account. */
  keep(): void {
    this.#whole = this.#ids.length;
  }

  /** Takes back the rows since the last account. */
  drop(): void {
    for (const column of this.#all) column.clear(this.#whole, this.#ids.length);
    this.#ids.length = this.#whole;
  }

  /** The bytes that the book takes. */
  bytes(): Uint8Array {
    const rows = this.#whole;
    const ids = ENCODER.encode(this.#ids.join("\n"));
    const filled = this.#all.filter((column) => column.used);
    const bytes = new Uint8Array(16 + filled.length * rows * 16 + rows * 4 + ids.length);
    let present = 0;
    for (const [place, column] of this.#all.entries()) if (column.used) present |= 1 << place;
    bytes.set(MAGIC);
    const header = new DataView(bytes.buffer);
    for (const [place, word] of [rows, present, ids.length].entries()) header.setUint32(4 + place * 4, word, true);
    let at = 16;
    for (const column of filled) {
      bytes.set(column.bytes(rows), at);
      at += rows * 16;
    }
    bytes.set(new Uint8Array(this.#tokens.buffer, 0, rows * 4), at);
    bytes.set(ids, at + rows * 4);
    return bytes;
  }

  #grow(): void {
    this.#room *= 2;
    const more = new Uint32Array(this.#room);
    more.set(this.#tokens);
    this.#tokens = more;
    for (const column of this.#all) column.grow(this.#room);
  }
}

const ENCODER = new TextEncoder();
const MAGIC = ENCODER.encode("TTC1");
const LARGEST_TOKEN = 65_535;

const HALF = 1n << 63n;
const MOST = 1n << 127n;
const NO_WORDS = new BigInt64Array(0);

/** One column of amounts: two words each, the lower first, negative ones in two's complement. */
class Column {
  #words: BigInt64Array = NO_WORDS;
  /** Whether an amount was not zero. */
  used = false;

  constructor(readonly signed: boolean) {}

  /** Writes an amount where there is room for so many; whether it fits. A place that was never written is zero. */
  set(room: number, row: number, amount: unknown): boolean {
    if (amount === 0n || amount === undefined) return true;
    if (typeof amount !== "bigint") return false;
    if (!this.used) {
      this.#words = new BigInt64Array(room * 2);
      this.used = true;
    }
    if (amount > 0n) {
      if (amount >= HALF) {
        if (amount >= MOST) return false;
        this.#words[row * 2 + 1] = amount >> 64n;
      }
    } else {
      if (!this.signed || amount < -MOST) return false;
      this.#words[row * 2 + 1] = amount >= -HALF ? -1n : amount >> 64n;
    }
    this.#words[row * 2] = amount;
    return true;
  }

  /** Makes rows zero again. */
  clear(first: number, end: number): void {
    this.#words.fill(0n, first * 2, end * 2 + 2);
  }

  grow(room: number): void {
    if (!this.used) return;
    const more = new BigInt64Array(room * 2);
    more.set(this.#words);
    this.#words = more;
  }

  bytes(rows: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, rows * 16);
  }
}
