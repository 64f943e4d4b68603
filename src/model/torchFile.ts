/**
 * `pytorch_model.bin`: a zip archive of one pickle (`data.pkl`), which says how tensors are made of storages, and the storages'
 * bytes. A pickle can import and call anything, so only what state dicts are made of is answered, and nothing of it is run:
 * these names stand for functions of ours.
 *
 * Source: torch/serialization.py and torch/_utils.py (`_rebuild_tensor_v2`, `_rebuild_parameter`).
 */
import { sizeOf } from "../nn/TensorSpec.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { PickleProblem, readPickle, type Pickled } from "./pickle.ts";
import { itemBytes, type StoredTensor } from "./StoredTensor.ts";
import { readStoredZip } from "./storedZip.ts";

/** PyTorch's classes of storages → safetensors' names of their types. */
const storageTypes: ReadonlyMap<string, string> = new Map([
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.DoubleStorage", "F64"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

const functions: ReadonlySet<string> = new Set([
  "collections.OrderedDict",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
]);

const toSafetensors =
  "convert the file to safetensors where PyTorch is at hand (load it there and save the model again with save_pretrained), or fetch a model that has model.safetensors";

/** Something imported: a function or a class of storages, by its name. */
class Imported {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

class Storage {
  readonly dtype: string;
  readonly bytes: Uint8Array;
  constructor(dtype: string, bytes: Uint8Array) {
    this.dtype = dtype;
    this.bytes = bytes;
  }
}

/** A view of a storage; several may share one. */
class TensorView implements Omit<StoredTensor, "name"> {
  readonly dtype: string;
  readonly shape: ReadonlyArray<number>;
  private readonly storage: Uint8Array;
  /** In numbers, not bytes. */
  private readonly offset: number;
  private readonly strides: ReadonlyArray<number>;

  /** @throws PickleProblem where the view reaches beyond its storage */
  constructor({ dtype, bytes }: Storage, offset: number, shape: ReadonlyArray<number>, strides: ReadonlyArray<number>) {
    const last = shape.reduce((at, length, i) => at + (length - 1) * strides[i]!, offset);
    const isEmpty = shape.includes(0);
    if (!isEmpty && (last + 1) * itemBytes.get(dtype)! > bytes.length)
      throw new PickleProblem(`a tensor of shape [${shape.join(", ")}] reaches beyond its storage`);
    this.dtype = dtype;
    this.shape = shape;
    this.storage = bytes;
    this.offset = isEmpty ? 0 : offset;
    this.strides = strides;
  }

  get bytes(): Uint8Array {
    const item = itemBytes.get(this.dtype)!;
    const size = sizeOf(this.shape);
    if (this.isRowMajor()) return this.storage.subarray(this.offset * item, (this.offset + size) * item);
    const gathered = new Uint8Array(size * item);
    const index = this.shape.map(() => 0);
    let from = this.offset;
    for (let i = 0; i < size; i++) {
      for (let byte = 0; byte < item; byte++) gathered[i * item + byte] = this.storage[from * item + byte]!;
      from += this.step(index);
    }
    return gathered;
  }

  private isRowMajor(): boolean {
    let stride = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.strides[axis] !== stride) return false;
      stride *= this.shape[axis]!;
    }
    return true;
  }

  /** Moves an index on to the next element, row-major; how far that is in the storage. */
  private step(index: Array<number>): number {
    let distance = 0;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < this.shape[axis]!) return distance + this.strides[axis]!;
      distance -= (this.shape[axis]! - 1) * this.strides[axis]!;
      index[axis] = 0;
    }
    return distance;
  }
}

/**
 * The tensors of a state dict, by name; what else it holds is left out.
 *
 * @throws ModelProblem naming `path`: damaged, of before PyTorch 1.6, or with a pickle that asks for more than tensors
 */
export function readTorchFile(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  checkKind(bytes, path);
  const entries = readStoredZip(bytes, path);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined)
    throw new ModelProblem(path, `${path} is a zip archive, but not one of PyTorch: it has no data.pkl`, toSafetensors);
  const folder = pickleName.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined && Buffer.from(order).toString("latin1") !== "little")
    throw new ModelProblem(path, `${path} was written on a machine that puts the highest byte first`, toSafetensors);
  const world = worldOf(path, (key) => entries.get(`${folder}data/${key}`));
  return namedTensors(readGuarded(entries.get(pickleName)!, world, path), path);
}

