import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { MailServer, TakenMail } from "../../lib/connections/testing/mail-server";
import { db } from "../../lib/db";
import { eventsOf, type Person, personOf } from "./intake";
import { until } from "./place";
import { postNews } from "./post-news";
import type { Accepted } from "./provider";
import type { Stage } from "./stage";

/** By whose id our own Message-ID begins. */
const sendIdOf = ({ raw }: TakenMail): string => /^Message-ID: <([0-9a-f-]{36})@/im.exec(raw)?.[1] ?? "";

/** The two ways out of one connection, moved as a client does: by the API. */
export class Doors {
  bySmtp = false;
  private readonly password: string;

  private constructor(
    readonly stage: Stage,
    readonly mail: MailServer,
    private readonly serverToken: string,
  ) {
    this.password = mail.password;
  }

  static async open(stage: Stage, mail: MailServer): Promise<Doors> {
    return new Doors(stage, mail, (await stage.provider.world()).serverToken);
  }

  async toSmtp(): Promise<void> {
    this.mail.password = this.password;
    await this.change({
      provider: "smtp",
      smtp_host: "127.0.0.1",
      smtp_port: this.mail.port,
      smtp_secure: "none",
      username: "acme",
      password: this.password,
    });
    this.bySmtp = true;
  }

  async toNative(): Promise<void> {
    await this.change({ provider: "postmark", server_token: this.serverToken });
    this.bySmtp = false;
  }

  /** Logs nobody in until it moves to SMTP the next time. @returns whether the connection was found to be failing */
  async refuseLogin(withinMs: number): Promise<boolean> {
    this.mail.password = "another-password";
    const failing = async () => {
      // Sessions that are logged in carry mail until they end.
      this.mail.happen("cut after the last line");
      const sql = "select status from connections where workspace_id = $1 and id = $2";
      const { workspaceId, connectionId } = this.stage;
      const [row] = await db.sql<{ status: string }>(sql, [workspaceId, connectionId]);
      return row?.status === "failing";
    };
    return until(failing, withinMs, 200);
  }

  /** How much went through the door that is open. */
  takenNow = async (): Promise<number> =>
    this.bySmtp ? this.mail.taken.length : (await this.stage.provider.accepted()).length;

  /** What was taken at both. */
  async accepted(): Promise<readonly Accepted[]> {
    const bySmtp = this.mail.taken.map((mail) => ({
      id: sendIdOf(mail),
      to: mail.to,
      metadata: { send_id: sendIdOf(mail) },
      acceptedAtMs: 0,
    }));
    return [...(await this.stage.provider.accepted()), ...bySmtp];
  }

  /** What the end must not be, given which sends a webhook reported and to whom the mail server would not write. */
  async differences({
    reported,
    refused,
  }: {
    reported: ReadonlySet<string>;
    refused: ReadonlySet<string>;
  }): Promise<string[]> {
    const sends = await db.sql<{ id: string; to: string; status: string }>(
      `select id::text, to_email as "to", status from sends where workspace_id = $1`,
      [this.stage.workspaceId],
    );
    const again = new Set((await this.accepted()).map(({ to }) => to));
    return [
      ...this.mail.unread.flatMap((to) =>
        again.has(to) ? `${to} was written to again although nobody could know` : [],
      ),
      ...sends.flatMap(({ id, to, status }) => {
        if (reported.has(id) && status !== "delivered") return `${to}: ${status}, although it was reported delivered`;
        return /^(failed|skipped)$/.test(status) && !refused.has(to) ? `${to}: ${status}, and nobody refused it` : [];
      }),
    ];
  }

