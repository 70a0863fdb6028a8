import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { db } from "../db";
import { newSecret } from "../ids";
import { makeApiKey, makeAutomation, makeWorkspace } from "../testing/factory";

const program = fileURLToPath(new URL("./testing/door-process.ts", import.meta.url));

function startDoor(): ChildProcess {
  const flags = ["--conditions=react-server", "--import", "tsx"];
  return spawn(process.execPath, [...flags, program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, RATE_LIMIT: "off" },
  });
}

// The child compiles what it runs, which takes a while on a busy machine.
test("what was answered 202 is on disk with its enrollment, though the process is killed at any moment", {
  timeout: 90_000,
}, async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  await makeAutomation(db, { workspaceId });
  const door = startDoor();
  const url = String((await once(door.stdout ?? door, "data"))[0]).trim();
  const accepted: string[] = [];
  let next = 0;
  const sender = async () => {
    for (;;) {
      next += 1;
      const id = `m${next}`;
      const body = JSON.stringify({ event: "signed_up", external_id: `u${next}`, message_id: id });
      try {
        const answer = await fetch(`${url}/v1/events`, {
          method: "POST",
          headers: { authorization: `Bearer ${secret}` },
          body,
        });
        if (answer.status === 202) accepted.push(id);
      } catch {
        return; // the process is gone
      }
      if (accepted.length === 60) door.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  const kept = await db.sql<{ message_id: string }>("select message_id from messages where workspace_id = $1", [
    workspaceId,
  ]);
  const ids = new Set(kept.map(({ message_id }) => message_id));
  expect(accepted.length).toBeGreaterThanOrEqual(60);
  expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
  const [entered] = await db.sql<{ count: number }>("select count(*)::int from enrollments where workspace_id = $1", [
    workspaceId,
  ]);
  expect(entered?.count).toBe(ids.size);
});
