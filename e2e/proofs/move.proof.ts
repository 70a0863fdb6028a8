import { expect, test, vi } from "vitest";
import { startMailServer } from "../../lib/connections/testing/mail-server";
import { record } from "./figures";
import { ledgerOf } from "./ledger";
import { bringForward, comeIn, Doors, lookAgain, reportSome, statusesOf, troubleMail, unknownOf } from "./move";
import { until } from "./place";
import { proofScale } from "./scale";
import { openStage, type Stage } from "./stage";

const scale = proofScale();
const emails = scale.full ? scale.emails / 2 : scale.emails / 5;
/** An odd number: it begins by SMTP and ends natively. */
const moves = scale.kills / 2 + (scale.full ? 1 : 0);
/** How long it is waited for mail in every state, at most: where there is none, it moves all the same, and the figures say so. */
const stateWithinMs = scale.full ? 8_000 : 4_000;
const flowsWithinMs = 60_000;
/** A call has half of it to begin: to log in and to write takes longer here than to post. */
const timeoutMs = 4_000;
/** Mails between two moves, at least. */
const flowing = 15;
const settleWithinMs = scale.full ? 300_000 : 100_000;
/** Every fourth time it moves because its login is refused, with mail that is held for it. */
const isRefused = (number: number) => number % 4 === 2;

test("moved from SMTP to native and back with sends in every state: each email once over both doors, and what nobody can know is never sent again", {
  timeout: scale.timeoutMs,
}, async () => {
  const beganMs = performance.now();
  // Leases are short here and the machine is busy: that one was lost is no mistake, and is said.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const stage = await openStage({
    name: "move",
    env: { SMTP_ALLOW_PRIVATE: "on", POSTMARK_TIMEOUT_MS: String(timeoutMs) },
  });
  const mail = await startMailServer({ replyMs: 20 });
  try {
    await Promise.all([stage.startWeb({ DISPATCHER: "off" }), stage.startWorker(), stage.startWorker()]);
    await troubleNative(stage);
    const doors = await Doors.open(stage, mail);
    await doors.toSmtp();
    const [coming, troubling, reporting] = [
      comeIn(stage, mail, emails),
      troubleMail(stage, mail),
      reportSome(stage, mail),
    ];
    const wrong: string[] = [];
    const met: Record<string, number> = {};
    for (let number = 0; number < moves; number += 1) {
      wrong.push(...(await mailFlows(doors)).map((what) => `before move ${number}: ${what}`));
      if (isRefused(number)) wrong.push(...(await refused(doors, met)));
      else await inEveryState(stage, met);
      await (doors.bySmtp ? doors.toNative() : doors.toSmtp());
      coming.letIn();
      await bringForward(stage);
    }
    await coming.end();
    const faults = (await troubling.end()) + (await stage.provider.fired());
    await stage.provider.clearFaults();
    const overMs = performance.now();
    wrong.push(...(await settled(stage, coming.people.length)));
    const { reported, wasUnknown, problems } = await reporting.end();
    for (let looks = 0; looks < 3; looks += 1) wrong.push(...(await lookAgain(stage)));
    wrong.push(...(await settled(stage, coming.people.length)));
    const recoveryMs = Math.round(performance.now() - overMs);
    wrong.push(...problems, ...stage.intake.wrong, ...(await doors.differences({ reported, refused: coming.refused })));
    const ledger = await ledgerOf(coming.people, {
      workspaceId: stage.workspaceId,
      event: "signed_up",
      steps: ["welcome"],
      intake: stage.intake,
      provider: doors,
      taken: ["sent", "delivered", "unknown"],
      untaken: ["unknown", "failed", "skipped"],
    });
    record({
      proof: "move",
      seed: stage.seed,
      full: scale.full,
      emails: ledger.emails,
      kills: 0,
      stops: 0,
      faults,
      lost: ledger.lost.length,
      doubled: ledger.doubled.length,
      longestRecoveryMs: recoveryMs,
      seconds: Math.round((performance.now() - beganMs) / 1_000),
      moves,
      bySmtp: mail.taken.length,
      unknownSettledByWebhook: wasUnknown,
      unknownLeft: (await unknownOf(stage)).length,
      met,
    });
    expect([...wrong, ...ledger.lost, ...ledger.doubled, ...ledger.strange].slice(0, 20)).toEqual([]);
    expect(ledger.acknowledged).toBe(coming.people.length);
    const states = ["queued", "sending", "unknown", "held", "sent", "failed", "skipped"];
    expect(states.filter((state) => !met[state])).toEqual([]);
  } finally {
    await stage.close();
    await mail.close();
  }
});

/** Calls take a while, and some answers are lost. */
async function troubleNative({ provider }: Stage): Promise<void> {
  const path = "/email/batch";
  await provider.addFault({ action: "resetAfterAccept", path, probability: 0.15 });
  await provider.addFault({ action: "resetBeforeAccept", path, probability: 0.1 });
  await provider.addFault({ action: "latency", path, minMs: 50, maxMs: 400 });
}

/** Some mail leaves through the door that is open. */
async function mailFlows(doors: Doors): Promise<string[]> {
  const before = await doors.takenNow();
  const flows = await until(async () => (await doors.takenNow()) >= before + flowing, flowsWithinMs, 100);
  return flows ? [] : ["nothing leaves"];
}

/** Waits until there is mail in every state, and then a moment. Adds what there is. */
async function inEveryState(stage: Stage, met: Record<string, number>): Promise<void> {
  const open = async () => {
    const now = await statusesOf(stage);
    return ["queued", "sending", "unknown"].every((status) => now[status]);
  };
  await until(open, stateWithinMs, 50);
  await new Promise((resolve) => setTimeout(resolve, stage.chance.between(0, 100)));
  add(met, await statusesOf(stage));
}

/** The server refuses the login, so what comes is held. */
async function refused(doors: Doors, met: Record<string, number>): Promise<string[]> {
  const failing = await doors.refuseLogin(flowsWithinMs);
  const held = async () => (await statusesOf(doors.stage)).queued ?? 0;
  const holds = await until(async () => (await held()) > 0, flowsWithinMs, 50);
  if (!failing || !holds) return ["a login that is refused holds nothing"];
  const { queued = 0, ...others } = await statusesOf(doors.stage);
  add(met, { ...others, held: queued });
  return [];
}

function add(met: Record<string, number>, now: Readonly<Record<string, number>>): void {
  for (const [state, n] of Object.entries(now)) met[state] = (met[state] ?? 0) + n;
}

/** Every email there is to be is there, none waits or is under way, and unknown are only those of which SMTP owes the answer. */
async function settled(stage: Stage, count: number): Promise<string[]> {
  const holds = async () => {
    await bringForward(stage);
    const now = await statusesOf(stage);
    const sends = Object.values(now).reduce((sum, n) => sum + n, 0);
    if (sends < count || now.queued || now.sending) return false;
    return (await unknownOf(stage)).every(({ natively }) => !natively);
  };
  if (await until(holds, settleWithinMs, 300)) return [];
  return [`not settled after ${settleWithinMs} ms: ${JSON.stringify(await statusesOf(stage))}`];
}
