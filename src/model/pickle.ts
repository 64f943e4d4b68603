/**
 * Python's pickles, as far as files of weights have use for them, read without running anything: a pickle is a program for a
 * machine with a stack, and its instructions to import and call are answered by the caller's own functions, or refused.
 *
 * Source: CPython's `pickletools`; protocol 2, which `torch.save` writes, and what protocols 3 to 5 write for the same values.
 */

/** A value of the pickle. Lists and tuples are arrays, dicts are Maps; what `PickleWorld` makes is whatever it is. */
export type Pickled = unknown;

/** What a pickle can ask for beyond plain values. Each may throw to refuse. */
export interface PickleWorld {
  /** A name it imports: `collections.OrderedDict`. */
  readonly global: (name: string) => Pickled;
  /** A call of something imported. */
  readonly call: (callable: Pickled, args: ReadonlyArray<Pickled>) => Pickled;
  /** An object kept outside of the pickle. */
  readonly persistent: (id: Pickled) => Pickled;
}

/** The bytes are no pickle, or one that does more than files of weights do. */
export class PickleProblem extends Error {
  override readonly name = "PickleProblem";
}

/** @throws PickleProblem, or what `world` throws */
export const readPickle = (bytes: Uint8Array, world: PickleWorld): Pickled => new PickleMachine(bytes, world).run();

const mark = Symbol("mark");

class PickleMachine {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly world: PickleWorld;
  private readonly memo = new Map<number, Pickled>();
  private stack: Array<Pickled> = [];
  private at = 0;

  constructor(bytes: Uint8Array, world: PickleWorld) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.world = world;
  }

  /** Every instruction takes a byte at least and none goes back, so this ends. */
  run(): Pickled {
    for (;;) {
      const code = this.uint8();
      if (code === 0x2e) return this.pop(); // STOP
      const instruction = instructions.get(code);
      if (instruction === undefined)
        throw new PickleProblem(
          `the instruction 0x${code.toString(16)} at ${this.at - 1} has no place in a file of weights`,
        );
      instruction(this);
    }
  }

  private advance(size: number): number {
    const from = this.at;
    if (from + size > this.bytes.length) throw new PickleProblem("it ends in the middle of an instruction");
    this.at += size;
    return from;
  }

  uint8 = (): number => this.bytes[this.advance(1)]!;
  uint16 = (): number => this.view.getUint16(this.advance(2), true);
  uint32 = (): number => this.view.getUint32(this.advance(4), true);
  int32 = (): number => this.view.getInt32(this.advance(4), true);
  uint64 = (): number => Number(this.view.getBigUint64(this.advance(8), true));
  /** The one number that pickles write with its highest byte first. */
  float64 = (): number => this.view.getFloat64(this.advance(8), false);

  text(size: number): string {
    const from = this.advance(size);
    return Buffer.from(this.bytes.subarray(from, from + size)).toString("utf8");
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleProblem("it ends in the middle of a name");
    return this.text(end + 1 - this.at).slice(0, -1);
  }

  /** A whole number of `size` bytes, lowest first, in two's complement. */
  long(size: number): number {
    if (size > 8) throw new PickleProblem(`a whole number has ${size} bytes`);
    const from = this.advance(size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    return Number(BigInt.asIntN(8 * size, value));
  }

  push(value: Pickled): void {
    this.stack.push(value);
  }

  pop(): Pickled {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  top(): Pickled {
    if (this.stack.length === 0 || this.stack.at(-1) === mark)
      throw new PickleProblem("it takes a value where there is none");
    return this.stack.at(-1);
  }

  pushMark(): void {
    this.stack.push(mark);
  }

  /** What was pushed since the last mark. */
  popToMark(): Array<Pickled> {
    const place = this.stack.lastIndexOf(mark);
    if (place < 0) throw new PickleProblem("it takes values up to a mark that is not there");
    const values = this.stack.slice(place + 1);
    this.stack.length = place;
    return values;
  }

  popMany(count: number): Array<Pickled> {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  remember(place: number = this.memo.size): void {
    this.memo.set(place, this.top());
  }

  recall(place: number): void {
    if (!this.memo.has(place)) throw new PickleProblem(`it goes back to value ${place}, which it never remembered`);
    this.push(this.memo.get(place));
  }

  global(module: Pickled, name: Pickled): void {
    if (typeof module !== "string" || typeof name !== "string") throw new PickleProblem("it imports what is no name");
    this.push(this.world.global(`${module}.${name}`));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!Array.isArray(args)) throw new PickleProblem("it calls something without a list of arguments");
    this.push(this.world.call(callable, args));
  }

  persistent(): void {
    this.push(this.world.persistent(this.pop()));
  }

  append(values: ReadonlyArray<Pickled>): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new PickleProblem("it appends to what is no list");
    for (const value of values) list.push(value);
  }

  setItems(items: ReadonlyArray<Pickled>): void {
    const dict = this.top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) throw new PickleProblem("it sets items of what is no dict");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  dict(items: ReadonlyArray<Pickled>): void {
    this.push(new Map());
    this.setItems(items);
  }
}

type Instruction = (machine: PickleMachine) => void;

/** By their names in `pickletools`. Those not here (INST, OBJ, NEWOBJ, EXT…) make objects of classes: never in a file of weights. */
const instructions: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, (m) => void m.uint8()], // PROTO
  [0x95, (m) => void m.uint64()], // FRAME
  [0x28, (m) => m.pushMark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popToMark()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m) => m.push(m.int32())], // BININT
  [0x4b, (m) => m.push(m.uint8())], // BININT1
  [0x4d, (m) => m.push(m.uint16())], // BININT2
  [0x8a, (m) => m.push(m.long(m.uint8()))], // LONG1
  [0x8b, (m) => m.push(m.long(m.uint32()))], // LONG4
  [0x47, (m) => m.push(m.float64())], // BINFLOAT
  [0x55, (m) => m.push(m.text(m.uint8()))], // SHORT_BINSTRING
  [0x54, (m) => m.push(m.text(m.uint32()))], // BINSTRING
  [0x8c, (m) => m.push(m.text(m.uint8()))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(m.text(m.uint32()))], // BINUNICODE
  [0x8d, (m) => m.push(m.text(m.uint64()))], // BINUNICODE8
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popToMark())], // APPENDS
  [0x6c, (m) => m.push(m.popToMark())], // LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => m.push(m.popMany(1))], // TUPLE1
  [0x86, (m) => m.push(m.popMany(2))], // TUPLE2
  [0x87, (m) => m.push(m.popMany(3))], // TUPLE3
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x64, (m) => m.dict(m.popToMark())], // DICT
  [0x73, (m) => m.setItems(m.popMany(2))], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x71, (m) => m.remember(m.uint8())], // BINPUT
  [0x72, (m) => m.remember(m.uint32())], // LONG_BINPUT
  [0x94, (m) => m.remember()], // MEMOIZE
  [0x68, (m) => m.recall(m.uint8())], // BINGET
  [0x6a, (m) => m.recall(m.uint32())], // LONG_BINGET
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.global(...(m.popMany(2) as [Pickled, Pickled]))], // STACK_GLOBAL
  [0x52, (m) => m.call()], // REDUCE
  [0x51, (m) => m.persistent()], // BINPERSID
  [0x62, (m) => void m.pop()], // BUILD: attributes of an object, such as a state dict's `_metadata`
]);
