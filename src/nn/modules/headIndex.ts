/**
 * Index maps between token rows and attention's layout, one head at a time: a matrix `[tokens, parts · heads · size]` is
 * read as rows of one head, `[tokens · parts · heads, size]`, and gathered straight into `[rows, heads, length, size]`. So the
 * gather that unpacks a batch is also the transpose that splits the heads.
 *
 * All maps are integer arithmetic on the batch's inputs inside the graph; equal ones are computed once for all layers.
 */
import * as tf from "@tensorflow/tfjs-core";
import { batchInputNames, slotFacts } from "../PackedBatch.ts";
import { prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";

/** For each group and part: the head row of every `[rows, heads, length]` place. Groups first, parts within. */
export function headRowsOfPlaces(call: EncoderCall, parts: number): ReadonlyArray<ReadonlyArray<tf.Tensor>> {
  const { heads } = call.config;
  const slotToken = tensorOf(call, batchInputNames(prefixOf(call)).slotToken) as tf.Tensor1D;
  let before = 0;
  return call.shape.groups.map(({ rows, length }) => {
    const tokens = tf.reshape(tf.slice(slotToken, [before], [rows * length]), [rows, 1, length]);
    before += rows * length;
    const firstHead = times(tokens, parts * heads);
    return Array.from({ length: parts }, (_, part) =>
      tf.add(firstHead, headNumbers(part * heads, heads, [1, heads, 1])),
    );
  });
}

/**
 * For each token, part and head, `[tokens · parts · heads]`: its place when the places of all groups and parts lie one after
 * the other, groups first: the inverse of `headRowsOfPlaces`.
 */
export function placesOfHeadRows(call: EncoderCall, parts: number): tf.Tensor {
  const { heads } = call.config;
  const { tokens } = call.shape;
  const facts = tensorOf(call, batchInputNames(prefixOf(call)).tokenSlot);
  const fact = (row: number) => tf.reshape(tf.slice(facts, [row, 0], [1, tokens]), [tokens, 1, 1]);
  const start = tf.add(
    times(fact(slotFacts.slotsBeforeGroup), parts * heads),
    tf.add(times(fact(slotFacts.slotsBeforeRow), heads), fact(slotFacts.column)),
  );
  const ofPart = tf.mul(times(fact(slotFacts.groupSlots), heads), headNumbers(0, parts, [1, parts, 1]));
  const ofHead = tf.mul(fact(slotFacts.groupLength), headNumbers(0, heads, [1, 1, heads]));
  return tf.reshape(tf.add(tf.add(start, ofPart), ofHead), [tokens * parts * heads]);
}

const times = (x: tf.Tensor, factor: number): tf.Tensor => tf.mul(x, tf.scalar(factor, "int32"));

const headNumbers = (first: number, count: number, shape: Array<number>): tf.Tensor =>
  tf.tensor(
    Int32Array.from({ length: count }, (_, i) => first + i),
    shape,
    "int32",
  );
