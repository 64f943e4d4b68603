/**
 * The files that a folder may keep its weights in, and the tensors in whichever of them it has: safetensors or PyTorch's own
 * format, in one piece or in several with an index that says which tensor is in which.
 */
import { ModelProblem } from "./ModelProblem.ts";
import { readSafetensors } from "./safetensors.ts";
import type { StoredTensor } from "./StoredTensor.ts";
import { readTorchFile } from "./torchFile.ts";

/** In the order in which transformers looks for them: the first that is there counts. Each with the files that belong to it. */
export const weightFiles = [
  ["model.safetensors"],
  ["model.safetensors.index.json", "model-*.safetensors"],
  ["pytorch_model.bin"],
  ["pytorch_model.bin.index.json", "pytorch_model-*.bin"],
] as const satisfies ReadonlyArray<ReadonlyArray<string>>;

export interface StoredWeights {
  /** The file, or the index. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

type Read = (name: string) => Promise<Uint8Array | undefined>;

/**
 * The tensors as stored; undefined where the folder has none of the files.
 *
 * @param folder as the user wrote it, for messages
 * @throws ModelProblem naming the file and what is wrong with it
 */
export async function readWeightFiles(folder: string, read: Read): Promise<StoredWeights | undefined> {
  for (const [file] of weightFiles) {
    const bytes = await read(file);
    if (bytes === undefined) continue;
    const path = `${folder}/${file}`;
    refusePointer(bytes, path);
    if (!file.endsWith(".index.json")) return { file, tensors: readTensors(bytes, path) };
    return { file, tensors: await readPieces(bytes, folder, file, read) };
  }
  return undefined;
}

const readTensors = (bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> =>
  path.endsWith(".bin") ? readTorchFile(bytes, path) : readSafetensors(bytes, path);

/** What a clone without Git LFS has in the place of a large file. */
function refusePointer(bytes: Uint8Array, path: string): void {
  if (bytes.length > 1000 || !Buffer.from(bytes).toString("latin1").startsWith("version https://git-lfs")) return;
  throw new ModelProblem(
    path,
    `${path} is a pointer of Git LFS, not the file itself`,
    "run `git lfs pull` in that folder, or fetch the file from where the model is published",
  );
}

async function readPieces(
  index: Uint8Array,
  folder: string,
  file: string,
  read: Read,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const path = `${folder}/${file}`;
  const places = readIndex(index, path);
  const tensors = new Map<string, StoredTensor>();
  for (const piece of new Set(places.values())) {
    const bytes = await read(piece);
    if (bytes === undefined) throw incomplete(path, `${path} speaks of ${piece}, which is not there`);
    refusePointer(bytes, `${folder}/${piece}`);
    const inPiece = readTensors(bytes, `${folder}/${piece}`);
    for (const [name, place] of places) {
      if (place !== piece) continue;
      const tensor = inPiece.get(name);
      if (tensor === undefined) throw incomplete(path, `${path} says that ${piece} holds ${name}, which it does not`);
      tensors.set(name, tensor);
    }
  }
  return tensors;
}

const incomplete = (path: string, message: string): ModelProblem =>
  new ModelProblem(path, message, "fetch all files of the model again, or save it again with save_pretrained");

/** Tensor → file, both by name. */
function readIndex(bytes: Uint8Array, path: string): ReadonlyMap<string, string> {
  const wrong = () => incomplete(path, `${path} has no weight_map from the names of tensors to files beside it`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw wrong();
  }
  const map = (json as { readonly weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw wrong();
  const entries = Object.entries(map as { readonly [name: string]: unknown });
  return new Map(
    entries.map(([name, piece]): [string, string] => {
      if (!isPiece(piece)) throw wrong();
      return [name, piece];
    }),
  );
}

/** A place elsewhere is refused: an index must not lead to files outside of the folder. */
const isPiece = (piece: unknown): piece is string =>
  typeof piece === "string" && /^[^/\\]+\.(safetensors|bin)$/.test(piece);
