import { CircleCheck, SearchX, Send } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

/** A log in which nothing was found. `next` when only a part of it was looked through. */
export function NothingFound({ path, next }: { path: string; next: string | null }) {
  return (
    <EmptyState
      icon={SearchX}
      title="Nothing found"
      action={
        <>
          {next && (
            <Button asChild variant="primary">
              <Link href={next}>Search older sends</Link>
            </Button>
          )}
          <Button asChild>
            <Link href={path}>Clear search</Link>
          </Button>
        </>
      }
    >
      {next
        ? "None of the sends looked through so far matches. Older ones may."
        : "No send matches. An address is found by its beginning, a recent subject by any part of it."}
    </EmptyState>
  );
}

/** A view of emails that wait, while none does. */
export function NothingWaits({ held, late }: { held: boolean; late: boolean }) {
  const title = late ? "Nothing is late" : held ? "Nothing is held" : "Nothing is unknown";
  return (
    <EmptyState icon={CircleCheck} title={title}>
      {held
        ? late
          ? "An email that is more than a day late, for any cause, is not sent by itself: it stands here until somebody says what becomes of it."
          : "Emails stand here that somebody has to let go: late ones, and those that a paused automation, a connection or stopped sending holds."
        : "Each email that left has its answer. When one gets lost, the email stands here while it is looked up; it is never sent twice on a guess."}
    </EmptyState>
  );
}

/** Nothing was sent yet: what is to be done for the first email. */
export function NoSends({
  connect,
  automations,
  command,
}: {
  /** Where to add a connection, while there is none. */
  connect: string | null;
  /** Where to publish one, while none is live. */
  automations: string | null;
  command: string;
}) {
  if (connect)
    return (
      <EmptyState icon={Send} title="Nothing sent yet" action={<Next href={connect}>Connect Postmark</Next>}>
        Email leaves from your own Postmark server. Connect it first; then publish an automation and send an event.
      </EmptyState>
    );
  if (automations)
    return (
      <EmptyState icon={Send} title="Nothing sent yet" action={<Next href={automations}>Open automations</Next>}>
        An automation decides which event sends which email. Publish one; then send it an event.
      </EmptyState>
    );
  return (
    <EmptyState icon={Send} title="Nothing sent yet" command={command} commandLabel="Send an event">
      Send an event that starts a live automation, with a secret key in GFLUX_KEY. Its email appears here as it leaves.
    </EmptyState>
  );
}

const Next = ({ href, children }: { href: string; children: string }) => (
  <Button asChild variant="primary">
    <Link href={href}>{children}</Link>
  </Button>
);
