/** `pipeline schema`: the JSON Schema of pipeline files, for editors. */
import { pipelineJsonSchema } from "../../spec/jsonSchema.ts";
import { stages } from "../../../stages/index.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson } from "../output.ts";

export async function schema(): Promise<number> {
  printJson(pipelineJsonSchema(stages));
  return exitCodes.done;
}
