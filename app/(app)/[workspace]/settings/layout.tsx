import { PageHeader } from "@/components/ui/page-header";
import { NavTabs } from "@/components/ui/tabs";

export default async function SettingsLayout({ children, params }: LayoutProps<"/[workspace]/settings">) {
  const { workspace } = await params;
  const at = (page: string) => `/${workspace}/settings/${page}`;
  return (
    <>
      <PageHeader title="Settings" />
      <NavTabs
        label="Settings"
        items={[
          { href: at("workspace"), label: "Workspace" },
          { href: at("members"), label: "Members" },
          { href: at("keys"), label: "API keys" },
          { href: `/${workspace}/configuration/connections`, label: "Email providers" },
          { href: at("account"), label: "Your account" },
          { href: at("audit"), label: "Audit log" },
        ]}
      />
      <div className="mt-6 space-y-6">{children}</div>
    </>
  );
}
