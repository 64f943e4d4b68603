/** Settings of writing paraphrases, for the stage and the command. Light to import. */
export const paraphraseDefaults = { samples: 100, keep: 20, topK: 5, topP: 1, maxTokens: 32 } as const;
