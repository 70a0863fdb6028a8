import { Card } from "@/components/ui/card";
import { CopyField } from "@/components/ui/copy-field";
import { TextLink } from "@/components/ui/text-link";
import { Time } from "@/components/ui/time";
import type { Profile } from "@/lib/profiles/schema";

const shownMax = 3;

/** The ids of a person, to take elsewhere; all of them, with where they came from, are at `identityHref`. */
export function ProfileIds({ profile, identityHref }: { profile: Profile; identityHref: string }) {
  const { external_ids: external, anonymous_ids: anonymous } = profile;
  const more = Math.max(0, external.length - shownMax) + Math.max(0, anonymous.length - shownMax);
  return (
    <Card
      title="Ids"
      footer={
        <>
          Created <Time at={profile.created_at} />
        </>
      }
    >
      <div className="space-y-3">
        {external.slice(0, shownMax).map((value, index) => (
          <CopyField key={value} label={index === 0 ? "External id" : `External id ${index + 1}`} value={value} />
        ))}
        {anonymous.slice(0, shownMax).map((value, index) => (
          <CopyField key={value} label={index === 0 ? "Anonymous id" : `Anonymous id ${index + 1}`} value={value} />
        ))}
        <CopyField label="Profile id" value={profile.id} />
        {more > 0 && (
          <p className="text-muted text-sm">
            And {more} more under <TextLink href={identityHref}>Identity</TextLink>.
          </p>
        )}
      </div>
    </Card>
  );
}
