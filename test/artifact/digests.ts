/** Prints the digest of every sample: run in a process of its own, to see that processes agree. */
import { artifactTypes } from "../../src/artifact/index.ts";
import type { AnyArtifactType } from "../../src/core/ArtifactType.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { samples } from "./samples.ts";

export async function sampleDigests(): Promise<{ readonly [type: string]: string }> {
  const entries = Object.entries(samples).map(async ([name, value]): Promise<[string, string]> => {
    const type: AnyArtifactType = artifactTypes[name as keyof typeof artifactTypes];
    return [name, contentDigest(await type.encode(value)).slice(0, 16)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await sampleDigests()));