function checkKind(bytes: Uint8Array, path: string): void {
  const starts = (...first: ReadonlyArray<number>) => first.every((byte, i) => bytes[i] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04)) return;
  // A pickle of protocol 2 that begins with PyTorch's magic number of 10 bytes.
  if (starts(0x80, 0x02, 0x8a, 0x0a))
    throw new ModelProblem(path, `${path} has the format of PyTorch before 1.6, which is not read`, toSafetensors);
  throw new ModelProblem(
    path,
    `${path} is not a file of PyTorch: it does not begin as a zip archive does`,
    toSafetensors,
  );
}

function readGuarded(pickle: Uint8Array, world: Parameters<typeof readPickle>[1], path: string): Pickled {
  try {
    return readPickle(pickle, world);
  } catch (cause) {
    if (!(cause instanceof PickleProblem)) throw cause;
    throw new ModelProblem(path, `${path} cannot be read: its data.pkl is not one of weights (${cause.message})`, toSafetensors, { cause }); // prettier-ignore
  }
}

function namedTensors(dict: Pickled, path: string): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  if (dict instanceof Map)
    for (const [name, value] of dict as Map<unknown, unknown>)
      if (typeof name === "string" && value instanceof TensorView) tensors.set(name, named(name, value));
  if (tensors.size === 0)
    throw new ModelProblem(path, `${path} holds no state dict: no tensors by their names`, toSafetensors);
  return tensors;
}

const named = (name: string, view: TensorView): StoredTensor => ({
  name,
  dtype: view.dtype,
  shape: view.shape,
  get bytes() {
    return view.bytes;
  },
});

const worldOf = (path: string, contentOf: (key: string) => Uint8Array | undefined) => ({
  global: (name: string): Pickled => {
    if (functions.has(name) || storageTypes.has(name)) return new Imported(name);
    throw new ModelProblem(
      path,
      `${path} asks to import ${name}, which no weights need; nothing of the file was run`,
      toSafetensors,
    );
  },
  call: (callable: Pickled, args: ReadonlyArray<Pickled>): Pickled => {
    if (callable instanceof Imported && callable.name === "collections.OrderedDict") return orderedDict(args);
    if (callable instanceof Imported && callable.name === "torch._utils._rebuild_tensor_v2") return rebuilt(args);
    if (callable instanceof Imported && callable.name === "torch._utils._rebuild_parameter") return args[0];
    throw new PickleProblem("it calls what is no function");
  },
  persistent: (id: Pickled): Pickled => {
    const [kind, type, key] = Array.isArray(id) ? (id as ReadonlyArray<unknown>) : [];
    const dtype = type instanceof Imported ? storageTypes.get(type.name) : undefined;
    if (kind !== "storage" || dtype === undefined || typeof key !== "string")
      throw new PickleProblem("it refers to something that is no storage of numbers");
    const content = contentOf(key);
    if (content === undefined) throw new PickleProblem(`its storage ${JSON.stringify(key)} is not in the archive`);
    return new Storage(dtype, content);
  },
});

function orderedDict([items = []]: ReadonlyArray<Pickled>): Pickled {
  if (!Array.isArray(items) || !items.every((item) => Array.isArray(item) && item.length === 2))
    throw new PickleProblem("an OrderedDict is made of what is no list of pairs");
  return new Map(items as Array<[unknown, unknown]>);
}

/** `_rebuild_tensor_v2(storage, offset, shape, strides, …)` */
function rebuilt([storage, offset, shape, strides]: ReadonlyArray<Pickled>): Pickled {
  if (!(storage instanceof Storage) || !isPlace(offset) || !isPlaces(shape) || !isPlaces(strides))
    throw new PickleProblem("a tensor is made of what is no storage, offset, shape and strides");
  if (shape.length !== strides.length) throw new PickleProblem("a tensor has as many strides as it has no axes");
  return new TensorView(storage, offset, shape, strides);
}

const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isPlaces = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value) && value.every(isPlace);
