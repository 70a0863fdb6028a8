import "server-only";
import { AppError } from "./errors";

type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Level = "info" | "warn" | "error";

/** One JSON line per happening, on standard error. Facts are scalars chosen by the caller: never bodies, tokens or addresses' owners. */
function write(level: Level, message: string, facts: Facts): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...facts });
  if (level === "info") process.stderr.write(`${line}\n`);
  else console[level](line);
}

export const log = {
  info: (message: string, facts: Facts = {}) => write("info", message, facts),
  warn: (message: string, facts: Facts = {}) => write("warn", message, facts),
  error: (message: string, thrown: unknown, facts: Facts = {}) =>
    write("error", message, { ...facts, ...factsOf(thrown) }),
};

/** What is worth keeping of a thrown value. Statements' parameters stay out: they hold customers' data. */
function factsOf(thrown: unknown): Facts {
  if (!(thrown instanceof Error)) return { thrown: String(thrown) };
  const { code } = thrown as { code?: unknown };
  return {
    name: thrown.name,
    error: thrown.message,
    code: typeof code === "string" || typeof code === "number" ? code : undefined,
    note: thrown instanceof AppError ? thrown.note : undefined,
    cause: thrown.cause instanceof Error ? thrown.cause.message : undefined,
    stack: thrown instanceof AppError ? undefined : thrown.stack,
  };
}
