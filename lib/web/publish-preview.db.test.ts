import { beforeAll, expect, test } from "vitest";
import { previewPublishOperation } from "../automations/operations";
import { db } from "../db";
import { forgetEnv } from "../env";
import { newId, newSecret } from "../ids";
import { makeApiKey, makeAutomation, makeWorkspace } from "../testing/factory";
import { serve } from "./route";

const route = serve(previewPublishOperation);
let automationId: string;
let secret: string;
beforeAll(async () => {
  process.env.RATE_LIMIT = "off";
  forgetEnv();
  const { id: workspaceId } = await makeWorkspace(db);
  automationId = (await makeAutomation(db, { workspaceId })).id;
  secret = await keyOf(workspaceId);
});

async function keyOf(workspaceId: string, over: object = {}): Promise<string> {
  const made = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret: made, ...over });
  return made;
}
async function ask(id: string, key: string | null = secret) {
  const headers = new Headers(key === null ? [] : [["authorization", `Bearer ${key}`]]);
  const request = new Request(`http://localhost/v1/automations/${id}/publish-preview`, { headers });
  const answer = await route(request, { params: Promise.resolve({ id }) });
  return { status: answer.status, body: await answer.json() };
}

test("whoever may read an automation is told what publishing would do with the people in it", async () => {
  expect(await ask(automationId)).toEqual({ status: 200, body: { version: 1, moves: [], people: 0, removed: 0 } });
});

test("nobody else is", async () => {
  const stranger = await keyOf((await makeWorkspace(db)).id);
  const { workspaceId } = await db.prisma.automation.findFirstOrThrow({ where: { id: automationId } });
  const narrow = await keyOf(workspaceId, { scopes: ["profiles:read"] });
  expect(await ask(automationId, null)).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
  expect(await ask(automationId, narrow)).toMatchObject({ status: 403, body: { error: "insufficient_scope" } });
  expect(await ask(automationId, stranger)).toMatchObject({ status: 404, body: { error: "not_found" } });
  expect(await ask(newId())).toMatchObject({ status: 404 });
  expect(await ask("nonsense")).toMatchObject({ status: 404 });
});
