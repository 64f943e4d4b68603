/** docs/methods.md and docs/losses.md name files and stages that there are, and all pipelines with published settings. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stages } from "../../stages/index.ts";

const docs = new URL("../../docs/", import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, docs), "utf8");
const linksIn = (text: string) => [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
const stageNames = new Set(stages.map(({ name }) => name));
/** What is written as a stage's name is one: `train-…`. */
const trainingsIn = (text: string) => [...text.matchAll(/`((?:train|pretrain|generate|evaluate|load|read)-[a-z-]+)`/g)];

describe.each(["methods.md", "losses.md"])("docs/%s", (name) => {
  const text = textOf(name);

  it("links to files that there are", () => {
    const missing = linksIn(text).filter((link) => !link.startsWith("http") && !existsSync(new URL(link, docs)));
    expect(missing).toEqual([]);
  });

  it("names stages that there are", () => {
    const named = trainingsIn(text).map(([, stage]) => stage!);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((stage) => !stageNames.has(stage))).toEqual([]);
  });
});

it("docs/methods.md links to every pipeline with published settings, and to headings of its own", () => {
  const text = textOf("methods.md");
  const linked = new Set(linksIn(text));
  const paper = readdirSync(new URL("../pipelines/paper", docs)).map((file) => `../pipelines/paper/${file}`);
  // RoBERTa as it is has no published row of its own: two files extend it.
  expect(paper.filter((file) => !linked.has(file))).toEqual(["../pipelines/paper/roberta-base.yaml"]);
  const titles = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title!);
  const headings = new Set(titles.map((title) => title.toLowerCase().replaceAll(" ", "-")));
  const anchors = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
  expect(anchors.filter((anchor) => !headings.has(anchor))).toEqual([]);
});
