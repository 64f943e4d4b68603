/** A recorded graph as the bytes of an ONNX model. Source: onnx/onnx.proto (field numbers), opset 17 and com.microsoft 1. */
import { microsoftDomain, type Attribute, type GraphConstant, type GraphNode } from "./GraphRecorder.ts";
import { Message } from "./protobuf.ts";

const irVersion = 8;
const opset = 17;

/** An input or output of a model. Lengths that are known only when it runs have names: `["batch", "sequence"]`. */
export interface ModelValue {
  readonly name: string;
  readonly shape: ReadonlyArray<number | string>;
  readonly dtype: GraphConstant["dtype"];
}

/** What a model file says: a recorded graph, or one made by hand whose lengths are left open. */
export interface ModelGraph {
  readonly inputs: ReadonlyArray<ModelValue>;
  readonly outputs: ReadonlyArray<ModelValue>;
  readonly constants: ReadonlyArray<GraphConstant>;
  readonly nodes: ReadonlyArray<GraphNode>;
}

/** TensorProto.DataType */
export const elementTypes: { readonly [dtype in GraphConstant["dtype"]]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

/** AttributeProto.AttributeType */
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

export function encodeModel(graph: ModelGraph): Uint8Array {
  return new Message()
    .int(1, irVersion)
    .string(2, "tandem")
    .message(7, graphMessage(graph))
    .message(8, new Message().string(1, "").int(2, opset))
    .message(8, new Message().string(1, microsoftDomain).int(2, 1))
    .finish();
}

function graphMessage(graph: ModelGraph): Message {
  const message = new Message();
  for (const node of graph.nodes) message.message(1, nodeMessage(node));
  message.string(2, "program");
  for (const constant of graph.constants) message.message(5, constantMessage(constant));
  for (const input of graph.inputs) message.message(11, valueMessage(input));
  for (const output of graph.outputs) message.message(12, valueMessage(output));
  return message;
}

function nodeMessage(node: GraphNode): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  // ONNX Runtime's profile names nodes: the first output tells which one it was.
  message.string(3, `${node.operation}:${node.outputs[0]}`).string(4, node.operation);
  for (const [name, attribute] of Object.entries(node.attributes))
    message.message(5, attributeMessage(name, attribute));
  return message.string(7, node.domain);
}

function attributeMessage(name: string, attribute: Attribute): Message {
  const message = new Message().string(1, name);
  if ("float" in attribute) return message.float(2, attribute.float).int(20, attributeTypes.float);
  if ("int" in attribute) return message.int(3, attribute.int).int(20, attributeTypes.int);
  if ("string" in attribute) return message.string(4, attribute.string).int(20, attributeTypes.string);
  for (const value of attribute.ints) message.int(8, value);
  return message.int(20, attributeTypes.ints);
}

function constantMessage({ name, shape, dtype, values }: GraphConstant): Message {
  const message = new Message();
  for (const length of shape) message.int(1, length);
  return message
    .int(2, elementTypes[dtype])
    .string(8, name)
    .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function valueMessage({ name, shape, dtype }: ModelValue): Message {
  const dimensions = new Message();
  for (const length of shape)
    dimensions.message(1, typeof length === "string" ? new Message().string(2, length) : new Message().int(1, length));
  const tensor = new Message().int(1, elementTypes[dtype]).message(2, dimensions);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}
