/** Commands that an installation runs, and how they fail. */
import { spawn } from "node:child_process";

/** Runs a command to its end, quietly; gives what it printed to stdout. Throws `InstallFailure` where it fails or is not there. */
export type RunCommand = (command: string, args: ReadonlyArray<string>, folder: string) => Promise<string>;

/** The installation could not be done: one sentence, and what to do. */
export class InstallFailure extends Error {
  /** The sentence alone, without what led to it. */
  readonly reason: string;
  readonly hint: string;
  constructor(reason: string, hint: string) {
    super(reason);
    this.name = "InstallFailure";
    this.reason = reason;
    this.hint = hint;
  }
}

/** Enough of what a failed command printed to see why. */
const keptCharacters = 4000;

export const runCommand: RunCommand = (command, args, folder) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32", // npm is a batch file there
    });
    let printed = "";
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      told = (told + text).slice(-keptCharacters);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told = (told + text).slice(-keptCharacters)));
    child.on("error", ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        code === "ENOENT"
          ? new InstallFailure(`${command} is not there`, `install ${command}, or put it on PATH`)
          : new InstallFailure(`${command} could not be run: ${message}`, "see the message"),
      ),
    );
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(printed);
      const line = tellingLine(told) ?? `it ended with ${signal ?? `exit code ${code}`}`;
      reject(
        new InstallFailure(`${command} ${args[0] ?? ""}: ${line}`, `try it by hand: ${[command, ...args].join(" ")}`),
      );
    });
  });

/** The line that says why: the first that names an error, else the last that there is. */
function tellingLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const naming = lines.find((line) => /^(?:npm error )?(?:\w*Error|ERROR|error|fatal error)\b.*:\s*\S/.test(line));
  return naming ?? lines.findLast((line) => line !== "");
}
