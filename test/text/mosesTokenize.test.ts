import { describe, expect, it } from "vitest";
import { mosesTokenize } from "../../src/text/mosesTokenize.ts";

/** Texts of our own, with what sacremoses 0.1.1 (escape=False) makes of them. */
const recorded: ReadonlyArray<readonly [text: string, tokens: string]> = [
  [
    "A well-known dog, aged 5,300 days, can't swim (yet).",
    "A well-known dog , aged 5,300 days , can 't swim ( yet ) .",
  ],
  [
    'Dr. Smith paid $3.50 for No. 7; "cheap!" she said...',
    'Dr. Smith paid $ 3.50 for No. 7 ; " cheap ! " she said ...',
  ],
  ["The U.S. team's win: 3-0 at 9 a.m. on Jan. 5.", "The U.S. team 's win : 3-0 at 9 a.m. on Jan. 5 ."],
  ["They 'took their places'.", "They ' took their places ' ."],
  ["He said: e.g. this/that & more @home #1.", "He said : e.g. this / that & more @ home # 1 ."],
  ["One,two,three 1,2 x,3 end,", "One , two , three 1,2 x , 3 end ,"],
  ["The '90s were Café-time… for naïve O'Neil's", "The ' 90s were Café-time … for naïve O 'Neil 's"],
  ["Wait.... what?! It is St. John's.", "Wait .... what ? ! It is St. John 's ."],
  ["See pp. 5 and Art. 3, but No. Never.", "See pp. 5 and Art. 3 , but No . Never ."],
];

describe("mosesTokenize", () => {
  it.each(recorded)("parts %s as Moses does", (text, tokens) => {
    expect(mosesTokenize(text)).toBe(tokens);
  });
});
