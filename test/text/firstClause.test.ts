import { describe, expect, it } from "vitest";
import { firstClause } from "../../src/text/firstClause.ts";

describe("firstClause", () => {
  it("keeps what is short enough, without loose signs at its ends", () => {
    expect(firstClause(" 今天天气很好， ", 30)).toBe("今天天气很好");
    expect(firstClause("A short one.", 30)).toBe("A short one.");
  });

  it("cuts at the best border there is: sentences before clauses before words", () => {
    expect(firstClause("今天天气很好。我们去公园玩吧，带上孩子", 10)).toBe("今天天气很好。");
    expect(firstClause("one two three, four five six seven", 16)).toBe("one two three");
    expect(firstClause("one two three four five", 12)).toBe("one two");
  });

  it("leaves a clause without a border as long as it is", () => {
    expect(firstClause("人".repeat(40), 30)).toBe("人".repeat(40));
  });

  it("counts characters, not UTF-16 units", () => {
    expect(firstClause("🙂🙂🙂", 3)).toBe("🙂🙂🙂");
  });
});
