/** The models that turn pieces into ids: WordPiece, byte-pair encoding, Unigram. */
import type { Json } from "../../core/canonicalJson.ts";
import { bytePairModel } from "./bytePairs.ts";
import { Remembered } from "./Remembered.ts";
import { settingsOf, type Settings, StepBuilder } from "./StepBuilder.ts";
import { unigramModel } from "./unigram.ts";
import { wordPieceModel } from "./wordPiece.ts";

/** One piece, not empty, to its ids. */
export type PieceModel = (piece: string) => ReadonlyArray<number>;

/** The types of model that are supported. */
export const modelTypes = ["WordPiece", "BPE", "Unigram"] as const;
type ModelType = (typeof modelTypes)[number];

/** Added token → id: an unknown token may be one of them. */
export type AddedIds = ReadonlyMap<string, number>;
type Maker = (settings: Settings, builder: StepBuilder) => PieceModel;

export function makeModel(json: Json | undefined, added: AddedIds, builder: StepBuilder): PieceModel {
  const kinds: { readonly [Type in ModelType]: Maker } = {
    WordPiece: (settings) => wordPieceModel(settings, added, builder),
    BPE: (settings) => bytePairModel(settings, added, builder),
    Unigram: (settings) => unigramModel(settings, builder),
  };
  const model = builder.make<PieceModel>("model", settingsOf(json), kinds, noIds);
  const remembered = new Remembered(model);
  return (piece) => remembered.get(piece);
}

const noIds: PieceModel = () => [];
