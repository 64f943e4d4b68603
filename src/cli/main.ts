/**
 * The `pipeline` command: reads the arguments, brings the code of the one command asked for, and turns whatever comes out
 * into an exit code. Imports nothing heavy, not even Effect: help, version and mistakes in the arguments answer at once.
 */
import { type Request, readCommandLine, UsageError } from "./commandLine.ts";
import { commands } from "./commands.ts";
import { DiskFailure, ReaderGone, writeError, writeOut } from "./output.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: ReadonlyArray<string>): Promise<number> {
  try {
    return await answer(readCommandLine(commands, args));
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    if (error instanceof UsageError) {
      const place = error.place === undefined ? "" : `${error.place}: `;
      writeError(`${place}error: ${error.message}\n${error.hint === undefined ? "" : `  hint: ${error.hint}\n`}`);
      return error instanceof DiskFailure ? 3 : 2;
    }
    const { reportFailure } = await import("./reportFailure.ts");
    return reportFailure(error);
  }
}

async function answer(request: Request): Promise<number> {
  switch (request.kind) {
    case "version":
      writeOut(`${(await import("../../package.json", { with: { type: "json" } })).default.version}\n`);
      return 0;
    case "help": {
      const { commandHelp, overview } = await import("./help.ts");
      writeOut(request.command === undefined ? overview(commands) : commandHelp(request.command));
      return 0;
    }
    case "command":
      return (await request.command.load())(request.invocation);
  }
}
