import { makeAutomation } from "./api";
import { test as base, expect, unique } from "./fixtures";
import { type OwnServer, ownServer } from "./own-server";

const test = base.extend<{ server: OwnServer }>({
  server: async ({ stage }, use) => {
    const server = await ownServer(stage);
    await begin(server);
    await use(server);
    await server.close();
  },
});
// One after the other: each starts a server of its own.
test.describe.configure({ mode: "default", timeout: 180_000 });

/** A running server with a live automation that answers each sign-up with one email. */
async function begin(server: OwnServer): Promise<void> {
  const { workspace, postmark } = server;
  await server.start();
  const connection = await workspace.api.ask<{ id: string }>("POST", `/v1/projects/${workspace.id}/email-providers`, {
    provider: "postmark",
    display_name: "Production",
    server_token: postmark.serverToken,
    from_email: "hello@example.com",
  });
  await makeAutomation(workspace, connection, { name: "Welcome", event: "signed_up", reentry: "once" });
}

/** So many people sign up at once. @returns their addresses, all of which the server has accepted */
async function signUp({ workspace: { api } }: OwnServer, count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => unique("user"));
  const email = (id: string) => `${id}@example.com`;
  const batches = Array.from({ length: Math.ceil(count / 50) }, (_, index) =>
    people.slice(index * 50, index * 50 + 50),
  );
  const answers = await Promise.all(
    batches.map((ids) =>
      api.ask<{ accepted: number; rejected: number }>("POST", "/v1/events/batch", {
        events: ids.flatMap((id) => [
          { event: "$identify", external_id: id, traits: { email: email(id) } },
          { event: "signed_up", external_id: id, message_id: id },
        ]),
      }),
    ),
  );
  expect(answers.map(({ rejected }) => rejected)).toEqual(batches.map(() => 0));
  return people.map(email).sort();
}

/** Waits until nothing is on its way, then compares what left with whom it was for. */
async function everybodyGotOne(server: OwnServer, addresses: string[]): Promise<void> {
  await expect.poll(() => server.sends(), { timeout: 90_000 }).toEqual({ sent: addresses.length });
  // A message to Postmark's black hole proves that its search sees; it goes to nobody.
  const recipients = server.postmark.outbox().flatMap(({ to }) => (to && !to.includes("@blackhole.") ? [to] : []));
  expect(recipients.sort()).toEqual(addresses);
}

test("SIGKILL in the middle of sending: every accepted event's email leaves, and none leaves twice", async ({
  server,
}) => {
  // Postmark takes a batch and then thinks, so that the answer finds nobody.
  server.postmark.addFault({ action: "latency", ms: 2_000, path: "/email/batch" });
  const addresses = await signUp(server, 300);
  await expect.poll(() => server.postmark.outbox().length, { timeout: 20_000, intervals: [50] }).toBeGreaterThan(0);
  await server.end("SIGKILL");
  expect((await server.sends()).sending, "emails that left without our knowing").toBeGreaterThan(0);

  server.postmark.clearFaults();
  await server.start();
  await everybodyGotOne(server, addresses);
});

test("SIGTERM: what was begun is ended, the process exits with 0, and the rest leaves after the next start", async ({
  server,
}) => {
  server.postmark.addFault({ action: "latency", ms: 1_000, path: "/email/batch" });
  const addresses = await signUp(server, 300);
  await expect.poll(() => server.postmark.outbox().length, { timeout: 20_000, intervals: [50] }).toBeGreaterThan(0);
  expect(await server.end("SIGTERM")).toBe(0);
  const { sent = 0, queued = 0, ...other } = await server.sends();
  expect(other, "nothing is left in the air").toEqual({});
  expect(sent).toBe(server.postmark.outbox().length);
  expect(sent + queued).toBeLessThanOrEqual(addresses.length); // whose run had not come so far has no send yet

  server.postmark.clearFaults();
  await server.start();
  await everybodyGotOne(server, addresses);
});

test("a connection cut after Postmark took the batch: the emails are found there, and not sent again", async ({
  server,
}) => {
  server.postmark.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 1 });
  const addresses = await signUp(server, 100);
  await everybodyGotOne(server, addresses);
});
