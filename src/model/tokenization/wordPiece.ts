/** WordPiece: the longest known beginning of a word, then the longest known continuation, and so on; or the whole word is unknown. */
import type { AddedIds, PieceModel } from "./models.ts";
import { settingsOf, type Settings, type StepBuilder } from "./StepBuilder.ts";

export function wordPieceModel(settings: Settings, added: AddedIds, builder: StepBuilder): PieceModel {
  const ids = vocabularyOf(settings);
  const prefix = builder.text(settings, "continuing_subword_prefix", "##");
  const mostCharacters = builder.count(settings, "max_input_chars_per_word", 100);
  const unknownToken = builder.text(settings, "unk_token", "[UNK]");
  const unknown = ids.get(unknownToken) ?? added.get(unknownToken);
  if (unknown === undefined) builder.problems.push(`its unk_token ${unknownToken} is not in the vocabulary`);
  const longest = [...ids.keys()].reduce((most, token) => Math.max(most, token.length), 0);
  const nothingFits = [unknown ?? 0];
  return (word) => {
    if (word.length > mostCharacters && [...word].length > mostCharacters) return nothingFits;
    const found: Array<number> = [];
    for (let start = 0; start < word.length;) {
      let end = Math.min(word.length, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        const part = word.slice(start, end);
        id = ids.get(start > 0 ? prefix + part : part);
        if (id !== undefined) break;
      }
      if (id === undefined) return nothingFits;
      found.push(id);
      start = end;
    }
    return found;
  };
}

/** Token → id. A Map, for `toString` and `__proto__` are words. */
export const vocabularyOf = (settings: Settings): ReadonlyMap<string, number> =>
  new Map(Object.entries(settingsOf(settings["vocab"]) as { readonly [token: string]: number }));
