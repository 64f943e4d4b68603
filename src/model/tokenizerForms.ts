/**
 * The files that a folder may keep its tokenizer in: `tokenizer.json`, or, without it, the vocabulary of a kind whose steps are
 * known by its name.
 */
import type { FolderChoice } from "../core/path.ts";
import type { Architecture } from "../nn/EncoderModel.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { tokenizerOfMerges, tokenizerOfVocabulary } from "./vocabularyFiles.ts";

/** The first whose first file is there counts. */
export const tokenizerForms = [
  ["tokenizer.json"],
  ["vocab.txt"],
  ["vocab.json", "merges.txt"],
] as const satisfies FolderChoice;

/** What names the special tokens, where `tokenizer.json` does not make it plain. */
export const tokenizerConfigs = [
  ["tokenizer_config.json"],
  ["special_tokens_map.json"],
] as const satisfies FolderChoice;

type JsonObject = { readonly [key: string]: unknown };

/** A folder's files as far as they were read. */
export interface ReadFiles {
  /** As the user wrote it, for messages. */
  readonly path: string;
  readonly has: (name: string) => boolean;
  readonly text: (name: string) => string;
  readonly json: (name: string) => JsonObject | undefined;
}

export interface FoundTokenizer {
  /** The file that counts. */
  readonly file: string;
  readonly json: JsonObject | undefined;
  readonly config: JsonObject | undefined;
}

/** Kinds of model whose tokenizer a vocabulary alone makes, and the classes that say so too. */
const kinds: {
  readonly [file: string]: {
    readonly models: ReadonlyArray<Architecture>;
    readonly classes: RegExp;
    readonly of: string;
  };
} = {
  "vocab.txt": {
    models: ["bert", "distilbert", "electra"],
    classes: /^(Bert|DistilBert|Electra)Tokenizer(Fast)?$/,
    of: "BERT",
  },
  "vocab.json": { models: ["roberta"], classes: /^RobertaTokenizer(Fast)?$/, of: "RoBERTa" },
};

/**
 * Undefined where none of the forms is there.
 * @throws ModelProblem where a vocabulary is of a kind of model that has other steps
 */
export function findTokenizer(files: ReadFiles, architecture: Architecture): FoundTokenizer | undefined {
  const config = files.json("tokenizer_config.json") ?? files.json("special_tokens_map.json");
  const file = tokenizerForms.find((form) => form.every((name) => files.has(name)))?.[0];
  if (file === undefined) return undefined;
  if (file === "tokenizer.json") return { file, json: files.json(file), config };
  refuseOtherKinds(files.path, file, architecture, config?.["tokenizer_class"]);
  const json =
    file === "vocab.txt"
      ? tokenizerOfVocabulary(files.text(file), config ?? {})
      : tokenizerOfMerges(files.json(file) ?? {}, files.text("merges.txt"), config ?? {}, files.path);
  return { file, json, config };
}

function refuseOtherKinds(path: string, file: string, architecture: Architecture, named: unknown): void {
  const { models, classes, of } = kinds[file]!;
  const isKnown = typeof named === "string" ? classes.test(named) : models.includes(architecture);
  if (isKnown) return;
  const kind = typeof named === "string" ? named : `the tokenizer of a ${architecture}`;
  throw new ModelProblem(
    `${path}/${file}`,
    `${path} has no tokenizer.json, and ${kind} is more than ${file}, which makes ${of}'s only`,
    'write one with transformers: AutoTokenizer.from_pretrained("…").save_pretrained("…")',
  );
}
