import { assert, describe, it } from "vitest";
import { Message } from "../../../src/engine/onnx/protobuf.ts";

const hex = (message: Message): string => Buffer.from(message.finish()).toString("hex");

describe("the protobuf writer", () => {
  // The examples of protobuf.dev, "Encoding".
  it("writes numbers seven bits a byte", () => assert.strictEqual(hex(new Message().int(1, 150)), "089601"));
  it("writes texts with their length", () =>
    assert.strictEqual(hex(new Message().string(2, "testing")), "120774657374696e67"));
  it("nests messages", () =>
    assert.strictEqual(hex(new Message().message(3, new Message().int(1, 150))), "1a03089601"));
  it("writes negative numbers as 64-bit two's complement", () =>
    assert.strictEqual(hex(new Message().int(1, -2)), "08feffffffffffffffff01"));
  it("writes floats little-endian", () => assert.strictEqual(hex(new Message().float(2, 1.5)), "150000c03f"));
  it("writes field numbers above 15 in two bytes", () => assert.strictEqual(hex(new Message().int(20, 7)), "a00107"));
});