  /** Again when this busy machine did not come to the check in time, or the connection changed at that moment. */
  private async change(body: object): Promise<void> {
    const { stage } = this;
    const said: string[] = [];
    for (let tries = 1; tries <= 8; tries += 1) {
      const answer = await fetch(`${stage.urls()[0]}/v1/email-providers/${stage.connectionId}`, {
        method: "PATCH",
        headers: { authorization: `Bearer ${stage.key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (answer.status === 200 && (JSON.parse(text) as { status: string }).status === "ready") return;
      said.push(`${answer.status} ${text.slice(0, 300)}`);
      await wait(500);
    }
    throw new Error(`The connection could not be changed: ${said.join("; ")}`);
  }
}

const waitingMax = 100;

/** People who come in one after another, until it is enough. By SMTP some addresses are refused, and some only at first. */
export function comeIn(stage: Stage, mail: MailServer, enough: number) {
  const { intake, chance, seed } = stage;
  const people: Person[] = [];
  const refused = new Set<string>();
  const lifts: (() => void)[] = [];
  let over = false;
  const refuse = ({ email }: Person, number: number) => {
    if (number % 10 === 5) lifts.push(mail.refuse("RCPT", email, { code: 450, words: "4.2.0 Greylisted" }));
    if (number % 20 !== 3 && number % 20 !== 7) return;
    const words = number % 20 === 3 ? "5.1.1 No such user" : "5.7.1 Blocked by policy";
    mail.refuse("RCPT", email, { code: 550, words });
    refused.add(email);
  };
  const coming = (async () => {
    while (!over || people.length < enough) {
      const from = people.length;
      const some = Array.from({ length: chance.between(5, 20) }, (_, index) => personOf(seed, from + index));
      some.forEach((person, index) => void refuse(person, from + index));
      people.push(...some);
      await intake.deliver(some.flatMap((person) => eventsOf(person, "signed_up")));
      // What has piled up would leave natively all at once.
      do await wait(chance.between(100, 300));
      while (!over && ((await statusesOf(stage)).queued ?? 0) > waitingMax);
    }
  })();
  coming.catch(() => undefined); // heard at the end
  return {
    people,
    refused,
    /** Whoever was put off until now is not any more. */
    letIn: () => {
      for (const lift of lifts.splice(0)) lift();
    },
    end: () => {
      over = true;
      return coming;
    },
  };
}

const happenings = [
  "cut after the last line",
  "cut after the last line unread",
  "half a reply",
  "silence after the last line",
  "put off",
  "slow reply",
  "slow reply",
] as const;

/** Something happens to every few mails that leave by SMTP. `end` says to how many at most. */
export function troubleMail({ chance }: Stage, mail: MailServer) {
  let [over, count, next] = [false, 0, 0];
  const going = (async () => {
    for (; !over; await wait(20)) {
      if (mail.taken.length < next) continue;
      mail.happen(chance.pick(happenings));
      next = mail.taken.length + chance.between(5, 15);
      count += 1;
    }
  })();
  return {
    async end(): Promise<number> {
      over = true;
      await going;
      return count;
    },
  };
}

/**
 * The provider's word of half of what was taken by SMTP, as a webhook brings it: before, while and after we hear of it otherwise. `end`
 * reports what is left of that half and tells of which sends it was, and how many of them were unknown when it came.
 */
export function reportSome(stage: Stage, mail: MailServer) {
  const [reported, problems] = [new Set<string>(), [] as string[]];
  let [over, seen, wasUnknown] = [false, 0, 0];
  const report = async (taken: TakenMail) => {
    const sendId = sendIdOf(taken);
    if ((await unknownOf(stage)).some(({ id }) => id === sendId)) wasUnknown += 1;
    const problem = await postNews(stage, deliveryOf(taken.to, sendId));
    if (problem === null) reported.add(sendId);
    else problems.push(problem);
  };
  const going = (async () => {
    for (;;) {
      const last = over;
      for (; seen < mail.taken.length; seen += 1) {
        const taken = mail.taken[seen];
        if (taken && stage.chance.next() < 0.5) await report(taken);
      }
      if (last) return;
      await wait(stage.chance.between(50, 1_000));
    }
  })();
  going.catch(() => undefined); // heard at the end
  return {
    async end() {
      over = true;
      await going;
      return { reported, problems, wasUnknown };
    },
  };
}

const deliveryOf = (to: string, sendId: string): string =>
  JSON.stringify({
    RecordType: "Delivery",
    MessageID: randomUUID(),
    MessageStream: "broadcast",
    ServerID: 1,
    Tag: "Proof",
    Metadata: { send_id: sendId },
    Recipient: to,
    DeliveredAt: new Date().toISOString(),
    Details: "250 2.0.0 accepted",
  });

export async function statusesOf({ workspaceId }: Stage): Promise<Record<string, number>> {
  const rows = await db.sql<{ status: string; n: number }>(
    "select status, count(*)::int as n from sends where workspace_id = $1 group by 1 order by 1",
    [workspaceId],
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

/** Unknown sends; `natively`: an attempt through the API may have carried it, which can be looked up. */
export const unknownOf = ({ workspaceId }: Stage) =>
  db.sql<{ id: string; natively: boolean }>(
    `select s.id::text, exists (select from send_attempts a where a.workspace_id = $1 and a.send_id = s.id and a.outcome is null
       and coalesce(a.server_id, '') not like 'smtp:%') as natively
     from sends s where s.workspace_id = $1 and s.status = 'unknown'`,
    [workspaceId],
  );

/** As if the pauses after a failure were over. */
export async function bringForward({ workspaceId }: Stage): Promise<void> {
  await db.sql("update send_lanes set not_before = null where workspace_id = $1 and not_before > now()", [workspaceId]);
  await db.sql(
    "update sends set due_at = now() where workspace_id = $1 and status = 'queued' and lease_token is null and due_at > now()",
    [workspaceId],
  );
}

/** As if the time had come to look at all that is unknown; waits until it was looked at. */
export async function lookAgain({ workspaceId }: Stage): Promise<string[]> {
  await db.sql(
    "update sends set due_at = now() where workspace_id = $1 and status = 'unknown' and lease_token is null and due_at > now()",
    [workspaceId],
  );
  const waiting = async () => {
    const [row] = await db.sql<{ n: number }>(
      `select count(*)::int as n from sends
       where workspace_id = $1 and status = 'unknown' and (lease_token is not null or due_at <= now())`,
      [workspaceId],
    );
    return row?.n ?? 0;
  };
  if (await until(async () => (await waiting()) === 0, 60_000, 100)) return [];
  return [`${await waiting()} unknown emails were not looked at`];
}
