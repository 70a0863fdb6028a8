import { expect, test } from "vitest";
import { getAutomationOperation, updateAutomationOperation } from "../automations/operations";
import { db } from "../db";
import { newSecret } from "../ids";
import { makeApiKey, makeAutomation, makeWorkspace } from "../testing/factory";
import { serve } from "./route";

test("what GET gave can be changed and put back; what the resource does not have is refused by name", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  const automation = await makeAutomation(db, { workspaceId });
  const ask = async (body?: object) => {
    const handler = body ? serve(updateAutomationOperation) : serve(getAutomationOperation);
    const request = new Request(`http://localhost/v1/automations/${automation.id}`, {
      method: body ? "PUT" : "GET",
      headers: { authorization: `Bearer ${secret}` },
      body: body && JSON.stringify(body),
    });
    const answer = await handler(request, { params: Promise.resolve({ id: automation.id }) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  const { body: given } = await ask();
  const put = await ask({ ...given, name: "Another name" });
  expect(put).toMatchObject({ status: 200, body: { id: automation.id, name: "Another name", steps: given.steps } });

  const refused = await ask({ ...given, trigers: given.trigger });
  expect(refused.status).toBe(400);
  expect(String(refused.body.detail)).toContain("trigger");
});
