import { profileName } from "@/components/profiles/profile-name";
import { SuppressedBanner } from "@/components/suppressions/suppressed-banner";
import { Badge } from "@/components/ui/badge";
import { PageHeader } from "@/components/ui/page-header";
import { NavTabs } from "@/components/ui/tabs";
import { listConnections } from "@/lib/connections";
import { getProfile } from "@/lib/profiles";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";
import { deleteSuppression } from "../../suppressions/actions";

export default async function ProfileLayout({ children, params }: LayoutProps<"/[workspace]/profiles/[id]">) {
  const { workspace: slug, id } = await params;
  const actor = await requireActor(slug);
  const [profile, connections] = await Promise.all([
    orNotFound(getProfile(actor, { id })),
    listConnections(actor, { limit: 200 }),
  ]);
  const path = `/${slug}/profiles/${id}`;
  return (
    <>
      <PageHeader
        title={<span className="[overflow-wrap:anywhere]">{profileName(profile)}</span>}
        description={<span className="[overflow-wrap:anywhere]">{profile.email ?? "No email address yet"}</span>}
        status={profile.suppressed.length > 0 && <Badge tone="warn">Suppressed</Badge>}
        back={{ href: `/${slug}/profiles`, label: "People" }}
      />
      <SuppressedBanner
        held={profile.suppressed}
        connectionNames={new Map(connections.data.map(({ id, display_name }) => [id, display_name]))}
        lift={actor.permissions.has("suppressions:write") ? deleteSuppression.bind(null, slug) : null}
      />
      <NavTabs
        label="Person"
        items={[
          { href: path, label: "Overview" },
          { href: `${path}/timeline`, label: "Timeline" },
          { href: `${path}/automations`, label: "Automations" },
          { href: `${path}/why`, label: "Why" },
          { href: `${path}/identity`, label: "Identity" },
        ]}
      />
      <div className="mt-4">{children}</div>
    </>
  );
}
