import { setTimeout as wait } from "node:timers/promises";
import type { Stage } from "./stage";

const webhookSecret = "test-webhook-secret";

/** Calls the connection's webhook. @returns null, or why it was not taken. 503 is our own trouble: Postmark would call again, and so does this. */
export async function postNews(stage: Stage, body: string): Promise<string | null> {
  for (let tries = 1; ; tries += 1) {
    const url = `${stage.chance.pick(stage.urls())}/api/webhooks/${stage.workspaceId}/data_connections/${stage.connectionId}/postmark`;
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`gflux:${webhookSecret}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body,
    });
    const text = await answer.text();
    if (answer.status === 200) return null;
    if (answer.status !== 503 || tries > 20) return `${answer.status} ${text.slice(0, 200)}`;
    await wait(100);
  }
}
