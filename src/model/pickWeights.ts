/** The parameters of a model of a given shape among the tensors of a file, by our names and as float32. */
import type { ModelConfig } from "../nn/EncoderModel.ts";
import { headParameters, headSpecs, parameterSpecs, poolerSpecs, type Head } from "../nn/parameters.ts";
import type { TensorSpec } from "../nn/TensorSpec.ts";
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import { architectures, bareName, encoderRoots, huggingFaceName } from "./architectures.ts";
import { toFloat32, type StoredTensor } from "./StoredTensor.ts";
import type { StoredWeights } from "./weightFiles.ts";

/** Kept by the reference implementation among the weights, and no parameters. */
const buffers: ReadonlySet<string> = new Set(["embeddings.position_ids", "embeddings.token_type_ids"]);

/** A file's tensors by the names that the bare encoder and its heads have in it. */
export interface NamedTensors {
  /** For messages. */
  readonly file: string;
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export const namedTensors = ({ file, tensors }: StoredWeights, config: ModelConfig): NamedTensors => ({
  file,
  config,
  tensors: new Map([...tensors].map(([name, tensor]) => [bareName(config.architecture, name), tensor])),
});

const tensorOf = ({ config, tensors }: NamedTensors, ours: string): StoredTensor | undefined =>
  tensors.get(huggingFaceName(config.architecture, ours));

/**
 * The encoder's parameters in the model's order, and the pooler where there is one. What is missing, misshapen or more than a
 * model of this config has goes onto `problems`, in the file's own names; heads are not looked at.
 */
export function pickEncoder(found: NamedTensors, problems: Array<string>): Weights {
  const { file, config, tensors } = found;
  const { title, hasPooler } = architectures[config.architecture];
  // Most checkpoints of BERT bring the pooler that a cross-encoder's head starts from.
  const pooler = hasPooler && tensorOf(found, headParameters.poolerWeight) !== undefined ? poolerSpecs(config) : [];
  const wanted = [...parameterSpecs(config), ...pooler];
  const names = new Set(wanted.map(({ name }) => huggingFaceName(config.architecture, name)));
  const missing = [...names].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter(
    (name) => encoderRoots.some((root) => name.startsWith(root)) && !names.has(name) && !buffers.has(name),
  );
  if (missing.length > 0) problems.push(`${file} lacks ${listed(missing)}`);
  if (unexpected.length > 0) problems.push(`${file} has what a ${title} of this config has not: ${listed(unexpected)}`);
  return converted(found, wanted, problems);
}

/** A head's parameters where the file has all of them in this config's shape; a classifier of several labels is another task's. */
export function pickHead(found: NamedTensors, head: Head, problems: Array<string>): Weights | undefined {
  const wanted = headSpecs(found.config, head);
  const fits = ({ name, shape }: TensorSpec) => tensorOf(found, name)?.shape.join() === shape.join();
  return wanted.every(fits) ? converted(found, wanted, problems) : undefined;
}

/** Labels of the classifier that the file has; undefined where it has none. */
export const classifierLabels = (found: NamedTensors): number | undefined =>
  tensorOf(found, headParameters.classifierWeight)?.shape[0];

function converted(found: NamedTensors, wanted: ReadonlyArray<TensorSpec>, problems: Array<string>): Weights {
  const weights = new Map<string, Float32Tensor>();
  const wrong: Array<string> = [];
  for (const { name, shape } of wanted) {
    const tensor = tensorOf(found, name);
    if (tensor === undefined) continue;
    const theirs = huggingFaceName(found.config.architecture, name);
    if (tensor.shape.join() !== shape.join()) {
      wrong.push(`${theirs} is ${sized(tensor.shape)}, wanted ${sized(shape)}`);
      continue;
    }
    const values = toFloat32(tensor);
    if (values === undefined) wrong.push(`${theirs} is of type ${tensor.dtype}, wanted F32, F16 or BF16`);
    else if (!values.values.every(Number.isFinite)) wrong.push(`${theirs} holds NaN or infinity`);
    else weights.set(name, values);
  }
  if (wrong.length > 0) problems.push(`${found.file}: ${listed(wrong)}`);
  return weights;
}

const sized = (shape: ReadonlyArray<number>): string => `[${shape.join(", ")}]`;

/** The first few, and how many more there are. */
const listed = (names: ReadonlyArray<string>): string =>
  names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
