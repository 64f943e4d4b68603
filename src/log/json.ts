/** `run --json`: one event a line, as the events are. */
import type { RunEvent } from "../core/events.ts";

export const jsonLine = (event: RunEvent): string => JSON.stringify(event);
