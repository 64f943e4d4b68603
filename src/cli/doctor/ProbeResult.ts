import type { Remedy } from "../../engine/EngineChoice.ts";

/** What the process of a probe tells of one engine on one device. */
export type ProbeResult =
  | {
      readonly works: true;
      /** Of the package that computes; the tensorflow engine's names its library too. */
      readonly version: string;
      /** Of a matrix product: billions of operations a second. */
      readonly gigaflops: number;
      /** Of one update of a small encoder: masks, forward, backward, AdamW. */
      readonly stepMs: number;
    }
  | { readonly works: false; readonly problem: string; readonly remedy: Remedy; readonly trace?: string };
