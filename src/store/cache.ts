/** Everything that lives in a cache folder, as one layer: the store, checkpoints, leases, the digests of source files, the record of runs. */
import * as Layer from "effect/Layer";
import type { ArtifactStore } from "../core/ArtifactStore.ts";
import type { StoreError } from "../core/errors.ts";
import type { RemoteFolders } from "../core/RemoteFolders.ts";
import type { RunLog } from "../core/RunLog.ts";
import type { SourceFiles } from "../core/SourceFiles.ts";
import { layerCheckpoints } from "./checkpoints.ts";
import { layerDirectory } from "./directory.ts";
import { layerLeases, type LeaseOptions } from "./leases.ts";
import { layerRunLog } from "./runLog.ts";
import { layerSourceFiles } from "./sourceFiles.ts";

/** `root` is the cache folder; it is made when something is first written. `remote`: see `layerSourceFiles`. */
export const layerCache = (
  root: string,
  remote?: RemoteFolders,
  leases?: LeaseOptions,
): Layer.Layer<ArtifactStore | SourceFiles | RunLog, StoreError> =>
  Layer.mergeAll(
    layerDirectory(root),
    layerCheckpoints(root),
    layerLeases(root, leases),
    layerSourceFiles(root, remote),
    layerRunLog(root),
  );
