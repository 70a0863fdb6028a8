"use client";

import { weTakeUnsubscribes } from "@/components/connections/stream-words";
import { withUnsubscribeFooter } from "@/lib/templates/schema";
import { useBuilder } from "./builder-context";
import type { DraftStep } from "./draft";

type Email = Extract<DraftStep, { type: "send_email" }>;

const showsLink = (body: string | null): boolean => body === null || /\bunsubscribe_url\b|pm:unsubscribe/.test(body);

/** What is added to an email that shows no unsubscribe link, and by whom. */
export function UnsubscribeNote({ step }: { step: Email }) {
  const { connections } = useBuilder();
  const connection = connections.find(({ id }) => id === step.email_provider_id);
  const lacking = [!showsLink(step.html) && "HTML", !showsLink(step.text) && "text"].filter(Boolean).join(" and ");
  if (connection === undefined || lacking === "") return null;
  const who = weTakeUnsubscribes(connection, step.message_stream)
    ? "a small one is added at the end when it is sent"
    : "Postmark adds its own at the end";
  return (
    <p className="text-muted text-sm">
      The {lacking} body shows no unsubscribe link, so {who}. To place it yourself, write{" "}
      <code className="font-mono text-xs">{"{{ unsubscribe_url }}"}</code> there.
    </p>
  );
}

/** An HTML body as it leaves, but for what is filled in for each person: with the link that is added where it shows none. */
export function withAddedLink(html: string): string {
  if (showsLink(html)) return html;
  const url = "about:blank#unsubscribe";
  return withUnsubscribeFooter({ html, text: null }, { url, fillsPlaceholder: true }).html ?? html;
}
