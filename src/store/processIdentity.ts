/**
 * Which process this is, so that others can tell whether it still lives: on the same machine by looking for it, where a number
 * that went to another process is known by its start; from elsewhere by its heartbeat (heartbeat.ts).
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { sha256 } from "../core/digest.ts";
import { codeOf } from "./Disk.ts";

export interface ProcessIdentity {
  /** Of this life alone, 32 hexadecimal digits; its heartbeat has this name. */
  readonly id: string;
  readonly host: string;
  /** Its number, which means something in its place. */
  readonly process: number;
  /** Boot and name space of processes: where they are the same, the process can be looked for. Empty where the system does not tell. */
  readonly place: string;
  /** The installation and its name: of an earlier boot of it, nothing lives. Empty where the system does not tell. */
  readonly machine: string;
  /** Clock ticks from boot to its start; empty where the system does not tell. */
  readonly started: string;
}

let known: ProcessIdentity | undefined;

export const thisProcess = (): ProcessIdentity =>
  (known ??= {
    id: randomBytes(16).toString("hex"),
    host: hostname(),
    process: process.pid,
    place: place(),
    machine: machine(),
    started: statusOf(process.pid)?.started ?? "",
  });

/** Two containers on one machine share its boot, and not the numbers of their processes. */
const place = (): string =>
  orNothing(
    () => `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`,
  ) ?? "";

/** Copies of one image may share the number, and not the name too. */
const machine = (): string => {
  const id = orNothing(() => readFileSync("/etc/machine-id", "utf8").trim()) ?? "";
  return id === "" ? "" : `${id} ${hostname()}`;
};

const bootOf = (place: string): string => place.split(" ")[0]!;

let mark: string | undefined;

/** Eight hexadecimal digits for this place, for names of files. */
export const placeMark = (): string => (mark ??= sha256(thisProcess().place || hostname()).slice(0, 8));

/** Undefined where it cannot be looked for from here. */
export function livesHere({ place, machine, process: pid, started }: ProcessIdentity): boolean | undefined {
  const here = thisProcess();
  if (place === "") return undefined;
  if (place !== here.place)
    return machine !== "" && machine === here.machine && bootOf(place) !== bootOf(here.place) ? false : undefined;
  const status = statusOf(pid);
  return status !== undefined && status.started === started && !["Z", "X"].includes(status.state);
}

/** Of /proc/<pid>/stat: the name, in parentheses, may hold anything; state and start are the 1st and the 20th field after it. */
function statusOf(pid: number): { readonly state: string; readonly started: string } | undefined {
  const text = orNothing(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? undefined : { state: fields[0]!, started: fields[19]! };
}

function orNothing<A>(read: () => A): A | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether there is a process of that number here. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
