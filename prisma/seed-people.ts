/** Who is in the demo and what happened to them: pure, drawn from a fixed seed. */
import { nextId } from "../lib/testing/factory";

export type Person = {
  createdAt: Date;
  externalId: string;
  anonymousIds: string[];
  email: string | null;
  traits: Record<string, string | number | boolean>;
};
export type AutomationRow = { key: string; id: string; versionId: string; definition: { steps: { id: string }[] } };
type SendRow = {
  id: string;
  batchId: string;
  createdAt: Date;
  scheduledAt: Date;
  automationId: string;
  versionId: string;
  enrollmentId: string;
  stepId: string;
  profileId: string;
  toEmail: string | null;
  fromEmail: string;
  subject: string;
  status: string;
  reason: string | null;
  attempts: number;
  sentAt: Date | null;
  deliveredAt: Date | null;
  bouncedAt: Date | null;
  complainedAt: Date | null;
  openedAt: Date | null;
  clickedAt: Date | null;
  opens: number;
  clicks: number;
  providerMessageId: string | null;
};
type SuppressionRow = {
  email: string;
  reason: string;
  scope: string;
  origin: string;
  changedAt: Date;
  createdAt: Date;
};
export type PlannedSend = {
  row: SendRow;
  engagement: { id: string; sendId: string; kind: string; occurredAt: Date; data: Record<string, string> }[];
  suppression: SuppressionRow | null;
};
export type Journey = {
  automationId: string;
  versionId: string;
  events: {
    id: string;
    profileId: string;
    name: string;
    properties: Record<string, string | number>;
    occurredAt: Date;
  }[];
  enrollment: {
    id: string;
    profileId: string;
    eventId: string;
    entryKey: string;
    status: string;
    reason?: string;
    stepId: string | null;
    createdAt: Date;
    readyAt: Date;
    stepDueAt: Date | null;
    dueAt: Date | null;
    endedAt: Date | null;
  };
  sends: PlannedSend[];
  decisions: {
    id: string;
    profileId: string;
    automationId: string;
    enrollmentId: string;
    sendId?: string;
    stepId?: string;
    kind: string;
    reason: string;
    details?: Record<string, string | number | Record<string, string | number | boolean | null>>;
  }[];
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const firstNames =
  "Ada Amara Anton Beatriz Bram Chiara Dalia Deniz Elif Emil Esra Farid Freya Gideon Hana Hugo Ines Ivo Jana Joris Kaveh Kira Lars Leila Lotte Malik Mara Mateo Mina Nadia Nils Noor Odin Olga Pavel Pia Quentin Rafa Rosa Samir Selma Tariq Thea Uma Vera Viktor Wanda Xenia Yara Zoe".split(
    " ",
  );
const lastNames =
  "Abbas Almeida Andersen Baker Becker Brandt Castro Chen Costa Dahl Diaz Eriksen Farkas Fischer Garcia Haddad Hansen Horvat Ito Jansen Kaya Keller Kim Larsen Lopez Marino Meyer Moreau Nagy Novak Okafor Olsen Park Petrov Ramos Rossi Sato Schmidt Silva Singh Tanaka Vogel Weber Wolff Yilmaz Zhang".split(
    " ",
  );
const zones = [
  "Europe/Berlin",
  "Europe/Lisbon",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Tokyo",
  "Australia/Sydney",
];
const subjects: Record<string, string> = {
  welcome: "Welcome, {name}",
  "invite-colleagues": "Bring your colleagues along",
  "first-steps": "Three first steps",
  "trial-ending": "Your trial ends in three days",
  "card-declined": "We could not charge your card",
  "second-notice": "Second notice: your card was declined",
  "nudge-short": "Your first project takes two minutes",
  "nudge-story": "How others began",
};

/** Mulberry32: small, good enough for a demo, the same everywhere. */
export function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** 180 people, most of them of the last two weeks. */
export function peopleOf(now: Date): Person[] {
  const chance = chances(20261121);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T; // the index is below the length
  return Array.from({ length: 180 }, (_, index) => {
    const [first, last] = [pick(firstNames), pick(lastNames)];
    const ageDays = index < 150 ? 13.9 * (1 - index / 150) : 14 + chance() * 3;
    const email = `${first}.${last}${index}@example.com`.toLowerCase();
    const traits = {
      first_name: first,
      last_name: last,
      plan: pick(["trial", "trial", "solo", "team"]),
      timezone: pick(zones),
      projects: Math.floor(chance() * 9),
    };
    return {
      createdAt: new Date(now.getTime() - ageDays * dayMs - hourMs),
      externalId: `user_${1001 + index}`,
      anonymousIds: chance() < 0.6 ? [`anon_${Math.floor(chance() * 1e9).toString(36)}`] : [],
      email: chance() < 0.03 ? null : email,
      traits,
    };
  });
}

export function journeysOf(given: {
  people: Person[];
  profileIds: string[];
  automations: AutomationRow[];
  now: Date;
}): Journey[] {
  const chance = chances(7);
  const automation = (key: string) => given.automations.find((row) => row.key === key);
  return given.people.flatMap((person, index) => {
    const profileId = given.profileIds[index] ?? "";
    const at = (days: number) => new Date(person.createdAt.getTime() + days * dayMs);
    const plans = [
      {
        row: automation("welcome"),
        event: "signed_up",
        startedAt: at(0),
        steps: ["welcome", person.traits.plan === "team" ? "invite-colleagues" : "first-steps"],
        gapDays: 1.2,
      },
      {
        row: automation("trial"),
        event: "trial_ending",
        startedAt: at(4),
        steps: ["trial-ending"],
        gapDays: 0,
        only: person.traits.plan === "trial",
      },
      {
        row: automation("payment"),
        event: "payment_failed",
        startedAt: at(5),
        steps: ["card-declined", "second-notice"],
        gapDays: 3,
        only: chance() < 0.12,
      },
    ];
    let refused = false;
    return plans.flatMap(({ row, only = true, ...plan }) => {
      if (!row || !only || plan.startedAt >= given.now || person.createdAt < new Date(given.now.getTime() - 14 * dayMs))
        return [];
      const journey = journeyOf({ ...plan, row, person, profileId, now: given.now, chance, refused });
      refused ||= journey.sends.some(({ suppression }) => suppression !== null);
      return [journey];
    });
  });
}

type Plan = {
  row: AutomationRow;
  event: string;
  startedAt: Date;
  steps: string[];
  gapDays: number;
  person: Person;
  profileId: string;
  now: Date;
  chance: () => number;
  refused: boolean;
};

function journeyOf({ row, event, startedAt, steps, gapDays, person, profileId, now, chance, refused }: Plan): Journey {
  const [eventId, enrollmentId] = [nextId(startedAt), nextId(startedAt)];
  const times = steps.map((_, index) => new Date(startedAt.getTime() + index * gapDays * dayMs + 400));
  const reached = steps.filter((_, index) => (times[index] ?? now) < now);
  const done = reached.length === steps.length;
  let suppressed = refused;
  const sends = reached.map((stepId, index) => {
    const send = sendOf({ row, stepId, at: times[index] ?? now, enrollmentId, person, profileId, chance, suppressed });
    suppressed ||= send.suppression !== null;
    return send;
  });
  const nextAt = times[reached.length] ?? null;
  const properties = {
    signed_up: { plan: String(person.traits.plan) },
    trial_ending: { ends_on: "Friday" },
    payment_failed: { amount: 29, currency: "EUR" },
  };
  return {
    automationId: row.id,
    versionId: row.versionId,
    events: [
      {
        id: eventId,
        profileId,
        name: event,
        properties: properties[event as keyof typeof properties] ?? {},
        occurredAt: startedAt,
      },
    ],
    enrollment: {
      id: enrollmentId,
      profileId,
      eventId,
      entryKey: row.key === "payment" ? eventId : "",
      status: done ? "completed" : "active",
      stepId: done ? (steps.at(-1) ?? null) : row.key === "payment" ? "three-days" : "next-morning",
      createdAt: startedAt,
      readyAt: startedAt,
      stepDueAt: done ? null : nextAt,
      dueAt: done ? null : nextAt,
      endedAt: done ? (times.at(-1) ?? null) : null,
    },
    sends,
    decisions: [
      { id: nextId(startedAt), profileId, automationId: row.id, enrollmentId, kind: "entered", reason: "trigger" },
      ...sends.map(({ row: send }) => ({
        id: nextId(send.createdAt),
        profileId,
        automationId: row.id,
        enrollmentId,
        sendId: send.id,
        stepId: send.stepId,
        kind: send.status === "skipped" ? "skipped" : "sent",
        reason: send.reason ?? "accepted",
      })),
    ],
  };
}

type SendPlan = {
  row: AutomationRow;
  stepId: string;
  at: Date;
  enrollmentId: string;
  person: Person;
  profileId: string;
  chance: () => number;
  suppressed: boolean;
};

export function sendOf({
  row,
  stepId,
  at,
  enrollmentId,
  person,
  profileId,
  chance,
  suppressed,
}: SendPlan): PlannedSend {
  const id = nextId(at);
  const after = (seconds: number) => new Date(at.getTime() + seconds * 1000);
  const subject = (subjects[stepId] ?? "").replace("{name}", String(person.traits.first_name));
  const base = {
    id,
    batchId: nextId(at),
    createdAt: at,
    scheduledAt: at,
    automationId: row.id,
    versionId: row.versionId,
    enrollmentId,
    stepId,
    profileId,
    toEmail: person.email,
    fromEmail: "hello@example.com",
    subject,
    ...blank,
  };
  if (person.email === null || suppressed) {
    const reason = person.email === null ? "no_email" : "suppressed";
    return { row: { ...base, status: "skipped", reason }, engagement: [], suppression: null };
  }
  const fate = fateOf(chance);
  const happened = happenings(fate, after, chance).filter(({ occurredAt }) => occurredAt.getTime() < Date.now());
  const first = (kind: string) => happened.find((happening) => happening.kind === kind)?.occurredAt ?? null;
  const count = (kind: string) => happened.filter((happening) => happening.kind === kind).length;
  const status = fate === "bounced" || fate === "complained" ? fate : "delivered";
  const reasons = { bounced: "hard_bounce", complained: "spam_complaint", unsubscribed: "unsubscribe" } as const;
  const reason = fate === "bounced" || fate === "complained" || fate === "unsubscribed" ? reasons[fate] : null;
  return {
    row: {
      ...base,
      status,
      attempts: 1,
      providerMessageId: nextId(at),
      sentAt: after(0.3),
      deliveredAt: first("delivered"),
      bouncedAt: first("bounced"),
      complainedAt: first("complained"),
      openedAt: first("opened"),
      clickedAt: first("clicked"),
      opens: count("opened"),
      clicks: count("clicked"),
    },
    engagement: happened.map(({ kind, occurredAt, data }) => ({
      id: nextId(occurredAt),
      sendId: id,
      kind,
      occurredAt,
      data,
    })),
    suppression: reason && {
      email: person.email,
      reason,
      scope: reason === "unsubscribe" ? "stream" : "workspace",
      origin: reason === "hard_bounce" ? "provider" : "recipient",
      changedAt: happened.at(-1)?.occurredAt ?? at,
      createdAt: happened.at(-1)?.occurredAt ?? at,
    },
  };
}

const blank = {
  status: "skipped",
  reason: null,
  attempts: 0,
  sentAt: null,
  deliveredAt: null,
  bouncedAt: null,
  complainedAt: null,
  openedAt: null,
  clickedAt: null,
  opens: 0,
  clicks: 0,
  providerMessageId: null,
};

type Fate = "delivered" | "opened" | "clicked" | "bounced" | "complained" | "unsubscribed";

function fateOf(chance: () => number): Fate {
  const drawn = chance();
  if (drawn < 0.025) return "bounced";
  if (drawn < 0.028) return "complained";
  if (drawn < 0.04) return "unsubscribed";
  if (drawn < 0.2) return "clicked";
  return drawn < 0.58 ? "opened" : "delivered";
}

function happenings(fate: Fate, after: (seconds: number) => Date, chance: () => number) {
  const happening = (kind: string, seconds: number, data: Record<string, string> = {}) => ({
    kind,
    occurredAt: after(seconds),
    data,
  });
  if (fate === "bounced")
    return [happening("bounced", 4, { type: "HardBounce", description: "The mailbox does not exist." })];
  const delivered = happening("delivered", 1.2 + chance() * 5);
  const openedAfter = 120 + chance() * 8 * 3600;
  const opened = happening("opened", openedAfter, { client: "Apple Mail", platform: "Desktop" });
  const clicked = happening("clicked", openedAfter + 20 + chance() * 90, { link: "https://example.com/projects/new" });
  switch (fate) {
    case "delivered":
      return [delivered];
    case "opened":
      return [delivered, opened];
    case "clicked":
      return [delivered, opened, clicked];
    case "complained":
      return [delivered, opened, happening("complained", openedAfter + 60)];
    case "unsubscribed":
      return [delivered, opened, happening("unsubscribed", openedAfter + 45)];
  }
}
