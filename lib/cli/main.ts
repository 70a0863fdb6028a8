import "server-only";
import { Command, CommanderError } from "commander";
import { migrate } from "../../scripts/migrate";
import { permissions } from "../actor";
import { closeDatabase } from "../db";
import { dispatch } from "../dispatch";
import { env } from "../env";
import { toPublicError } from "../errors";
import { diagnose } from "../web/diagnosis";
import { createKeyOf, createUser, createWorkspace, setPassword } from "../workspaces";
import { doctorOfConnection } from "./connection-doctor";
import { doctorJson, doctorText, needsOf } from "./doctor";

/**
 * The operator's command line: a face of the same use cases. `--json` prints one line of JSON; errors go to standard error in one
 * sentence, with exit code 1 (2 for a wrong call).
 */
export async function main(words: readonly string[]): Promise<void> {
  const program = build();
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
    else {
      process.stderr.write(`${sentence(thrown)}\n`);
      process.exitCode = 1;
    }
  } finally {
    await closeDatabase();
  }
}

function build(): Command {
  const program = new Command("gflux")
    .description("Operate gflux from the server it runs on.")
    .exitOverride()
    .showHelpAfterError("(--help shows how)")
    .configureHelp({ showGlobalOptions: true });
  workspaceCommands(program);
  userCommands(program);
  connectionCommands(program);
  leaf(program.command("dispatch").description("Do what is due, once, and say what was done."))
    .option("--budget-ms <milliseconds>", "stop taking work after this long", "30000")
    .action(async ({ json, budgetMs }) => print(json, await dispatch({ budgetMs: Number(budgetMs), kind: "cron" })));
  leaf(
    program
      .command("doctor")
      .description("Say how everything stands, in all workspaces. Exit code 1 when something needs a person."),
  ).action(async ({ json }) => examine(json));
  leaf(program.command("migrate").description("Bring the database up to date.")).action(async ({ json }) =>
    print(json, { applied: await migrate(env().databaseUrl) }),
  );
  return program;
}

function workspaceCommands(program: Command): void {
  const workspace = program.command("workspace").description("Workspaces");
  leaf(
    workspace
      .command("create")
      .description("Make a workspace with its owner and a key of each kind. The keys are shown once."),
  )
    .requiredOption("--name <name>", "name of the workspace")
    .requiredOption(
      "--owner-email <email>",
      "address that the owner signs in with; an existing user keeps their password",
    )
    .requiredOption("--owner-password <password>", "password of the owner, at least 10 characters")
    .action(async ({ json, name, ownerEmail, ownerPassword }) =>
      print(json, await createWorkspace({ name, owner_email: ownerEmail, owner_password: ownerPassword })),
    );
  const key = program.command("key").description("API keys");
  leaf(key.command("create").description("Make an API key. It is shown once."))
    .requiredOption("--workspace <id>", "id of the workspace")
    .requiredOption("--name <name>", "what it is for")
    .option("--kind <kind>", "secret or publishable", "secret")
    .option("--scope <scope...>", `only these (of a secret key): ${permissions.join(", ")}`)
    .action(async ({ json, workspace: workspaceId, name, kind, scope }) =>
      print(json, await createKeyOf(workspaceId, { name, kind, scopes: scope ?? [] })),
    );
}

function userCommands(program: Command): void {
  const user = program.command("user").description("People who sign in");
  leaf(user.command("create").description("Make a user, whatever SIGNUP says."))
    .requiredOption("--email <email>", "address to sign in with")
    .requiredOption("--password <password>", "at least 10 characters")
    .option("--name <name>", "how they are called")
    .action(async ({ json, email, password, name }) =>
      print(json, await createUser({ email, password, name: name ?? null })),
    );
  leaf(user.command("set-password").description("Give somebody who is locked out a new password. Ends their sessions."))
    .requiredOption("--email <email>", "address they sign in with")
    .requiredOption("--password <password>", "the new one, at least 10 characters")
    .action(async ({ json, email, password }) => print(json, await setPassword({ email, password })));
}

function connectionCommands(program: Command): void {
  const connection = program.command("connection").description("Connections through which mail leaves");
  leaf(
    connection
      .command("doctor <id-or-name>")
      .description("Say what is wrong with a connection and its domain. Exit code 1 while something is broken."),
  )
    .option("--fix <id>", "do what a row offers first; “all”: whatever can be mended")
    .action(async (called: string, { json, fix }) => doctorOfConnection(called, { json, fix }));
}

const leaf = (command: Command): Command => command.option("--json", "print one line of JSON").exitOverride();

async function examine(json: boolean | undefined): Promise<void> {
  const diagnosis = await diagnose();
  const text = json ? `${JSON.stringify(doctorJson(diagnosis))}\n` : doctorText(diagnosis);
  process.stdout.write(text);
  if (needsOf(diagnosis).length > 0) process.exitCode = 1;
}

function print(json: boolean | undefined, value: object): void {
  if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
  else
    for (const [name, text] of Object.entries(value))
      process.stdout.write(`${name}: ${typeof text === "object" ? JSON.stringify(text) : text}\n`);
}

/** What the caller did wrong, field by field; anything else as it is, because here the caller is the operator. */
function sentence(thrown: unknown): string {
  const { error, detail, fields } = toPublicError(thrown);
  if (error === "server_error") return thrown instanceof Error ? thrown.message : String(thrown);
  const each = Object.entries(fields ?? {}).map(([path, sentences]) => `${path}: ${sentences.join(" ")}`);
  return each.length > 0 ? each.join("\n") : detail;
}
