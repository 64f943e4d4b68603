/** `pipeline graph FILE`: the steps and their links, with loops folded unless `--unrolled`. */
import { graphView, type GraphView } from "../graph/GraphView.ts";
import { type Invocation, isOn, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printLines } from "../output.ts";
import { openSession } from "../session.ts";

type Draw = (view: GraphView) => ReadonlyArray<string>;

const formats: { readonly [format: string]: () => Promise<Draw> } = {
  tree: async () => (await import("../graph/texts.ts")).treeText,
  mermaid: async () => (await import("../graph/texts.ts")).mermaidText,
  dot: async () => (await import("../graph/texts.ts")).dotText,
  svg: async () => (await import("../graph/svg.ts")).svgText,
};

export async function graph(invocation: Invocation): Promise<number> {
  const { graph: loaded } = await openSession(invocation);
  const draw = await formats[valueOf(invocation, "format") ?? "tree"]!();
  printLines(draw(graphView(loaded, isOn(invocation, "unrolled"))));
  return exitCodes.done;
}
