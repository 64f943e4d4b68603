/** The engine that was chosen, checked: loads the one that computes and no other. */
import { type Device, parseDevice } from "../core/device.ts";
import type { EngineShape } from "./Engine.ts";
import { type EngineChoice, EngineUnavailable, identityOf } from "./EngineChoice.ts";

export interface OpenOptions extends EngineChoice {
  /** Threads it computes with; default: as many as the machine offers. Numbers do not depend on it. */
  readonly threads?: number;
}

/**
 * Computes one product and its gradient before it is handed out. Throws `EngineUnavailable` where the engine is not installed or
 * the device is not to be had; never takes another instead.
 */
export async function openEngine(options: OpenOptions): Promise<EngineShape> {
  identityOf(options); // installed, and has such a device at all
  const device = parseDevice(options.device)!;
  const { threads } = options;
  const common = { device: options.device, ...(threads === undefined ? {} : { threads }) };
  switch (options.engine) {
    case "onnx":
      return openOnnx(device, common);
    case "tensorflow": {
      const { TensorFlowEngine } = await import("./tensorflow/TensorFlowEngine.ts");
      return checked(new TensorFlowEngine(common), device);
    }
    case "cpu": {
      const { CpuEngine } = await import("./cpu/CpuEngine.ts");
      return checked(new CpuEngine(), device);
    }
  }
}

/** The check runs with everything on the device, so that a CPU cannot stand in for it; trainings may leave trifles to the CPU. */
async function openOnnx(device: Device, options: { readonly device: string }): Promise<EngineShape> {
  const { OnnxEngine } = await import("./onnx/OnnxEngine.ts");
  if (device.class === "cpu") return checked(new OnnxEngine(options), device);
  const { unavailable } = await import("./onnx/executionProviders.ts");
  const probe = new OnnxEngine({ ...options, nothingElsewhere: true });
  try {
    await checked(probe, device);
  } catch (error) {
    throw error instanceof EngineUnavailable ? error : unavailable(options.device, error);
  } finally {
    await probe.close();
  }
  return new OnnxEngine(options);
}

async function checked(engine: EngineShape, device: Device): Promise<EngineShape> {
  const { checkDevice, WrongNumbers } = await import("./checkDevice.ts");
  try {
    await checkDevice(engine);
  } catch (error) {
    if (!(error instanceof WrongNumbers)) throw error;
    throw new EngineUnavailable(
      `The ${engine.identity.name} engine cannot be trusted on ${device.class}: ${error.message}`,
      {
        needs: "see which others compute rightly, and take one of them (--device, --engine)",
        command: "pipeline doctor",
      },
      { cause: error },
    );
  }
  return engine;
}
