import { Card } from "@/components/ui/card";
import { TextLink } from "@/components/ui/text-link";
import { Time } from "@/components/ui/time";
import type { IdentityChange } from "@/lib/sends/schema";
import { identitySentence } from "./identity-words";

/** Merges, takeovers and aliases, newest first; nothing where there were none. `profilesHref` leads to the list of people. */
export function IdentityChanges({ changes, profilesHref }: { changes: IdentityChange[]; profilesHref: string }) {
  if (changes.length === 0) return null;
  return (
    <Card title="What happened to these ids">
      <ul className="space-y-3 text-sm">
        {changes.map((change) => (
          <li key={change.id}>
            <p className="break-words">{identitySentence(change)}</p>
            <p className="mt-0.5 text-muted text-xs">
              <Time at={change.at} />
              {change.kind === "taken_over" && change.other_id !== null && (
                <>
                  {" "}
                  · <TextLink href={`${profilesHref}/${change.other_id}/identity`}>The other person</TextLink>
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
