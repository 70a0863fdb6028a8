import { SearchX, Users } from "lucide-react";
import { WhyAnswer } from "@/components/automations/why-answer";
import { profileName } from "@/components/profiles/profile-name";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { hrefWith } from "@/components/ui/href";
import { TextLink } from "@/components/ui/text-link";
import type { Actor } from "@/lib/actor";
import { whyPerson } from "@/lib/dispatch";
import { listProfiles } from "@/lib/profiles";
import type { Profile } from "@/lib/profiles/schema";
import { orNotFound } from "@/lib/web/found";

type Props = {
  actor: Actor;
  workspace: string;
  automationId: string;
  /** An id or address, or the beginning of one. */
  q: string;
};

const shownMax = 10;

/** Who a text names, and why they did, or did not, get this automation's email. */
export async function FoundPerson({ actor, workspace, automationId, q }: Props) {
  const { data } = await listProfiles(actor, { q, limit: shownMax });
  const exact = data.filter(({ email }) => email?.toLowerCase() === q.toLowerCase());
  const [only, ...others] = exact.length > 0 ? exact : data;
  if (only === undefined)
    return (
      <Card>
        <EmptyState icon={SearchX} title="Nobody found">
          People are found by the beginning of their email address, or by any of their ids as a whole.
        </EmptyState>
      </Card>
    );
  const here = `/${workspace}/automations/${automationId}/people`;
  if (others.length > 0) return <Several people={[only, ...others]} here={here} />;
  const why = await orNotFound(whyPerson(actor, { id: only.id, automation_id: automationId, limit: 50 }));
  const name = profileName(only);
  if (why.automation_id === null) return null;
  return (
    <WhyAnswer
      why={why}
      paths={{ sends: `/${workspace}/sends`, automations: `/${workspace}/automations` }}
      about={
        <TextLink href={`/${workspace}/profiles/${only.id}`} className="[overflow-wrap:anywhere]">
          {only.email && name !== only.email ? `${name}, ${only.email}` : name}
        </TextLink>
      }
    />
  );
}

/** More than one person goes by the beginning of an address. */
function Several({ people, here }: { people: readonly Profile[]; here: string }) {
  return (
    <Card
      title={
        <span className="inline-flex items-center gap-2">
          <Users aria-hidden className="size-4 text-faint" />
          Which of them?
        </span>
      }
    >
      <ul className="space-y-1.5">
        {people.map((person) => (
          <li key={person.id}>
            <TextLink href={hrefWith(here, { q: person.id })} className="[overflow-wrap:anywhere]">
              {person.email ?? profileName(person)}
            </TextLink>{" "}
            <code className="font-mono text-muted text-xs [overflow-wrap:anywhere]">
              {person.external_id ?? person.anonymous_ids[0] ?? person.id}
            </code>
          </li>
        ))}
      </ul>
      {people.length === shownMax && (
        <p className="mt-2 text-muted text-sm">There may be more: type more of the address.</p>
      )}
    </Card>
  );
}
