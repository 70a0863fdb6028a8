import "server-only";
import type { News } from "../../connections/schema";
import { db } from "../../db";
import { takeNews } from "../../sends/news";
import { acceptThenReset } from "../../testing/fake-connector";
import { answersOf, type Case, type Cases, email, type World, worldOf } from "./cases";

let serial = 0;

/** The provider reports something of the world's one email. */
async function reports(world: World, over: Partial<News>): Promise<void> {
  const [send] = await world.sends();
  serial += 1;
  const news: News = {
    kind: "delivered",
    recordType: "Delivery",
    newsKey: `case-${serial}`,
    providerMessageId: send?.providerMessageId ?? null,
    sendId: send?.id ?? null,
    recipient: "ada@example.com",
    stream: "broadcast",
    occurredAt: new Date().toISOString(),
    suppression: null,
    data: {},
    ...over,
  };
  await takeNews(db, world.tenant, world.connection.id, [news]);
}

async function writes(answersLost = false): Promise<World> {
  const world = await worldOf((id) => [email(id)]);
  if (answersLost) world.fake.answerNext(acceptThenReset);
  await world.enroll([{ email: "ada@example.com" }]);
  await world.pass();
  return world;
}

const reported =
  (over: Partial<News>, answersLost = false): Case =>
  async () => {
    const world = await writes(answersLost);
    await reports(world, over);
    return world.workspaceId;
  };
const ends = (reason: "hard_bounce" | "spam_complaint" | "unsubscribe" | "manual", kind: News["kind"]): Case =>
  reported({ kind, suppression: { active: true, reason, origin: "recipient", scope: "workspace" } });

/** What providers report. */
export const newsCases: Cases = {
  reported: reported({}, true),
  delivered: reported({}),
  bounced: reported({ kind: "bounced" }),
  complained: reported({ kind: "complained" }),
  hard_bounce: ends("hard_bounce", "bounced"),
  spam_complaint: ends("spam_complaint", "complained"),
  unsubscribe: ends("unsubscribe", "subscription"),
  manual: ends("manual", "subscription"),
  being_sent: async () => {
    const world = await worldOf((id) => [email(id)]);
    await world.enroll([{ email: "ada@example.com" }]);
    let seen: string[] = [];
    world.fake.answerNext(async ({ messages, stream }, fake) => {
      seen = (await answersOf(world.workspaceId)).map(({ code }) => code);
      return { kind: "answered", outcomes: fake.accept(messages, stream) };
    });
    await world.pass();
    // Seen while the call was under way; it stands like that again when the process died in it.
    if (!seen.includes("being_sent")) throw new Error(`while it was sent, the answer was ${seen.join()}`);
    await db.sql("update sends set status = 'sending', due_at = null where workspace_id = $1", [world.workspaceId]);
    return world.workspaceId;
  },
};
