/** The names of engines, for the command line: no import, since help and completions need it. */
export const engineNames = ["onnx", "tensorflow", "cpu"] as const;
export type EngineName = (typeof engineNames)[number];
